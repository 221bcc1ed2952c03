package pipeline

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// CastFailure is a value that a cast could not represent: NULL in the result.
type CastFailure struct {
	Row  int    // index in the array
	Text string // the value as text
}

// CastArray turns an array that a source hands over into the type of a
// Parser's Cast, by the rules that text files follow: text goes through the
// Parser, numbers, dates and times are converted exactly, and what the type
// cannot hold is NULL and listed, by row, with its text. An empty text is NULL.
//
// Any of Arrow's text, binary (as UTF-8), boolean, integer, float, decimal, date,
// time, timestamp and null types may come in, dictionaries of text too; the
// result is a string, CodeType, int64, int32, bool, date, timestamp or a decimal
// of at most 18 digits. Times without a zone are in the Cast's Location. rounded
// counts decimals that lost digits.
//
// dict gives CodeType its codes, and must not be used concurrently; nil is a
// new one. An array that is already right is returned as it is, retained. The
// caller releases the result.
func CastArray(mem memory.Allocator, in arrow.Array, to *Parser, dict *Dictionary) (out arrow.Array, rescued []CastFailure, rounded int64, err error) {
	if mem == nil {
		mem = memory.DefaultAllocator
	}
	if asItIs(in, to) {
		in.Retain()
		return in, nil, 0, nil
	}
	c, err := newCaster(to, dict)
	if err != nil {
		return nil, nil, 0, err
	}
	if err := c.cast(in); err != nil {
		return nil, nil, 0, err
	}
	if out, err = c.array(mem); err != nil {
		return nil, nil, 0, err
	}
	for _, s := range c.status {
		if s == Rounded {
			rounded++
		}
	}
	return out, c.rescued, rounded, nil
}

// asItIs reports whether an array needs no cast: it has the type, and holds no
// value that means NULL.
func asItIs(in arrow.Array, to *Parser) bool {
	if !arrow.TypeEqual(in.DataType(), to.Cast.Type) || len(to.Cast.Nulls) > 0 {
		return false
	}
	switch a := in.(type) {
	case *array.Dictionary:
		return false // its codes become the scan's
	case *array.String:
		if to.Cast.Integer {
			return false
		}
		if !utf8.Valid(a.ValueBytes()) {
			return false
		}
		offsets := a.ValueOffsets()
		for i := 1; i < len(offsets); i++ {
			if offsets[i] == offsets[i-1] && a.IsValid(i-1) {
				return false
			}
		}
	case *array.Decimal128:
		// The declared precision may be a promise that the values break.
		t := a.DataType().(*arrow.Decimal128Type)
		for i, v := range a.Values() {
			if a.IsValid(i) && !v.FitsInPrecision(t.Precision) {
				return false
			}
		}
	}
	return true
}

type castKind uint8

const (
	castText castKind = iota
	castCode
	castInt64
	castInt32
	castBool
	castDate
	castTimestamp
	castDecimal
)

// caster collects the cast values of one array.
type caster struct {
	to     *Parser // reads text as the source writes it
	iso    *Parser // reads numbers, dates and times in their plain notation
	zone   *Zone
	kind   castKind
	scale  int32
	limit  int64 // largest unscaled decimal
	dict   *Dictionary
	status []Status
	vals   []int64 // by row: the value, its code, or where its text ends
	text   []byte

	rescued []CastFailure
	full    bool // the dictionary takes no more
	buf     []byte
	parsed  [64]byte // room for Parser.Text
}

func newCaster(to *Parser, dict *Dictionary) (*caster, error) {
	c := &caster{to: to, dict: dict}
	switch t := to.Cast.Type.(type) {
	case *arrow.StringType:
		c.kind = castText
	case *arrow.DictionaryType:
		c.kind = castCode
		if c.dict == nil {
			c.dict = NewDictionary()
		}
	case *arrow.Int64Type:
		c.kind = castInt64
	case *arrow.Int32Type:
		c.kind = castInt32
	case *arrow.BooleanType:
		c.kind = castBool
	case *arrow.Date32Type:
		c.kind = castDate
	case *arrow.TimestampType:
		c.kind = castTimestamp
	case *arrow.Decimal128Type:
		c.kind, c.scale = castDecimal, t.Scale
		if t.Precision > 18 {
			return nil, castError(to.Cast.Type)
		}
		c.limit = int64(pow10[t.Precision]) - 1
	default:
		return nil, castError(to.Cast.Type)
	}
	// Its decimal separator is Go's, not the source's.
	c.iso = &Parser{Cast: Cast{Type: to.Cast.Type, Location: to.Cast.Location, Integer: to.Cast.Integer}, decimal: '.', scale: to.scale, limit: to.limit, short: to.short, zone: to.zone}
	c.zone = to.zone
	return c, nil
}

func castError(t arrow.DataType) error {
	return &Error{Kind: ErrConfig, Msg: fmt.Sprintf("a source value cannot become %s", t)}
}

// cast reads the whole array.
func (c *caster) cast(in arrow.Array) error {
	n := in.Len()
	c.status, c.vals = make([]Status, 0, n), make([]int64, 0, n)
	switch a := in.(type) {
	case *array.Null:
		for range n {
			c.null()
		}
	case *array.String:
		castTexts(c, a, func(i int) []byte { return StringBytes(a, i) })
	case *array.LargeString:
		castTexts(c, a, func(i int) []byte { return c.scratch(a.Value(i)) })
	case *array.Binary:
		castTexts(c, a, a.Value)
	case *array.LargeBinary:
		castTexts(c, a, a.Value)
	case *array.FixedSizeBinary:
		castTexts(c, a, a.Value)
	case *array.Dictionary:
		return c.castDictionary(a)
	case *array.Boolean:
		for i := range n {
			if a.IsNull(i) {
				c.null()
			} else {
				c.bool(i, a.Value(i))
			}
		}
	case *array.Int8:
		castInts(c, a, a.Int8Values())
	case *array.Int16:
		castInts(c, a, a.Int16Values())
	case *array.Int32:
		castInts(c, a, a.Int32Values())
	case *array.Int64:
		castInts(c, a, a.Int64Values())
	case *array.Uint8:
		castInts(c, a, a.Uint8Values())
	case *array.Uint16:
		castInts(c, a, a.Uint16Values())
	case *array.Uint32:
		castInts(c, a, a.Uint32Values())
	case *array.Uint64:
		for i, v := range a.Uint64Values() {
			switch {
			case a.IsNull(i):
				c.null()
			case v > math.MaxInt64:
				c.buf = strconv.AppendUint(c.buf[:0], v, 10)
				c.number(i, c.buf)
			default:
				c.int(i, int64(v))
			}
		}
	case *array.Float16:
		for i := range n {
			if a.IsNull(i) {
				c.null()
			} else {
				c.float(i, float64(a.Value(i).Float32()), 32)
			}
		}
	case *array.Float32:
		for i, v := range a.Float32Values() {
			if a.IsNull(i) {
				c.null()
			} else {
				c.float(i, float64(v), 32)
			}
		}
	case *array.Float64:
		for i, v := range a.Float64Values() {
			if a.IsNull(i) {
				c.null()
			} else {
				c.float(i, v, 64)
			}
		}
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		for i, v := range a.Values() {
			if a.IsNull(i) {
				c.null()
			} else {
				c.decimal(i, v, scale)
			}
		}
	case *array.Decimal256:
		scale := a.DataType().(*arrow.Decimal256Type).Scale
		for i := range n {
			if a.IsNull(i) {
				c.null()
			} else {
				c.buf = append(c.buf[:0], a.Value(i).ToString(scale)...)
				c.number(i, c.buf)
			}
		}
	case *array.Date32:
		for i, v := range a.Date32Values() {
			if a.IsNull(i) {
				c.null()
			} else {
				c.date(i, int64(v))
			}
		}
	case *array.Date64:
		for i, v := range a.Date64Values() {
			if a.IsNull(i) {
				c.null()
			} else {
				c.date(i, floorDiv(int64(v), 86_400_000))
			}
		}
	case *array.Timestamp:
		t := a.DataType().(*arrow.TimestampType)
		for i, v := range a.TimestampValues() {
			if a.IsNull(i) {
				c.null()
			} else {
				c.timestamp(i, int64(v), t.Unit, t.TimeZone != "")
			}
		}
	case *array.Time32:
		unit := a.DataType().(*arrow.Time32Type).Unit
		castTexts(c, a, func(i int) []byte { return c.scratch(a.Value(i).FormattedString(unit)) })
	case *array.Time64:
		unit := a.DataType().(*arrow.Time64Type).Unit
		castTexts(c, a, func(i int) []byte { return c.scratch(a.Value(i).FormattedString(unit)) })
	default:
		return &Error{Kind: ErrInput, Msg: fmt.Sprintf("a column of type %s cannot be read", in.DataType()), Hint: "flatten nested columns before smelt reads them"}
	}
	return c.tooLong()
}

func (c *caster) scratch(s string) []byte {
	c.buf = append(c.buf[:0], s...)
	return c.buf
}

func castTexts(c *caster, a arrow.Array, value func(int) []byte) {
	for i := range a.Len() {
		if a.IsNull(i) {
			c.null()
		} else {
			c.parse(i, value(i), c.to)
		}
	}
}

func castInts[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](c *caster, a arrow.Array, values []T) {
	for i, v := range values {
		if a.IsNull(i) {
			c.null()
		} else {
			c.int(i, int64(v))
		}
	}
}

// array builds the result.
func (c *caster) array(mem memory.Allocator) (arrow.Array, error) {
	n := len(c.status)
	b := array.NewBuilder(mem, c.builderType())
	defer b.Release()
	b.Reserve(n)
	start := int64(0)
	for i, s := range c.status {
		v := c.vals[i]
		if s == Missing || s == Failed {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.StringBuilder:
			b.BinaryBuilder.Append(c.text[start:v])
			start = v
		case *array.Int64Builder:
			b.UnsafeAppend(v)
		case *array.Int32Builder:
			b.UnsafeAppend(int32(v))
		case *array.BooleanBuilder:
			b.UnsafeAppend(v != 0)
		case *array.Date32Builder:
			b.UnsafeAppend(arrow.Date32(v))
		case *array.TimestampBuilder:
			b.UnsafeAppend(arrow.Timestamp(v))
		case *array.Decimal128Builder:
			b.UnsafeAppend(decimal128.FromI64(v))
		}
	}
	out := b.NewArray()
	if c.kind != castCode {
		return out, nil
	}
	defer out.Release()
	return array.NewDictionaryArray(CodeType, out, c.dict.Values()), nil
}

// builderType is the type of the values, or of the codes.
func (c *caster) builderType() arrow.DataType {
	if c.kind == castCode {
		return CodeType.IndexType
	}
	return c.to.Cast.Type
}
