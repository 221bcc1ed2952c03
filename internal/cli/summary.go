package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// summary prints what a run did, or its whole report as JSON; its warnings go
// to stderr.
func (a *app) summary(r *pipeline.Report, out string) error {
	for _, w := range r.Warnings {
		a.log("warning", w)
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(r)
	}
	if err := a.tables(r); err != nil {
		return err
	}
	if err := a.conservation(r); err != nil {
		return err
	}
	for _, line := range append(files(r), facts(r)...) {
		fmt.Fprintln(a.out, wrap(line, "  ", a.out.room()))
	}
	a.checks(r.Checks)
	tables, rows, bytes := int64(0), int64(0), int64(0)
	for _, t := range r.Tables {
		if t.Behind == "" {
			tables, rows, bytes = tables+1, rows+t.Rows, bytes+t.Bytes
		}
	}
	_, err := fmt.Fprintf(a.out, "%s, %s, %s in %s, in %.2f s with %s\n", plural(tables, "table"), plural(rows, "row"), size(bytes), out,
		r.Seconds, plural(int64(r.Workers), "worker"))
	return err
}

// nothingNew says that a run has found nothing to do.
func (a *app) nothingNew(r *pipeline.Report, out string) error {
	if a.json {
		return json.NewEncoder(a.out).Encode(r)
	}
	for _, line := range files(r) {
		fmt.Fprintln(a.out, wrap(line, "  ", a.out.room()))
	}
	_, err := fmt.Fprintln(a.out, nothingNew(r, out))
	return err
}

func nothingNew(r *pipeline.Report, out string) string {
	return fmt.Sprintf("nothing new: %s in %s already", plural(int64(len(r.Sources)), "file"), out)
}

// files tells which files a run has read, which not, and why.
func files(r *pipeline.Report) []string {
	var out []string
	if r.Full == "" && r.Versions != nil && len(r.Read)+len(r.Dropped) > 0 {
		out = append(out, fmt.Sprintf("read, of %s: %s", plural(int64(len(r.Sources)), "file"), several(r.Read)))
	}
	if r.Full != "" && r.Versions != nil {
		out = append(out, "everything was read: "+r.Full)
	}
	if len(r.Dropped) > 0 {
		out = append(out, "earlier contents replaced: "+several(r.Dropped))
	}
	if r.Rewritten != "" {
		out = append(out, "made anew: "+r.Rewritten)
	}
	for _, t := range r.Tables {
		if n := len(t.Rewritten); n > 0 && r.Full == "" {
			out = append(out, fmt.Sprintf("files written again: %d of %d of %s", n, t.Parts, t.Name))
		}
	}
	if copies := copies(r); len(copies) > 0 {
		out = append(out, "not read, the content is another file's: "+several(copies))
	}
	if len(r.Gone) > 0 {
		out = append(out, "not there any more, their rows stay: "+several(r.Gone))
	}
	if n := behind(r); n > 0 {
		out = append(out, fmt.Sprintf("published by themselves: %s; %s of an earlier run, until smelt run publishes all", several(r.Selected), are(n, "other table")))
	}
	return out
}

// copies are the files that another file has the content of.
func copies(r *pipeline.Report) (out []string) {
	for _, s := range r.Sources {
		if s.SameAs != "" {
			out = append(out, s.File+" = "+s.SameAs)
		}
	}
	return out
}

// behind counts the tables that the run of a report has not published.
func behind(r *pipeline.Report) (n int64) {
	for _, t := range r.Tables {
		if t.Behind != "" {
			n++
		}
	}
	return n
}

func are(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return plural(n, noun) + " are"
}

func (a *app) tables(r *pipeline.Report) error {
	g := &grid{header: []string{"table", "rows", "size"}, right: []bool{false, true, true}}
	for _, t := range r.Tables {
		if t.Behind == "" {
			g.rows = append(g.rows, []string{t.Name, count(t.Rows), size(t.Bytes)})
		}
	}
	return g.print(a.out)
}

// conservation prints where the records went: the two equations, one row for
// each table. A run whose numbers do not add up has failed before.
func (a *app) conservation(r *pipeline.Report) error {
	g := &grid{
		header: []string{"", "records =", "bronze", "+ rejected;", "bronze =", "silver", "− added", "+ quarantined", "+ deduplicated"},
		right:  []bool{false, true, true, true, true, true, true, true, true},
	}
	for _, c := range r.Conservation {
		row := []string{c.Table}
		for _, n := range []int64{c.Records, c.Bronze, c.Rejected, c.Bronze, c.Silver, c.Added, c.Quarantined, c.Deduplicated} {
			row = append(row, count(n))
		}
		g.rows = append(g.rows, row)
	}
	fmt.Fprintf(a.out, "\n%s\n", a.out.style(bold, "Every record is accounted for"))
	if err := g.print(a.out); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.out)
	return err
}

// facts tells what became of records and values that were not as they should
// be, and which columns were not read; a blank line at the end where there is
// anything.
func facts(r *pipeline.Report) []string {
	var out []string
	for _, c := range r.Conservation {
		if len(c.Reasons) > 0 {
			out = append(out, fmt.Sprintf("quarantined %s: %s", c.Table, counts(c.Reasons)))
		}
	}
	for _, k := range []struct {
		what   string
		counts func(pipeline.SourceReport) map[string]int64
	}{
		{"could not be read, NULL and kept in _rescued_data:", func(s pipeline.SourceReport) map[string]int64 { return s.Rescued }},
		{"rounded to the column's decimals:", func(s pipeline.SourceReport) map[string]int64 { return s.Rounded }},
	} {
		sum := map[string]int64{}
		for _, s := range r.Sources {
			for column, n := range k.counts(s) {
				sum[s.Table+"."+column] += n
			}
		}
		if len(sum) > 0 {
			out = append(out, k.what+" "+counts(sum))
		}
	}
	for _, k := range []struct {
		what string
		of   func(pipeline.SourceReport) int64
	}{
		{"rejected, kept in bronze.rejects:", func(s pipeline.SourceReport) int64 { return s.Rejected }},
		{"mended, read with quotes taken for text:", func(s pipeline.SourceReport) int64 { return s.Mended }},
	} {
		files := map[string]int64{}
		for _, s := range r.Sources {
			if n := k.of(s); n > 0 {
				files[s.File] += n
			}
		}
		if len(files) > 0 {
			out = append(out, k.what+" "+counts(files))
		}
	}
	var skipped int64
	unmapped := map[string][]string{} // columns → files that have them
	var order []string
	for _, s := range r.Sources {
		skipped += s.Skipped
		if len(s.Unmapped) > 0 {
			names := slices.Clone(s.Unmapped)
			for i, name := range names {
				names[i] = cmp.Or(name, "(no name)")
			}
			columns := strings.Join(names, ", ")
			if unmapped[columns] == nil {
				order = append(order, columns)
			}
			unmapped[columns] = append(unmapped[columns], s.File)
		}
	}
	if skipped > 0 {
		out = append(out, "blank, comment and repeated header lines passed over: "+count(skipped))
	}
	for _, columns := range order {
		out = append(out, fmt.Sprintf("not mapped, left out: %s (%s)", columns, several(unmapped[columns])))
	}
	if r.Spilled > 0 {
		out = append(out, "did not fit into memory, and was in temporary files meanwhile: "+size(r.Spilled))
	}
	if out != nil {
		out = append(out, "")
	}
	return out
}

// several names a few of many files.
func several(files []string) string {
	if len(files) > 3 {
		return fmt.Sprintf("%s … %s, %d files", files[0], files[len(files)-1], len(files))
	}
	return strings.Join(files, ", ")
}

// counts lists names with their numbers, the largest first.
func counts(m map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(m[b], m[a]), strings.Compare(a, b))
	})
	var b strings.Builder
	for i, name := range names {
		if i == 8 && len(names) > 10 { // files, of which there may be thousands
			var rest int64
			for _, name := range names[i:] {
				rest += m[name]
			}
			fmt.Fprintf(&b, " and %s in %d others", count(rest), len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s\u00a0%s", name, count(m[name])) // kept on one line by wrap
	}
	return b.String()
}
