package models

import (
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// number is a text in plain notation, of one as the files write numbers. An exponent is
// read only where numbers are plain already.
func (p *Project) number(text string, n pipeline.Number) string {
	point := "."
	if n.Decimal != 0 {
		point = string(n.Decimal)
	}
	whole := "[0-9]*"
	if n.Thousands != 0 {
		// Groups may have two digits, as in India's 1,00,000; the last one has three.
		group := escaped(n.Thousands)
		switch n.Thousands {
		case ' ':
			group = "[ \u00a0\u202f\u2009]"
		case '\'':
			group = "['’]"
		}
		whole = "([0-9]{1,3}(" + group + "[0-9]{1,3})*" + group + "[0-9]{3}|[0-9]*)"
	}
	digits := whole + "(" + escaped(point[0]) + "[0-9]*)?"
	const blanks = "[ \u00a0\u202f\u2009]*"
	sign, minus, percent := "[-+]?", "", ""
	if n.Currency {
		sign += blanks
	}
	if n.Currency || n.Parentheses { // a minus sign after the number
		minus = "(" + blanks + "-)?"
	}
	if n.Percent {
		percent = "(" + blanks + "%)?"
	}
	shape := sign + digits + minus + percent
	if n.Parentheses {
		shape += "|[(]" + blanks + digits + percent + blanks + "[)]"
	}
	if p.Dialect == sql.DuckDB { // the macro writes it in single quotes there
		shape = strings.ReplaceAll(shape, "'", "''")
	}
	macro := "number_by"
	if n.Currency {
		macro = "money_by"
	}
	return call(macro, text, shape, point)
}

// clock returns a time as it is written, and its offset; "" where none can be.
func (p *Project) clock(text string, cast pipeline.Cast, at place) (clock, offset string, err error) {
	if len(cast.Dates) == 0 {
		return call("iso_clock", text), call("utc_offset", text), nil
	}
	var clocks []string
	for _, pattern := range cast.Dates {
		forms, err := p.forms(pattern, at)
		if err != nil {
			return "", "", err
		}
		for _, f := range forms {
			macro := "clock_by"
			if f.offset {
				macro, offset = "offset_clock_by", call("utc_offset", text)
			}
			clocks = append(clocks, call(macro, text, f.shape, f.pattern)+f.after)
		}
	}
	return coalesce(clocks), offset, nil
}

// instant is the moment of a clock's time: by the offset where the text has one, else
// by the column's zone.
func (p *Project) instant(clock, offset string, cast pipeline.Cast) string {
	zone := "UTC"
	if cast.Location != nil {
		zone = cast.Location.String()
	}
	here := call("moment", clock, quoted(p.Dialect, zone))
	if cast.Location == nil || cast.Location == time.UTC || zone == "UTC" {
		here = call("utc_moment", clock)
	}
	if offset == "" {
		return here
	}
	return "coalesce(" + call("utc_moment", clock+" - "+offset) + ", " + here + ")"
}

// form is a way to read a date: the texts of a shape, by a pattern of the engine's.
type form struct {
	shape, pattern string
	offset         bool   // the shape ends with an offset, the pattern does not
	after          string // what is done to the result
}

// add appends to the shape and the pattern.
func (f *form) add(shape, pattern string) {
	f.shape += shape
	f.pattern += pattern
}

// The engines' own patterns, by strftime's verbs. Shapes are as narrow as smelt's:
// engines would take a year of one digit, and the year 0. By a pattern, years begin in 1000.
var (
	verbShapes = map[byte]string{'Y': "[1-9][0-9]{3}", 'm': "[0-9]{1,2}", 'd': "[0-9]{1,2}", 'e': "[0-9]{1,2}", 'H': "[0-9]{1,2}", 'I': "[0-9]{1,2}", 'M': "[0-9]{1,2}",
		'S': "[0-9]{1,2}", 'j': "[0-9]{1,3}", 'f': "[0-9]{1,6}", 'p': "(?i:am|pm)"}
	sparkVerbs = map[byte]string{'Y': "yyyy", 'm': "M", 'd': "d", 'e': "d", 'H': "H", 'I': "h", 'M': "m", 'S': "s", 'j': "D", 'f': "SSSSSS", 'p': "a"}
	compounds  = strings.NewReplacer("%%", "%%", "%T", "%H:%M:%S", "%D", "%m/%d/%y", "%F", "%Y-%m-%d", "%R", "%H:%M", "%r", "%I:%M:%S %p", "%h", "%b")
)

// forms translates a strftime pattern. Several forms stand for what the engines tell
// apart and smelt does not: names of months in full and in short.
func (p *Project) forms(pattern string, at place) ([]form, error) {
	cannot := func(what string) error {
		return p.cannot(at.line, at.col, "the date pattern "+pattern+" has "+what, "write the dates otherwise in the files, or leave the column out")
	}
	out := []form{{}}
	full := compounds.Replace(pattern)
	afterVerb := false
	for i := 0; i < len(full); i++ {
		c := full[i]
		if c != '%' {
			for k := range out {
				out[k].literal(c, p.Dialect)
			}
			afterVerb = false
			continue
		}
		if i++; i+1 < len(full) && strings.IndexByte("-_0", full[i]) >= 0 {
			i++
		}
		v := full[i]
		// Digits of two verbs without anything between them have fixed widths.
		tight := afterVerb || strings.HasPrefix(full[i+1:], "%") && !strings.HasPrefix(full[i+1:], "%%") && full[i+1:] != "%z"
		afterVerb = v != '%'
		switch v {
		case '%':
			for k := range out {
				out[k].literal('%', p.Dialect)
			}
		case 'z':
			if i != len(full)-1 || i < 2 || !offsetPlace(full[:i-1]) {
				return nil, cannot("an offset that does not follow a time of day at the end")
			}
			for k := range out {
				out[k].shape += "([Zz]|[-+]([01][0-9]|2[0-3])(:?[0-5][0-9])?)"
				out[k].pattern, out[k].offset = strings.TrimSuffix(out[k].pattern, " "), true
			}
		case 'b', 'B':
			out = p.either(out, form{shape: "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", pattern: map[bool]string{true: "MMM", false: "%b"}[p.Dialect == sql.Spark]},
				form{shape: "(?i:january|february|march|april|june|july|august|september|october|november|december)", pattern: map[bool]string{true: "MMMM", false: "%B"}[p.Dialect == sql.Spark]})
		case 'y':
			if p.Dialect == sql.DuckDB {
				out = p.either(out, form{shape: "[0-9]{2}", pattern: "%y"})
				break
			}
			// Spark's years of two digits are 2000 to 2099, POSIX's 1969 to 2068.
			out = p.either(out, form{shape: "(?:[0-5][0-9]|6[0-8])", pattern: "yy"},
				form{shape: "(?:69|[7-9][0-9])", pattern: "yy", after: " - interval '100' year"})
		default:
			shape, known := verbShapes[v]
			if !known {
				return nil, cannot("%" + string(v))
			}
			verb := "%" + string(v)
			if p.Dialect == sql.Spark {
				verb = sparkVerbs[v]
			} else if v == 'e' {
				verb = "%d"
			}
			if tight && strings.HasSuffix(shape, "{1,2}") {
				shape = strings.TrimSuffix(shape, "{1,2}") + "{2}"
				if p.Dialect == sql.Spark {
					verb += verb
				}
			}
			out = p.either(out, form{shape: shape, pattern: verb})
		}
	}
	if p.Dialect == sql.DuckDB {
		for k := range out {
			out[k].shape, out[k].pattern = strings.ReplaceAll(out[k].shape, "'", "''"), strings.ReplaceAll(out[k].pattern, "'", "''")
		}
	}
	return out, nil
}

// offsetPlace reports whether a pattern ends with minutes, seconds or a fraction, and
// maybe a blank: there utc_offset looks for an offset.
func offsetPlace(pattern string) bool {
	pattern = strings.TrimSuffix(pattern, " ")
	return strings.HasSuffix(pattern, ":%M") || strings.HasSuffix(pattern, ":%S") || strings.HasSuffix(pattern, ":%S.%f")
}

// either goes on with each form in each of the given ways.
func (p *Project) either(forms []form, ways ...form) []form {
	var out []form
	for _, f := range forms {
		for _, w := range ways {
			g := f
			g.add(w.shape, w.pattern)
			g.after += w.after
			out = append(out, g)
		}
	}
	return out
}

// escaped is a character as a regular expression takes it for itself, without a backslash.
func escaped(c byte) string {
	if strings.IndexByte(`.*+?()[]{}|$^\`, c) >= 0 {
		return "[" + string(c) + "]"
	}
	return string(c)
}

// literal appends a character that stands for itself.
func (f *form) literal(c byte, d sql.Dialect) {
	letter := c|0x20 >= 'a' && c|0x20 <= 'z'
	switch {
	case d == sql.DuckDB && c == '%':
		f.add(escaped(c), "%%")
	case d == sql.Spark && c == '\'':
		f.add(escaped(c), "''")
	case d == sql.Spark && letter && strings.HasSuffix(f.pattern, "'"): // of the letter before
		f.pattern = strings.TrimSuffix(f.pattern, "'")
		f.add(escaped(c), string(c)+"'")
	case d == sql.Spark && (letter || strings.IndexByte("[]{}#", c) >= 0):
		f.add(escaped(c), "'"+string(c)+"'")
	default:
		f.add(escaped(c), string(c))
	}
}
