package infer

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

var plainText = regexp.MustCompile(`^[\pL_/*.$(][\pL\d_/*.$()\[\] '’+&?!-]*$`)
var yamlWords = set("true false null yes no on off y n ~")

// quoted writes a text as YAML: plain where it can be, in flow (within { } or
// [ ]) more rarely.
func quoted(s string, flow bool) string {
	if plainText.MatchString(s) && !yamlWords[strings.ToLower(s)] && s == strings.TrimSpace(s) && (!flow || !strings.ContainsAny(s, "[]'")) && !strings.HasPrefix(s, "*") {
		return s
	}
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return s
	}
	return strconv.Quote(s)
}

func quotedList(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = quoted(s, true)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// text writes an entry as a line of smelt.yml.
func (e *entry) text() string {
	if e.chosen != "" {
		return e.chosen
	}
	var keys []string
	switch {
	case e.value != "":
		keys = append(keys, "value: "+quoted(e.value, true))
	case e.template != "":
		keys = append(keys, "template: "+strconv.Quote(e.template))
	case len(e.from) == 1 && e.dates == nil && e.number == "" && e.nulls == nil && !e.integer && e.replace == nil:
		return e.target + ": " + quoted(e.from[0], false)
	case len(e.from) == 1:
		keys = append(keys, "from: "+quoted(e.from[0], true))
	case len(e.from) > 1:
		keys = append(keys, "from: "+quotedList(e.from))
	}
	if e.replace != nil {
		var pairs []string
		for _, p := range e.replace {
			pairs = append(pairs, strconv.Quote(p[0])+": "+quoted(p[1], true))
		}
		keys = append(keys, "map: {"+strings.Join(pairs, ", ")+"}")
	}
	if e.dates != nil {
		var list []string
		for _, d := range e.dates {
			list = append(list, strconv.Quote(d))
		}
		keys = append(keys, "dates: ["+strings.Join(list, ", ")+"]")
	}
	if e.number != "" {
		keys = append(keys, "number: "+e.number)
	}
	if e.nulls != nil {
		var list []string
		for _, n := range e.nulls {
			list = append(list, strconv.Quote(n))
		}
		keys = append(keys, "nulls: ["+strings.Join(list, ", ")+"]")
	}
	if e.integer {
		keys = append(keys, "integer: true")
	}
	return e.target + ": {" + strings.Join(keys, ", ") + "}"
}

// option is a reading option of a file.
type option struct{ key, value string }

// options are what must be said to read a layout's files.
func options(f pipeline.File) []option {
	var out []option
	add := func(key, value string) {
		if value != "" {
			out = append(out, option{key, value})
		}
	}
	sign := map[string]string{"\t": "tab", ";": "semicolon", "|": "pipe", " ": "space", ",": ""}
	if f.Delimiter != "" {
		word, ok := sign[f.Delimiter]
		if !ok {
			word = strconv.Quote(f.Delimiter)
		}
		add("delimiter", word)
	}
	if f.Quote != "" && f.Quote != `"` {
		add("quote", map[bool]string{true: "none", false: strconv.Quote(f.Quote)}[f.Quote == "none"])
	}
	if f.Escape != "" {
		add("escape", strconv.Quote(f.Escape))
	}
	if f.Encoding != "utf-8" {
		add("encoding", f.Encoding)
	}
	if f.Compression != "" {
		add("compression", f.Compression)
	}
	if f.Comment != "" {
		add("comment", strconv.Quote(f.Comment))
	}
	if f.SkipRows > 0 {
		add("skip_rows", strconv.Itoa(f.SkipRows))
	}
	if f.SkipFooter > 0 {
		add("skip_footer", strconv.Itoa(f.SkipFooter))
	}
	if f.HeaderRows > 1 {
		add("header_rows", strconv.Itoa(f.HeaderRows))
	}
	if f.NoHeader {
		add("header", "false")
	}
	if len(f.Names) > 0 {
		add("names", quotedList(f.Names))
	}
	return out
}

// numberBlock writes how numbers are written; "" = plainly.
func numberBlock(n pipeline.Number) string {
	var keys []string
	if n.Decimal != 0 && n.Decimal != '.' {
		keys = append(keys, fmt.Sprintf("decimal: %q", string(n.Decimal)))
	}
	if n.Thousands != 0 {
		keys = append(keys, fmt.Sprintf("thousands: %q", string(n.Thousands)))
	}
	for _, k := range []struct {
		key string
		is  bool
	}{{"currency", n.Currency}, {"percent", n.Percent}, {"parentheses", n.Parentheses}} {
		if k.is {
			keys = append(keys, k.key+": true")
		}
	}
	if keys == nil {
		return ""
	}
	return "{" + strings.Join(keys, ", ") + "}"
}
