package csvio

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

const (
	tryBytes = 96 << 10 // of the sample are read by each candidate
	tryLines = 1500
)

// line is one record of the sample, or a line that is none.
type line struct {
	number int // of its first line in the file, from 0
	lines  int // that it goes over
	kind   kind
	raw    string
	fields []string
	quoted []bool
}

// candidate is a dialect on trial.
type candidate struct {
	delimiter, quote, escape string
	how                      *dialect
	width                    int
	share                    float64 // of the records have that width
	bad                      int
	clean                    float64 // of the fields look like ones
	score                    float64
}

// Delimiters, with how likely one is before anything is known.
var usualDelimiters = map[string]float64{",": 1, ";": 1, "\t": 1, "|": 1, "^": 0.9, "~": 0.9, "\x01": 0.95, "\x1f": 0.95, ":": 0.3, " ": 0.6,
	"#": 0.3, "!": 0.3, "&": 0.2, "*": 0.2, "$": 0.2, "=": 0.2, "/": 0.1, "_": 0.1}

// dialect finds delimiter, quote and escape: the candidate that makes the most
// regular table of the most sensible fields.
func (k *detector) dialect() {
	text := k.text
	if len(text) > tryBytes {
		text = text[:tryBytes]
		text = text[:wholeLines(text)]
	}
	quotes := []string{""}
	if strings.Contains(text, "'") {
		quotes = append(quotes, "'")
	}
	if strings.ContainsAny(text, "\"'") {
		quotes = append(quotes, "none")
	}
	var all []candidate
	delimiters := delimitersIn(text)
	for _, delimiter := range slices.Sorted(maps.Keys(delimiters)) {
		for _, quote := range quotes {
			c := candidate{delimiter: delimiter, quote: quote}
			if quote == "'" && strings.Contains(text, `""`) && !strings.Contains(strings.ReplaceAll(text, `""`, ""), `"`) {
				c.escape = `"` // somebody doubled them, and enclosed in apostrophes later
			}
			ok := c.try(text)
			if quote != "none" && strings.Contains(text, `\`+cmp.Or(quote, `"`)) {
				e := candidate{delimiter: delimiter, quote: quote, escape: `\`}
				if e.try(text) && (!ok || 2*e.bad < c.bad) {
					c, ok = e, true
				}
			}
			if ok {
				c.score *= delimiters[delimiter]
				all = append(all, c)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	if len(all) == 0 || all[0].width < 2 || strings.Trim(all[0].delimiter, dateSigns) == "" && lonelyDates(text) {
		k.single(text)
		return
	}
	best := all[0]
	rival := 0.0
	for _, c := range all {
		if c.delimiter != best.delimiter {
			rival = max(rival, c.score/best.score)
		}
	}
	k.how, k.width, k.share = best.how, best.width, best.share
	k.set(best, 1-0.6*rival)
}

// dateSigns separate the parts of dates and times, and seldom fields.
const dateSigns = "/-.: "

// lonelyDates reports whether each line, the first one aside, is a date or a time
// as a whole: a single column, however regular its parts are.
func lonelyDates(text string) bool {
	n, dates, first := 0, 0, true
	for text != "" && n < tryLines {
		var l string
		if l, text = cutFirst(text); strings.TrimSpace(l) == "" {
			continue
		}
		if first {
			first = false // it may be the header
			continue
		}
		n++
		l = strings.Trim(l, `"' `)
		if kind := kindOf(l); kind == cellDate || kind == cellNumber && strings.Count(l, ".") == 2 { // 31.12.2024 may be either
			dates++
		}
	}
	return n > 0 && dates*10 >= n*9
}

// set notes a candidate.
func (k *detector) set(c candidate, confidence float64) {
	if c.delimiter != "," {
		k.File.Delimiter = c.delimiter
	}
	k.File.Quote, k.File.Escape = c.quote, c.escape
	k.found("delimiter", c.delimiter, confidence*(0.5+c.share/2), "%.0f%% of the records then have %s", 100*c.share, count(c.width, "field"))
	switch c.quote {
	case "none":
		k.found("quote", "none", 0.7, "quotes in the file do not enclose fields")
	case "":
		if strings.Contains(k.text, `"`) {
			k.found("quote", `"`, 0.95-float64(min(c.bad, 50))/100, "fields are enclosed in it")
		} else {
			k.found("quote", `"`, 0.7, "the file has none: the usual one")
		}
	default:
		k.found("quote", c.quote, 0.9, "fields are enclosed in it")
	}
	quote := cmp.Or(c.quote, `"`)
	switch {
	case c.quote == "none":
	case c.escape != "":
		k.found("escape", c.escape, 0.9, "it stands before quotes within fields")
	case strings.Contains(k.text, quote+quote):
		k.found("escape", quote, 0.9, "quotes within fields are doubled")
	}
}

// single is what a file of one column gets.
func (k *detector) single(text string) {
	c := candidate{delimiter: ",", width: 1, share: 1}
	c.how, _ = newDialect(pipeline.File{})
	k.how, k.width, k.share = c.how, 1, 1
	confidence := 0.5
	if !strings.ContainsAny(text, ",;\t|") {
		confidence = 0.8
	}
	k.found("delimiter", ",", confidence, "no delimiter makes more than one column of it")
}

// try reads the text by the candidate, and reports whether that can be.
func (c *candidate) try(text string) bool {
	f := pipeline.File{Delimiter: c.delimiter, Quote: c.quote, Escape: c.escape}
	d, err := newDialect(f)
	if err != nil {
		return false
	}
	c.how = d
	lines := d.lines(text, tryLines)
	strict, bad := c.measure(lines)
	c.share, c.bad = strict, bad
	if bad > 0 && c.width > 1 {
		// Some of them may be damaged by a quote only that is out of place.
		d.width = c.width
		mended, _ := c.measure(d.lines(text, tryLines))
		c.share = (strict + mended) / 2
	}
	d.width = 0
	if c.quote == "'" && !c.encloses(lines) {
		return false
	}
	w := float64(c.width)
	c.score = c.share * c.clean * c.clean * (0.5 + 0.5*(w-1)/w)
	if c.quote == "none" {
		c.score *= 0.9
	}
	if c.width < 2 {
		c.score *= 0.1
	}
	return true
}

// measure finds the usual number of fields, how many records have it, and how
// many of their fields look like fields.
func (c *candidate) measure(lines []line) (share float64, bad int) {
	n, widths := 0, map[int]int{}
	for _, l := range lines {
		switch l.kind {
		case kindRecord:
			widths[len(l.fields)]++
			n++
		case kindBad, kindLong:
			bad++
			n++
		}
	}
	c.width = 1
	for w, k := range widths {
		// Of a table between notes of one field, the table counts.
		if w > 1 && (c.width == 1 || k > widths[c.width] || k == widths[c.width] && w > c.width) {
			c.width = w
		}
	}
	if n == 0 {
		return 0, bad
	}
	cells, clean := 0, 0.0
	filled := make([]bool, c.width)
	for _, l := range lines {
		if l.kind == kindRecord && len(l.fields) == c.width && cells < 20_000 {
			for i, f := range l.fields {
				clean += cleanness(f, l.quoted[i])
				cells++
				filled[i] = filled[i] || f != ""
			}
		}
	}
	empty := 0
	for _, f := range filled {
		if !f {
			empty++
		}
	}
	if cells > 0 {
		c.clean = clean / float64(cells)
	}
	if c.width > 2 && 2*empty >= c.width-1 {
		c.clean /= 2 // every second column is empty: the delimiter is two of these
	}
	return float64(widths[c.width]) / float64(n), bad
}

// cleanness says how much a text is like a field.
func cleanness(f string, quoted bool) float64 {
	if quoted || f == "" {
		return 1
	}
	trimmed := strings.TrimSpace(f)
	if trimmed == "" {
		return 0.5
	}
	first, last := f[0], f[len(f)-1]
	if first == '"' || last == '"' || first == '\'' || trimmed[0] == '"' {
		return 0.1
	}
	if len(trimmed) != len(f) {
		return 0.6
	}
	switch kindOf(f) {
	case cellNumber, cellDate:
		return 1
	}
	if strings.ContainsAny(f, ";\t|") {
		return 0.3
	}
	if strings.Trim(f, ":/-.,=_&#*^~!") == "" || strings.ContainsRune(":/=_&#*^~!,", rune(first)) || strings.ContainsRune("=_&^~,:/", rune(last)) {
		return 0.3
	}
	return 0.95
}

// encloses reports whether an apostrophe is used as a quote.
func (c *candidate) encloses(lines []line) bool {
	n := 0
	for _, l := range lines {
		if l.kind == kindRecord && slices.Contains(l.quoted, true) {
			n++
		}
	}
	return n*20 > len(lines)
}

// lines reads a text record by record, at most n of them.
func (d *dialect) lines(text string, n int) []line {
	b := []byte(text)
	var out []line
	var spans []span
	broken, number := 0, 0
	for pos := 0; pos < len(b) && len(out) < n; {
		x := d.lex(b[pos:], true, broken-pos, &spans)
		if x.kind == kindMore {
			break
		}
		l := line{number: number, kind: x.kind, raw: text[pos : pos+x.end]}
		broken = max(broken, pos+x.broke)
		for range spans {
			if x.kind != kindRecord {
				break
			}
			l.fields = make([]string, len(spans))
			l.quoted = make([]bool, len(spans))
			for i, s := range spans {
				f := b[pos+s.from : pos+s.to]
				if s.escaped {
					f = d.unescape([]byte(string(f)))
				}
				l.fields[i] = string(f)
				l.quoted[i] = d.quoting && s.from > 0 && b[pos+s.from-1] == d.quote
			}
			break
		}
		l.lines = max(1, lineCount(text[pos:pos+x.next]))
		number += l.lines
		out = append(out, l)
		pos += max(1, x.next)
	}
	return out
}

// lineCount counts line ends.
func lineCount(t string) int {
	n := strings.Count(t, "\n")
	for i := strings.IndexByte(t, '\r'); i >= 0; {
		if i+1 == len(t) || t[i+1] != '\n' {
			n++
		}
		j := strings.IndexByte(t[i+1:], '\r')
		if j < 0 {
			break
		}
		i += 1 + j
	}
	return n
}

// delimitersIn returns the delimiters to try on a text, with how likely each is.
func delimitersIn(text string) map[string]float64 {
	out := map[string]float64{}
	for d, prior := range usualDelimiters {
		if !strings.Contains(text, d) {
			continue
		}
		out[d] = prior
		if d == " " || d == "\t" {
			continue
		}
		// Several bytes: the sign more than once, with a blank after it or around it.
		for _, wide := range []string{d + d, d + d + d, d + " ", " " + d + " ", d + "~" + d, d + "#" + d, "<" + d + ">", "[" + d + "]"} {
			if n := strings.Count(text, wide); n > 0 && n*len(strings.Trim(wide, " <>[]")) > strings.Count(text, d)*3/5 {
				out[wide] = prior * 0.98
			}
		}
	}
	return out
}
