package pipeline

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

// add appends a row's value; that of a text is where it ends.
func (c *caster) add(v int64, s Status) {
	if c.kind == castText {
		v = int64(len(c.text))
	}
	c.vals, c.status = append(c.vals, v), append(c.status, s)
}

func (c *caster) null() { c.add(0, Missing) }

func (c *caster) rescue(i int, text string) {
	c.rescued = append(c.rescued, CastFailure{Row: i, Text: strings.ToValidUTF8(text, "\uFFFD")})
	c.add(0, Failed)
}

// castDictionary casts each value of a dictionary once, or each row where the
// dictionary is the larger, as it is when a batch is a small slice.
func (c *caster) castDictionary(a *array.Dictionary) error {
	if values, ok := a.Dictionary().(*array.String); ok && values.Len() > a.Len() && values.NullN() == 0 {
		castTexts(c, a, func(i int) []byte { return StringBytes(values, a.GetValueIndex(i)) })
		return c.tooLong()
	}
	each, err := newCaster(c.to, c.dict)
	if err != nil {
		return err
	}
	if err := each.cast(a.Dictionary()); err != nil {
		return err
	}
	texts := make(map[int]string, len(each.rescued))
	for _, f := range each.rescued {
		texts[f.Row] = f.Text
	}
	for i := range a.Len() {
		if a.IsNull(i) {
			c.null()
			continue
		}
		k := a.GetValueIndex(i)
		switch s := each.status[k]; s {
		case Missing:
			c.null()
		case Failed:
			c.rescue(i, texts[k])
		default:
			if c.kind == castText {
				start := int64(0)
				if k > 0 {
					start = each.vals[k-1]
				}
				c.text = append(c.text, each.text[start:each.vals[k]]...)
				c.add(0, s)
			} else {
				c.add(each.vals[k], s)
			}
		}
	}
	return c.tooLong()
}

// tooLong returns an error where text passes Arrow's limit.
func (c *caster) tooLong() error {
	if c.full || c.kind == castText && len(c.text) > math.MaxInt32 {
		return &Error{Kind: ErrInput, Msg: "the text of a column passes 2 GiB", Hint: "use smaller batches, or map keys of that many values to a plain text column"}
	}
	return nil
}

// parse reads a value from text.
func (c *caster) parse(i int, b []byte, p *Parser) {
	var v int64
	var s Status
	switch c.kind {
	case castText, castCode:
		var t []byte
		if t, s = p.Text(b, c.parsed[:0]); s != Parsed {
			break
		}
		if !utf8.Valid(t) {
			s = Failed
		} else if c.kind == castText {
			c.text = append(c.text, t...)
		} else if v = int64(c.dict.Code(t)); v < 0 {
			c.full, s = true, Missing
		}
	case castInt64:
		v, s = p.Int64(b)
	case castInt32:
		n, st := p.Int32(b)
		v, s = int64(n), st
	case castBool:
		t, st := p.Bool(b)
		s = st
		if t {
			v = 1
		}
	case castDate:
		n, st := p.Date(b)
		v, s = int64(n), st
	case castTimestamp:
		n, st := p.Timestamp(b)
		v, s = int64(n), st
	case castDecimal:
		v, s = p.Decimal(b)
	}
	switch s {
	case Failed:
		c.rescue(i, string(b))
	case Missing:
		c.null()
	default:
		c.add(v, s)
	}
}

// meansNull reports whether a text is one of those that mean NULL.
func (c *caster) meansNull(text []byte) bool { return c.to.isNull(text) }

// number reads a number from Go's notation, whatever the source's is; one that
// becomes a date or a time is read as the source writes those.
func (c *caster) number(i int, text []byte) {
	switch {
	case c.meansNull(text):
		c.null()
	case c.kind == castDate, c.kind == castTimestamp:
		c.parse(i, text, c.to)
	default:
		c.parse(i, text, c.iso)
	}
}

func (c *caster) int(i int, v int64) {
	if len(c.to.Cast.Nulls) == 0 {
		switch c.kind {
		case castInt64:
			c.add(v, Parsed)
			return
		case castInt32:
			if v == int64(int32(v)) {
				c.add(v, Parsed)
				return
			}
		case castDecimal:
			if k := int64(pow10[c.scale]); v <= c.limit/k && v >= -c.limit/k {
				c.add(v*k, Parsed)
				return
			}
		}
	}
	c.buf = strconv.AppendInt(c.buf[:0], v, 10)
	c.number(i, c.buf)
}

func (c *caster) bool(i int, v bool) {
	var n int64
	if v {
		n = 1
	}
	c.buf = strconv.AppendBool(c.buf[:0], v)
	switch {
	case c.meansNull(c.buf):
		c.null()
	case c.kind == castBool, c.kind == castInt64, c.kind == castInt32:
		c.add(n, Parsed)
	case c.kind == castText, c.kind == castCode:
		c.parse(i, c.buf, c.to)
	default:
		c.rescue(i, string(c.buf))
	}
}

// float goes through the shortest text that reads back as the same float: 0.1
// is 0.1, not the binary fraction nearest to it.
func (c *caster) float(i int, v float64, bits int) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		if c.buf = strconv.AppendFloat(c.buf[:0], v, 'g', -1, bits); c.meansNull(c.buf) {
			c.null()
		} else {
			c.rescue(i, string(c.buf))
		}
		return
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs >= 1e21 || abs < 1e-7) {
		format = 'e' // as JSON writes floats
	}
	if v == 0 {
		v = 0 // never -0
	}
	c.buf = strconv.AppendFloat(c.buf[:0], v, format, -1, bits)
	c.number(i, c.buf)
}

// decimal rescales, rounding half away from zero.
func (c *caster) decimal(i int, v decimal128.Num, scale int32) {
	if c.kind == castDecimal && len(c.to.Cast.Nulls) == 0 && v.HighBits() == int64(v.LowBits())>>63 {
		n, d := int64(v.LowBits()), scale-c.scale
		switch {
		case d == 0 && n <= c.limit && n >= -c.limit:
			c.add(n, Parsed)
			return
		case d > 0 && d <= 18:
			k := int64(pow10[d])
			q, r := n/k, n%k
			s := Parsed
			if r != 0 {
				s = Rounded
				if r < 0 {
					r = -r
				}
				if r >= k-r { // r + r >= k, without its overflow
					if n < 0 {
						q--
					} else {
						q++
					}
				}
			}
			if q <= c.limit && q >= -c.limit {
				c.add(q, s)
				return
			}
		}
	}
	c.buf = append(c.buf[:0], v.ToString(scale)...)
	c.number(i, c.buf)
}

func (c *caster) date(i int, days int64) {
	if len(c.to.Cast.Nulls) == 0 && days >= minMicros/day && days <= maxMicros/day {
		switch c.kind {
		case castDate:
			c.add(days, Parsed)
			return
		case castTimestamp:
			c.instant(i, c.zone.UTC(days*day))
			return
		}
	}
	c.buf = Date(days).Time().AppendFormat(c.buf[:0], "2006-01-02")
	c.moment(i)
}

// instant adds a timestamp that may have left the years that one may hold.
func (c *caster) instant(i int, micros int64) {
	if micros < minMicros || micros > maxMicros {
		c.rescue(i, Timestamp(micros).String())
		return
	}
	c.add(micros, Parsed)
}

// timestamp reads an instant, or the time on a clock in the Cast's Location.
func (c *caster) timestamp(i int, v int64, unit arrow.TimeUnit, zoned bool) {
	micros := v
	ok := true
	switch unit {
	case arrow.Second:
		micros, ok = scaleUp(v, 1_000_000)
	case arrow.Millisecond:
		micros, ok = scaleUp(v, 1_000)
	case arrow.Nanosecond:
		micros = floorDiv(v, 1_000)
		if v-micros*1_000 >= 500 {
			micros++ // as digits beyond microseconds are rounded in text
		}
	}
	if !ok || micros < minMicros || micros > maxMicros {
		c.rescue(i, strconv.FormatInt(v, 10)+" "+unit.String())
		return
	}
	if len(c.to.Cast.Nulls) == 0 {
		switch c.kind {
		case castTimestamp:
			if !zoned {
				micros = c.zone.UTC(micros)
			}
			c.instant(i, micros)
			return
		case castDate:
			if zoned {
				c.add(int64(c.zone.LocalDate(Timestamp(micros))), Parsed)
			} else {
				c.add(floorDiv(micros, day), Parsed)
			}
			return
		}
	}
	layout := "2006-01-02T15:04:05.999999"
	if zoned {
		layout += "Z"
	}
	c.buf = Timestamp(micros).Time().AppendFormat(c.buf[:0], layout)
	c.moment(i)
}

// moment reads a date or a time from the ISO text in the buffer.
func (c *caster) moment(i int) {
	switch {
	case c.meansNull(c.buf):
		c.null()
	case c.kind == castText, c.kind == castCode:
		c.parse(i, c.buf, c.to)
	case c.kind == castDate, c.kind == castTimestamp:
		c.parse(i, c.buf, c.iso)
	default:
		c.rescue(i, string(c.buf))
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func scaleUp(v, k int64) (int64, bool) {
	p := v * k
	return p, p/k == v
}
