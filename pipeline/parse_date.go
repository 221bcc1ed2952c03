package pipeline

import "encoding/binary"

// Date parses a calendar day: by the cast's date patterns, else as ISO 8601,
// 2006-01-02, where a time of day may follow if it is zero. A pattern's time of
// day and offset are dropped: the day is the one that is written.
func (p *Parser) Date(b []byte) (Date, Status) {
	if p.layouts == nil && len(b) == 10 {
		if d, ok := isoDate(b); ok && !p.isNull(b) {
			return d, Parsed
		}
	} else if len(b) == 0 {
		return 0, Missing
	}
	t := trim(b)
	if len(t) == 0 || p.isNull(b) || p.isNull(t) {
		return 0, Missing
	}
	if p.layouts == nil {
		d, clock, _, ok := isoTime(t)
		if !ok || clock.micros != 0 {
			return 0, Failed
		}
		return d, Parsed
	}
	var m moment
	for i := range p.layouts {
		if p.layouts[i].match(t, &m) {
			return m.day, Parsed
		}
	}
	return 0, Failed
}

// Timestamp parses an instant: by the cast's date patterns, else as ISO 8601,
// 2006-01-02T15:04[:05[.999999]][Z|±07[:00]] with a T or a blank, or a day
// alone, which is its midnight. A time without an offset is in the cast's
// location. Digits beyond microseconds are rounded half up.
func (p *Parser) Timestamp(b []byte) (Timestamp, Status) {
	if p.layouts == nil && len(b) >= 16 {
		if d, c, ok := isoMoment(b); ok && !p.isNull(b) {
			return p.instant(d, c)
		}
	} else if len(b) == 0 {
		return 0, Missing
	}
	t := trim(b)
	if len(t) == 0 || p.isNull(b) || p.isNull(t) {
		return 0, Missing
	}
	if p.layouts == nil {
		d, c, _, ok := isoTime(t)
		if !ok {
			return 0, Failed
		}
		return p.instant(d, c)
	}
	var m moment
	for i := range p.layouts {
		if p.layouts[i].match(t, &m) {
			return p.instant(m.day, m.clock)
		}
	}
	return 0, Failed
}

// clock is a time of day, with its offset where one is written.
type clock struct {
	micros int64 // since midnight; 24 hours where a fraction was rounded up
	offset int64 // µs east of UTC
	fixed  bool  // an offset is written
}

// moment is what a pattern matched.
type moment struct {
	day   Date
	clock clock
}

// instant puts a day and a time together.
func (p *Parser) instant(d Date, c clock) (Timestamp, Status) {
	t := int64(d)*day + c.micros
	if c.fixed {
		t -= c.offset
	} else {
		t = p.zone.UTC(t)
	}
	if t < minMicros || t > maxMicros {
		return 0, Failed
	}
	return Timestamp(t), Parsed
}

// isoDate parses exactly 2006-01-02.
func isoDate(b []byte) (Date, bool) {
	_ = b[9]
	// Eight bytes at once: what is left of "YYYY-MM-" must be a digit's value,
	// or 0 where a dash belongs. Adding lifts bit 7 of a byte that is not.
	x := binary.LittleEndian.Uint64(b) ^ 0x2d30302d30303030
	if (x|(x+0x7f76767f76767676))&0x8080808080808080 != 0 {
		return 0, false
	}
	d1, d0 := b[8]-'0', b[9]-'0'
	if d1 > 9 || d0 > 9 {
		return 0, false
	}
	y := int(x&15)*1000 + int(x>>8&15)*100 + int(x>>16&15)*10 + int(x>>24&15)
	m := int(x>>40&15)*10 + int(x>>48&15)
	return dayOf(y, m, int(d1)*10+int(d0))
}

// isoMoment parses exactly 2006-01-02 15:04 or 2006-01-02T15:04, with or without
// :05, and after that with or without Z.
func isoMoment(b []byte) (d Date, c clock, ok bool) {
	// As isoDate does it; the blank or T between, byte 2, is looked at by itself.
	x := binary.LittleEndian.Uint64(b) ^ 0x2d30302d30303030
	y := binary.LittleEndian.Uint64(b[8:]) ^ 0x30303a3030003030
	sep := byte(y >> 16)
	y &^= 0xff0000
	if (x|(x+0x7f76767f76767676)|y|(y+0x76767f76767f7676))&0x8080808080808080 != 0 || sep != ' ' && sep != 'T' {
		return 0, c, false
	}
	h, m := int64(y>>24&15)*10+int64(y>>32&15), int64(y>>48&15)*10+int64(y>>56&15)
	s := int64(0)
	switch n := len(b); {
	case n == 16:
	case n == 19, n == 20 && b[19] == 'Z':
		s1, s0 := b[17]-'0', b[18]-'0'
		if s = int64(s1)*10 + int64(s0); b[16] != ':' || s1 > 5 || s0 > 9 {
			return 0, c, false
		}
		c.fixed = n == 20
	default:
		return 0, c, false
	}
	if h > 23 || m > 59 {
		return 0, c, false
	}
	c.micros = (h*3600 + m*60 + s) * second
	d, ok = dayOf(int(x&15)*1000+int(x>>8&15)*100+int(x>>16&15)*10+int(x>>24&15), int(x>>40&15)*10+int(x>>48&15), int(y&15)*10+int(y>>8&15))
	return d, c, ok
}

// isoTime parses every form of ISO 8601 that is accepted. timed says whether
// there is a time of day.
func isoTime(b []byte) (d Date, c clock, timed, ok bool) {
	if len(b) < 10 {
		return
	}
	if d, ok = isoDate(b[:10]); !ok || len(b) == 10 {
		return
	}
	ok = false
	if t := b[10]; t != ' ' && t != 'T' && t != 't' {
		return
	}
	r := reader{b: b[11:]}
	h, m, s := r.number(2, 2), int64(-1), int64(0)
	if r.skip(':') {
		m = r.number(2, 2)
	}
	var f int64
	if r.skip(':') {
		s = r.number(2, 2)
		if r.skip('.') {
			f = r.fraction()
		}
	}
	if h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59 || f < 0 {
		return
	}
	c.micros = (h*3600+m*60+s)*second + f
	if len(r.b) > 0 {
		if c.offset, c.fixed = r.offset(); !c.fixed {
			return
		}
	}
	return d, c, true, len(r.b) == 0
}

// reader takes parts off the front of a text.
type reader struct{ b []byte }

// skip takes one byte if it is c.
func (r *reader) skip(c byte) bool {
	if len(r.b) == 0 || r.b[0] != c {
		return false
	}
	r.b = r.b[1:]
	return true
}

// number takes from least to most digits, or returns -1.
func (r *reader) number(least, most int) int64 {
	v, i := int64(0), 0
	for ; i < len(r.b) && i < most && isDigit(r.b[i]); i++ {
		v = v*10 + int64(r.b[i]-'0')
	}
	if i < least {
		return -1
	}
	r.b = r.b[i:]
	return v
}

// fraction takes 1 to 9 digits of a second and returns microseconds, rounded
// half up, or -1.
func (r *reader) fraction() int64 {
	n := len(r.b)
	v := r.number(1, 9)
	if v < 0 {
		return -1
	}
	digits := n - len(r.b)
	if digits <= 6 {
		return v * int64(pow10[6-digits])
	}
	unit := int64(pow10[digits-6])
	return (v + unit/2) / unit
}

// offset takes Z, ±07, ±0700 or ±07:00 and returns µs east of UTC.
func (r *reader) offset() (int64, bool) {
	if r.skip('Z') || r.skip('z') {
		return 0, true
	}
	sign := second
	if r.skip('-') {
		sign = -second
	} else if !r.skip('+') {
		return 0, false
	}
	h, m := r.number(2, 2), int64(0)
	if r.skip(':') || len(r.b) > 0 && isDigit(r.b[0]) {
		m = r.number(2, 2)
	}
	return sign * (h*3600 + m*60), h >= 0 && h <= 23 && m >= 0 && m <= 59
}

// dayOf returns the day of a date of the years 1 to 9999, if there is one.
func dayOf(y, m, d int) (Date, bool) {
	if y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > 28 && d > daysIn(y, m) {
		return 0, false
	}
	// Count from 1 March, so that a leap day is the last of its year.
	if m -= 3; m < 0 {
		m += 12
		y--
	}
	return Date(y*365 + y/4 - y/100 + y/400 + (153*m+2)/5 + d - 719469), true
}

// daysIn returns the number of days of a month.
func daysIn(y, m int) int {
	switch m {
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func isDigit(c byte) bool { return c-'0' < 10 }
