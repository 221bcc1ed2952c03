package models

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/smeltdata/smelt/pipeline/sql"
)

// recordOrder returns what records of a bronze table are ordered by: sources as
// smelt.yml lists them, files as listed, a glob's in natural order, rows as they stand.
func (p *Project) recordOrder(table string) []string {
	var patterns []string
	if table == "returned_orders" {
		for _, r := range p.Mapping.Rules.ReturnedOrders {
			patterns = append(patterns, r.Files...)
		}
	}
	for _, s := range p.Mapping.Sources {
		if s.Table == table {
			patterns = append(patterns, s.Files...)
		}
	}
	out := []string{"_source_row"}
	if strings.ContainsAny(strings.Join(patterns, ""), "*?[") {
		out = append([]string{"{{ natural_order('_source_file') }}"}, out...)
	}
	if len(patterns) > 1 {
		rank := "case"
		for i, f := range patterns {
			rank += fmt.Sprintf(" when %s then %d", p.fromFiles([]string{f}), i+1)
		}
		out = append([]string{rank + " end"}, out...)
	}
	return out
}

func (p *Project) fromFiles(files []string) string {
	var out []string
	for _, f := range files {
		if !strings.ContainsAny(f, "*?[") {
			out = append(out, "_source_file = "+quoted(p.Dialect, f))
			continue
		}
		e := strings.NewReplacer(`\*`, "[^/]*", `\?`, "[^/]").Replace(regexp.QuoteMeta(f))
		if p.Dialect == sql.Spark {
			out = append(out, "_source_file rlike "+quoted(p.Dialect, "^"+e+"$"))
		} else {
			out = append(out, "regexp_matches(_source_file, "+quoted(p.Dialect, "^"+e+"$")+")")
		}
	}
	return strings.Join(out, " or ")
}

func quoted(d sql.Dialect, s string) string {
	s = strings.ReplaceAll(s, "'", "''")
	if d == sql.Spark {
		s = strings.ReplaceAll(s, `\`, `\\`)
	}
	return "'" + s + "'"
}
