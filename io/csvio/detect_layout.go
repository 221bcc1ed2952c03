package csvio

import (
	"slices"
	"strconv"
	"strings"
)

// layout finds what of the file is the table: the lines before it, its header,
// comments and the lines after it.
func (k *detector) layout() {
	k.how.width = k.width
	k.lines = k.how.lines(k.text, 20_000)
	k.how.width = 0
	k.comments()
	start, ok := k.start()
	if !ok {
		return
	}
	header, confidence, why := k.header(start)
	if !header {
		if above := k.above(start); above >= 0 {
			start, header, confidence = above, true, 0.3
			why = "it has " + count(len(k.lines[above].fields), "field") + ", the records " + strconv.Itoa(k.width) + ": every one will be rejected until the header is mended"
		}
	}
	if skip := k.lines[start].number; skip > 0 && k.anyText(start) {
		k.File.SkipRows = skip
		k.found("skip_rows", strconv.Itoa(skip), 0.8, "the table begins after %s of something else", count(skip, "line"))
	}
	k.File.NoHeader = !header
	k.found("header", strconv.FormatBool(header), confidence, "%s", why)
	body := start
	if header {
		body = start + 1
		if n := k.headerRows(start); n > 1 {
			k.File.HeaderRows = n
			body = start + n
			k.found("header_rows", strconv.Itoa(n), 0.7, "the %s below the first hold no values either", count(n-1, "record"))
		}
	}
	k.footer(body)
}

func (l *line) blank() bool { return l.kind == kindSkip && strings.TrimSpace(l.raw) == "" }

// empty counts the fields without text.
func (l *line) empty() int {
	n := 0
	for _, f := range l.fields {
		if strings.TrimSpace(f) == "" {
			n++
		}
	}
	return n
}

// sparse reports whether a line is a note that fills one field of many.
func (l *line) sparse() bool {
	return len(l.fields) > 2 && l.empty() >= len(l.fields)-1
}

// fits reports whether a line is one of the table's records, as far as its
// number of fields tells.
func (k *detector) fits(l *line) bool { return l.kind == kindRecord && len(l.fields) == k.width }

// anyText reports whether anything but blank lines and comments stands before a record.
func (k *detector) anyText(start int) bool {
	return slices.ContainsFunc(k.lines[:start], func(l line) bool { return !l.blank() && !k.isComment(&l) })
}

// comments finds lines that begin with a sign that no record begins with.
func (k *detector) comments() {
	for _, mark := range []string{"#", "//", "--", "%", "!"} {
		n, first, last := 0, -1, 0
		for i := range k.lines {
			if l := &k.lines[i]; strings.HasPrefix(l.raw, mark) {
				if k.fits(l) && !(k.how.delimiter == ' ' && first <= 0) {
					n = 0
					break
				}
				if n++; first < 0 {
					first = i
				}
				last = i
			}
		}
		if n == 0 || mark == "!" && n < 2 || (mark == "--" || mark == "%") && n < 2 && first > 0 {
			continue
		}
		k.File.Comment = mark
		k.found("comment", mark, 0.75, "%s with it, of which none is a record; the last is record %d", begin(n), last+1)
		return
	}
}

func begin(n int) string {
	if n == 1 {
		return "1 line begins"
	}
	return strconv.Itoa(n) + " lines begin"
}

func (k *detector) isComment(l *line) bool {
	return k.File.Comment != "" && strings.HasPrefix(l.raw, k.File.Comment)
}

// start returns the first of the table's lines.
func (k *detector) start() (int, bool) {
	first := -1
	for i := range k.lines {
		l := &k.lines[i]
		if k.isComment(l) || !k.fits(l) {
			continue
		}
		if l.sparse() && k.denser(i) {
			continue
		}
		if first < 0 {
			first = i
		}
		if k.width > 1 && k.anyText(i) && !k.holds(i) {
			continue
		}
		return i, true
	}
	return first, first >= 0
}

// denser reports whether the records after a sparse one are fuller.
func (k *detector) denser(i int) bool {
	n, full := 0, 0
	for j := i + 1; j < len(k.lines) && n < 10; j++ {
		if l := &k.lines[j]; k.fits(l) {
			n++
			if !l.sparse() {
				full++
			}
		}
	}
	return full*2 > n
}

// holds reports whether most lines after a record are such records too.
func (k *detector) holds(i int) bool {
	n, fit := 0, 0
	for j := i + 1; j < len(k.lines) && n < 8; j++ {
		if l := &k.lines[j]; !l.blank() && !k.isComment(l) {
			n++
			if k.fits(l) {
				fit++
			}
		}
	}
	return float64(fit) >= float64(n)*k.share/2
}

// above looks for a header that does not fit, right above a table without one:
// a line of about as many words, which is not simply a title.
func (k *detector) above(start int) int {
	if start == 0 {
		return -1
	}
	l := &k.lines[start-1]
	if l.blank() || k.isComment(l) || k.width < 2 || k.fits(l) && l.sparse() {
		return -1
	}
	most := len(l.fields)
	for _, d := range []string{",", ";", "\t", "|", " "} {
		most = max(most, strings.Count(l.raw, d)+1)
	}
	if most < k.width-1 {
		return -1
	}
	return start - 1
}

// footer finds notes after the last record.
func (k *detector) footer(body int) {
	lines := k.lines
	if !k.all {
		if k.tail == "" {
			return
		}
		k.how.width = k.width
		lines, body = k.how.lines(k.tail, 20_000), 0
		k.how.width = 0
	}
	end := len(lines)
	for end > body && lines[end-1].blank() {
		end--
	}
	// Notes are lines that do not fit, after a blank one or with words that say so.
	from := end
	for i := end - 1; i >= body && end-i <= 30; i-- {
		l := &lines[i]
		if l.blank() {
			continue
		}
		if k.isComment(l) {
			continue
		}
		note := !k.fits(l) || l.sparse()
		total := isTotal(l)
		if !note && !total {
			break
		}
		if total || saysNote(l) || i > 0 && lines[i-1].blank() || l.sparse() && k.fits(l) && k.width > 3 {
			from = i
		}
	}
	n := 0
	for _, l := range lines[from:end] {
		if !l.blank() {
			n += l.lines
		}
	}
	if n == 0 || from == body && k.all {
		return
	}
	k.File.SkipFooter = n
	k.found("skip_footer", strconv.Itoa(n), 0.7, "the file ends with %s that %s: %q", count(n, "line"), plural(n, "is no record", "are no records"), short(lines[from].raw))
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

func short(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// isTotal reports whether a record is a sum of those above.
func isTotal(l *line) bool {
	if l.kind != kindRecord || len(l.fields) < 3 || l.empty() == 0 {
		return false
	}
	for _, f := range l.fields {
		if f = strings.ToLower(strings.TrimSpace(f)); f != "" {
			f = strings.TrimRight(f, ":")
			return slices.Contains([]string{"total", "totals", "grand total", "sum", "overall", "summe", "gesamt", "gesamtsumme", "totale", "suma", "somme", "total general", "total général"}, f)
		}
	}
	return false
}

// saysNote reports whether a line begins as notes below a table do.
func saysNote(l *line) bool {
	low := strings.ToLower(strings.TrimLeft(l.raw, "\" \t"))
	for _, w := range []string{"source:", "source ", "sources:", "note:", "notes:", "note ", "total rows", "total records", "generated", "exported", "created", "printed", "end of", "* ", "** ", "(*", "quelle", "hinweis",
		"stand:", "erstellt", "©", "copyright", "(c)", "footnote", "remark", "legend", "disclaimer", "data as of", "as of ", "report ", "updated"} {
		if strings.HasPrefix(low, w) {
			return true
		}
	}
	return false
}
