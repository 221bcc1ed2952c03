package parquetio

import (
	"encoding/hex"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/float16"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// page is a decoded data page and how far it is read. Its values stand without
// the NULLs; levels say where those are.
type page struct {
	source  parquet.Page
	levels  []byte  // 1 = a value, 0 = NULL; nil = no NULL
	indices []int32 // into the dictionary; nil = plain values
	data    encoding.Values
	dict    parquet.Dictionary
	values  int // in data or the dictionary
	rows    int
	row     int // next one
	value   int // next one
}

func (p *page) release() {
	if p.source != nil {
		parquet.Release(p.source)
	}
	*p = page{}
}

func (p *page) open(src parquet.Page, l *leaf) error {
	*p = page{source: src, rows: int(src.NumValues())}
	present := p.rows
	if l.optional {
		p.levels = src.DefinitionLevels()
		if len(p.levels) != p.rows {
			return fmt.Errorf("a page of %d rows has %d definition levels", p.rows, len(p.levels))
		}
		present = 0
		for _, v := range p.levels {
			present += int(v & 1)
		}
		if present == p.rows {
			p.levels = nil
		}
	}
	data := src.Data()
	if p.dict = src.Dictionary(); p.dict != nil {
		p.indices = data.Int32()
		if len(p.indices) < present {
			return fmt.Errorf("a page of %d values has %d", present, len(p.indices))
		}
		p.indices = p.indices[:present]
		data = p.dict.Page().Data()
		p.values = count(&data, l)
		if n := p.dict.Len(); p.values < n {
			return fmt.Errorf("a dictionary of %d values has %d", n, p.values)
		}
		for _, i := range p.indices {
			if uint32(i) >= uint32(p.values) {
				return fmt.Errorf("dictionary index %d of %d", i, p.values)
			}
		}
	} else if p.values = count(&data, l); p.values < present {
		return fmt.Errorf("a page of %d values has %d", present, p.values)
	}
	p.data = data
	return nil
}

// count returns how many values of a leaf's type there are.
func count(v *encoding.Values, l *leaf) int {
	data, offsets := v.Data()
	switch l.physical {
	case format.Boolean:
		return 8 * len(data)
	case format.Int32, format.Float:
		return len(data) / 4
	case format.Int64, format.Double:
		return len(data) / 8
	case format.Int96:
		return len(data) / 12
	case format.FixedLenByteArray:
		if l.width <= 0 {
			return 0
		}
		return len(data) / l.width
	}
	return max(0, len(offsets)-1)
}

// read returns the next m rows as an array, or passes over them. Text whose
// pages share a small dictionary comes as a dictionary array.
func (c *chunkReader) read(mem memory.Allocator, m int, skip bool) (arrow.Array, error) {
	if skip {
		for m > 0 {
			if err := c.next(); err != nil {
				return nil, err
			}
			n := min(m, c.left())
			c.page.skip(n)
			m -= n
		}
		return nil, nil
	}
	if err := c.next(); err != nil {
		return nil, err
	}
	if !c.text && c.leaf.physical == format.ByteArray && c.leaf.kind == leafPlain &&
		c.page.dict != nil && c.page.values <= m && c.left() >= m {
		return c.readCodes(mem, m)
	}
	b := array.NewBuilder(mem, c.leaf.typ)
	defer b.Release()
	b.Reserve(m)
	for m > 0 {
		if err := c.next(); err != nil {
			return nil, err
		}
		n := min(m, c.left())
		if err := c.page.appendTo(b, c.leaf, n); err != nil {
			return nil, err
		}
		m -= n
	}
	return b.NewArray(), nil
}

func (p *page) skip(n int) {
	if p.levels == nil {
		p.value += n
	} else {
		for _, v := range p.levels[p.row : p.row+n] {
			p.value += int(v & 1)
		}
	}
	p.row += n
}

// readCodes returns rows of one dictionary-encoded page as they are.
func (c *chunkReader) readCodes(mem memory.Allocator, m int) (arrow.Array, error) {
	p := &c.page
	if c.dictionaryOwner != p.dict {
		b := array.NewBuilder(mem, c.leaf.typ)
		defer b.Release()
		data, offsets := p.data.Data()
		for i := range p.values {
			appendText(b, data[offsets[i]:offsets[i+1]])
		}
		if c.dictionary != nil {
			c.dictionary.Release()
		}
		c.dictionary, c.dictionaryOwner = b.NewArray(), p.dict
	}
	b := array.NewInt32Builder(mem)
	defer b.Release()
	b.Reserve(m)
	each(p, m, b.AppendNull, func(i int) { b.UnsafeAppend(p.indices[i]) })
	codes := b.NewArray()
	defer codes.Release()
	t := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: c.leaf.typ}
	return array.NewDictionaryArray(t, codes, c.dictionary), nil
}

// each calls null for each NULL of the next n rows, and value with the position
// of each value.
func each(p *page, n int, null func(), value func(int)) {
	for r := p.row; r < p.row+n; r++ {
		if p.levels != nil && p.levels[r]&1 == 0 {
			null()
			continue
		}
		value(p.value)
		p.value++
	}
	p.row += n
}

// gather adds the next n rows out of a page's or its dictionary's values.
func gather[T any](p *page, n int, values []T, null func(), add func(T)) {
	for r := p.row; r < p.row+n; r++ {
		if p.levels != nil && p.levels[r]&1 == 0 {
			null()
			continue
		}
		i := p.value
		p.value++
		if p.indices != nil {
			i = int(p.indices[i])
		}
		add(values[i])
	}
	p.row += n
}

// appendTo appends the next n rows to a builder of the leaf's type.
func (p *page) appendTo(b array.Builder, l *leaf, n int) error {
	switch b := b.(type) {
	case *array.BooleanBuilder:
		bits, _ := p.data.Data()
		each(p, n, b.AppendNull, func(i int) {
			if p.indices != nil {
				i = int(p.indices[i])
			}
			b.UnsafeAppend(bits[i/8]>>(i%8)&1 != 0)
		})
	case *array.Int32Builder:
		gather(p, n, p.data.Int32(), b.AppendNull, b.UnsafeAppend)
	case *array.Uint32Builder:
		gather(p, n, p.data.Int32(), b.AppendNull, func(v int32) { b.UnsafeAppend(uint32(v)) })
	case *array.Date32Builder:
		gather(p, n, p.data.Int32(), b.AppendNull, func(v int32) { b.UnsafeAppend(arrow.Date32(v)) })
	case *array.Time32Builder:
		gather(p, n, p.data.Int32(), b.AppendNull, func(v int32) { b.UnsafeAppend(arrow.Time32(v)) })
	case *array.Int64Builder:
		gather(p, n, p.data.Int64(), b.AppendNull, b.UnsafeAppend)
	case *array.Uint64Builder:
		gather(p, n, p.data.Int64(), b.AppendNull, func(v int64) { b.UnsafeAppend(uint64(v)) })
	case *array.Time64Builder:
		gather(p, n, p.data.Int64(), b.AppendNull, func(v int64) { b.UnsafeAppend(arrow.Time64(v)) })
	case *array.TimestampBuilder:
		if l.kind == leafInt96 {
			gather(p, n, p.data.Int96(), b.AppendNull, func(v deprecated.Int96) { b.UnsafeAppend(instantOf(v)) })
		} else {
			gather(p, n, p.data.Int64(), b.AppendNull, func(v int64) { b.UnsafeAppend(arrow.Timestamp(v)) })
		}
	case *array.Float32Builder:
		if l.kind == leafHalf {
			return p.texts(l, n, b.AppendNull, func(v []byte) error {
				b.UnsafeAppend(float16.FromBits(uint16(v[0]) | uint16(v[1])<<8).Float32())
				return nil
			})
		}
		gather(p, n, p.data.Float(), b.AppendNull, b.UnsafeAppend)
	case *array.Float64Builder:
		gather(p, n, p.data.Double(), b.AppendNull, b.UnsafeAppend)
	case *array.Decimal128Builder:
		switch l.physical {
		case format.Int32:
			gather(p, n, p.data.Int32(), b.AppendNull, func(v int32) { b.UnsafeAppend(decimal128.FromI64(int64(v))) })
		case format.Int64:
			gather(p, n, p.data.Int64(), b.AppendNull, func(v int64) { b.UnsafeAppend(decimal128.FromI64(v)) })
		default:
			return p.texts(l, n, b.AppendNull, func(v []byte) error {
				d, ok := decimalOf(v)
				if !ok {
					return fmt.Errorf("a decimal of %d bytes is out of range", len(v))
				}
				b.UnsafeAppend(d)
				return nil
			})
		}
	default:
		return p.texts(l, n, b.AppendNull, func(v []byte) error {
			if l.kind == leafUUID && len(v) == 16 {
				v = uuidText(v)
			}
			appendText(b, v)
			return nil
		})
	}
	return nil
}

func appendText(b array.Builder, v []byte) {
	switch b := b.(type) {
	case *array.StringBuilder:
		b.BinaryBuilder.Append(v)
	case *array.BinaryBuilder:
		b.Append(v)
	}
}

// texts calls add with the next n rows of byte arrays of any or of one length.
func (p *page) texts(l *leaf, n int, null func(), add func([]byte) error) (err error) {
	data, offsets := p.data.Data()
	each(p, n, null, func(i int) {
		if p.indices != nil {
			i = int(p.indices[i])
		}
		var v []byte
		if l.physical == format.FixedLenByteArray {
			v = data[i*l.width : (i+1)*l.width]
		} else {
			v = data[offsets[i]:offsets[i+1]]
		}
		if err == nil {
			err = add(v)
		}
	})
	return err
}

// instantOf turns a Julian day and nanoseconds of the day into microseconds.
func instantOf(v deprecated.Int96) arrow.Timestamp {
	nanos := int64(v[1])<<32 | int64(v[0])
	days := int64(int32(v[2])) - 2_440_588 // 1970-01-01
	return arrow.Timestamp(days*86_400_000_000 + nanos/1000)
}

// decimalOf reads a big-endian two's complement number.
func decimalOf(b []byte) (decimal128.Num, bool) {
	var hi, lo uint64
	if len(b) > 0 && b[0]&0x80 != 0 {
		hi, lo = ^uint64(0), ^uint64(0)
	}
	sign := byte(hi)
	for len(b) > 16 {
		if b[0] != sign {
			return decimal128.Num{}, false
		}
		b = b[1:]
	}
	if len(b) == 16 && (b[0]^sign)&0x80 != 0 {
		return decimal128.Num{}, false // a longer number that lost its sign
	}
	for _, c := range b {
		hi, lo = hi<<8|lo>>56, lo<<8|uint64(c)
	}
	return decimal128.New(int64(hi), lo), true
}

func uuidText(v []byte) []byte {
	out := make([]byte, 0, 36)
	for i, n := range [...]int{4, 2, 2, 2, 6} {
		if i > 0 {
			out = append(out, '-')
		}
		out = hex.AppendEncode(out, v[:n])
		v = v[n:]
	}
	return out
}
