package pipeline

import "strings"

// layout is a compiled strftime pattern: its steps, in order.
type layout []step

// step takes one part of a text: what verb says, or a literal byte.
type step struct {
	verb    byte // 0 = literal
	literal byte
}

// The compound verbs, spelled out.
var compound = strings.NewReplacer("%%", "%%", "%T", "%H:%M:%S", "%D", "%m/%d/%y", "%F", "%Y-%m-%d", "%R", "%H:%M", "%r", "%I:%M:%S %p", "%h", "%b")

const verbs = "YymdebBjHIMSfpzZaA%"

// compileLayout compiles a strftime pattern. It must say which day is meant.
func compileLayout(s string) (layout, error) {
	bad := func(msg, hint string) error {
		return &Error{Kind: ErrConfig, Value: s, Msg: "date pattern: " + msg, Hint: hint}
	}
	var p layout
	have := map[byte]bool{}
	full := compound.Replace(s)
	for i := 0; i < len(full); i++ {
		if full[i] != '%' {
			p = append(p, step{literal: full[i]})
			continue
		}
		i++
		if i+1 < len(full) && (full[i] == '-' || full[i] == '_' || full[i] == '0') {
			i++ // padding is accepted either way
		}
		if i == len(full) {
			return nil, bad("a % at the end", "write %% for a per cent sign")
		}
		v := full[i]
		if strings.IndexByte(verbs, v) < 0 {
			return nil, bad("%"+string(rune(v))+" is not known", "known are %Y %y %m %d %e %b %B %j %H %I %M %S %f %p %z %Z %a %A %T %D %F %%")
		}
		if v == '%' {
			p = append(p, step{literal: '%'})
			continue
		}
		if v == 'e' {
			v = 'd'
		}
		if v == 'B' {
			v = 'b'
		}
		if v == 'A' {
			v = 'a'
		}
		if have[v] {
			return nil, bad("%"+string(rune(full[i]))+" says again what was said before it", "")
		}
		have[v] = true
		p = append(p, step{verb: v})
	}
	switch {
	case have['Y'] == have['y']:
		return nil, bad("one year is wanted", "add %Y or %y")
	case have['m'] && have['b']:
		return nil, bad("one month is wanted", "keep %m or %b")
	case !have['j'] && !(have['d'] && (have['m'] || have['b'])):
		return nil, bad("a month and a day are wanted", "add %m and %d, or %j")
	case have['j'] && (have['d'] || have['m'] || have['b']):
		return nil, bad("%j already says the month and the day", "")
	case have['H'] && have['I']:
		return nil, bad("one hour is wanted", "keep %H, or %I with %p")
	case have['I'] != have['p']:
		return nil, bad("%I and %p go together", "use %H for 24 hours")
	case have['z'] && have['Z']:
		return nil, bad("one offset is wanted", "keep %z or %Z")
	}
	return p, nil
}

// match reads all of b by the pattern.
func (p layout) match(b []byte, out *moment) bool {
	r := reader{b: b}
	var y, mo, d, yday, h, mi, s, f int64
	var c clock
	pm := int64(-1)
	for _, st := range p {
		if st.verb == 0 {
			if !r.skip(st.literal) {
				return false
			}
			continue
		}
		var v int64
		switch st.verb {
		case 'Y':
			v = r.number(4, 4)
			y = v
		case 'y':
			v = r.number(2, 2)
			if y = 2000 + v; v >= 69 { // POSIX
				y = 1900 + v
			}
		case 'm':
			v = r.number(1, 2)
			mo = v
		case 'd':
			r.skip(' ') // as %e pads
			v = r.number(1, 2)
			d = v
		case 'j':
			v = r.number(1, 3)
			yday = v
		case 'H':
			v = r.number(1, 2)
			h = v
		case 'I':
			if v = r.number(1, 2); v < 1 || v > 12 {
				return false
			}
			h = v % 12
		case 'M':
			v = r.number(1, 2)
			mi = v
		case 'S':
			v = r.number(1, 2)
			s = v
		case 'f':
			v = r.fraction()
			f = v
		case 'b':
			v = r.name(months[:])
			mo = v + 1
		case 'a':
			v = r.name(weekdays[:])
		case 'p':
			v = r.name(halves[:])
			pm = v
		case 'z':
			c.offset, c.fixed = r.offset()
			if !c.fixed {
				return false
			}
		case 'Z':
			if v = r.name(zones[:]); v >= 0 {
				c.fixed = true
			}
		}
		if v < 0 {
			return false
		}
	}
	if len(r.b) > 0 || h > 23 || mi > 59 || s > 59 {
		return false
	}
	if pm == 1 {
		h += 12
	}
	c.micros = (h*3600+mi*60+s)*second + f
	var ok bool
	switch {
	case yday > 0:
		days := int64(337 + daysIn(int(y), 2)) // 365 or 366
		if out.day, ok = dayOf(int(y), 1, 1); yday > days {
			return false
		}
		out.day += Date(yday - 1)
	default:
		out.day, ok = dayOf(int(y), int(mo), int(d))
	}
	out.clock = c
	return ok
}

var (
	months = [...]string{"january", "february", "march", "april", "may", "june", "july",
		"august", "september", "october", "november", "december"}
	weekdays = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
	halves   = [...]string{"am", "pm"}
	zones    = [...]string{"utc", "gmt", "z"}
)

// name takes one of the names, whole or its first three letters, in any case,
// and returns its index, or -1. May is whole either way.
func (r *reader) name(names []string) int64 {
	for i, name := range names {
		n := 0
		for n < len(r.b) && n < len(name) && lower(r.b[n]) == name[n] {
			n++
		}
		if n == len(name) || n >= 3 {
			if n != len(name) {
				n = 3
			}
			r.b = r.b[n:]
			return int64(i)
		}
	}
	return -1
}

func lower(c byte) byte {
	if c-'A' < 26 {
		return c + 'a' - 'A'
	}
	return c
}
