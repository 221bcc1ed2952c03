package pipeline

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Record builds a record batch from rows. The caller releases it.
func (t *TableOf[T]) Record(mem memory.Allocator, rows []T) arrow.Record {
	if mem == nil {
		mem = memory.DefaultAllocator
	}
	cols := make([]arrow.Array, len(t.fields))
	for i, f := range t.fields {
		b := array.NewBuilder(mem, t.Columns[i].Type)
		b.Reserve(len(rows))
		add := appenders[f.kind](b)
		for r := range rows {
			p := unsafe.Pointer(&rows[r])
			if f.null && !*(*bool)(unsafe.Add(p, f.valid)) {
				b.AppendNull()
				continue
			}
			add(unsafe.Add(p, f.offset))
		}
		cols[i] = b.NewArray()
		b.Release()
	}
	rec := array.NewRecord(t.Schema, cols, int64(len(rows)))
	for _, c := range cols {
		c.Release()
	}
	return rec
}

// Rows reads a record batch into structs; text is copied. The batch's columns
// must be the table's; text may or may not be dictionary-encoded.
func (t *TableOf[T]) Rows(rec arrow.Record) ([]T, error) {
	if err := t.Check(rec); err != nil {
		return nil, err
	}
	rows := make([]T, rec.NumRows())
	for i, f := range t.fields {
		get := getter(f.kind, rec.Column(i))
		col := rec.Column(i)
		for r := range rows {
			if col.IsNull(r) {
				if !f.null {
					return nil, &Error{Kind: ErrData, Table: t.Name, Column: t.Columns[i].Name, Row: int64(r + 1), Msg: "NULL in a column that is not nullable"}
				}
				continue
			}
			p := unsafe.Pointer(&rows[r])
			if f.null {
				*(*bool)(unsafe.Add(p, f.valid)) = true
			}
			get(unsafe.Add(p, f.offset), r)
		}
	}
	return rows, nil
}

// Check reports whether a batch has the table's columns, in order and type.
func (t *Table) Check(rec arrow.Record) error {
	if int(rec.NumCols()) != len(t.Columns) {
		return &Error{Kind: ErrData, Table: t.Name, Msg: fmt.Sprintf("a batch has %d columns, the table %d", rec.NumCols(), len(t.Columns))}
	}
	for i, c := range t.Columns {
		f := rec.Schema().Field(i)
		if f.Name != c.Name || !SameType(f.Type, c.Type) {
			return &Error{Kind: ErrData, Table: t.Name, Column: c.Name, Msg: fmt.Sprintf("a batch has column %s %s where the table has %s %s", f.Name, f.Type, c.Name, c.Type)}
		}
	}
	return nil
}

// appenders: one closure a column, no reflection a row.
var appenders = map[reflect.Type]func(array.Builder) func(unsafe.Pointer){
	reflect.TypeFor[string](): func(b array.Builder) func(unsafe.Pointer) {
		s := b.(*array.StringBuilder)
		return func(p unsafe.Pointer) { s.Append(*(*string)(p)) }
	},
	reflect.TypeFor[Code](): func(b array.Builder) func(unsafe.Pointer) {
		s := b.(*array.BinaryDictionaryBuilder)
		return func(p unsafe.Pointer) {
			if err := s.AppendString(*(*string)(p)); err != nil {
				panic(err) // only for a wrong type, which the declaration rules out
			}
		}
	},
	reflect.TypeFor[Bytes](): func(b array.Builder) func(unsafe.Pointer) {
		s := b.(*array.BinaryBuilder)
		return func(p unsafe.Pointer) { s.Append(*(*[]byte)(p)) }
	},
	reflect.TypeFor[int64](): func(b array.Builder) func(unsafe.Pointer) {
		s := b.(*array.Int64Builder)
		return func(p unsafe.Pointer) { s.Append(*(*int64)(p)) }
	},
	reflect.TypeFor[int32](): func(b array.Builder) func(unsafe.Pointer) {
		s := b.(*array.Int32Builder)
		return func(p unsafe.Pointer) { s.Append(*(*int32)(p)) }
	},
	reflect.TypeFor[bool](): func(b array.Builder) func(unsafe.Pointer) {
		s := b.(*array.BooleanBuilder)
		return func(p unsafe.Pointer) { s.Append(*(*bool)(p)) }
	},
	reflect.TypeFor[Date](): func(b array.Builder) func(unsafe.Pointer) {
		s := b.(*array.Date32Builder)
		return func(p unsafe.Pointer) { s.Append(*(*arrow.Date32)(p)) }
	},
	reflect.TypeFor[Timestamp](): func(b array.Builder) func(unsafe.Pointer) {
		s := b.(*array.TimestampBuilder)
		return func(p unsafe.Pointer) { s.Append(*(*arrow.Timestamp)(p)) }
	},
	reflect.TypeFor[Price](): appendDecimal64,
	reflect.TypeFor[Rate]():  appendDecimal64,
	reflect.TypeFor[Ratio](): appendDecimal64,
	reflect.TypeFor[Sum](): func(b array.Builder) func(unsafe.Pointer) {
		s := b.(*array.Decimal128Builder)
		return func(p unsafe.Pointer) { s.Append(*(*decimal128.Num)(p)) }
	},
}

func appendDecimal64(b array.Builder) func(unsafe.Pointer) {
	s := b.(*array.Decimal128Builder)
	return func(p unsafe.Pointer) { s.Append(decimal128.FromI64(*(*int64)(p))) }
}

// getter returns a function that copies row r of col to p.
func getter(kind reflect.Type, col arrow.Array) func(p unsafe.Pointer, r int) {
	switch c := col.(type) {
	case *array.String:
		return func(p unsafe.Pointer, r int) { *(*string)(p) = string([]byte(c.Value(r))) }
	case *array.Dictionary:
		values := c.Dictionary().(*array.String)
		return func(p unsafe.Pointer, r int) { *(*string)(p) = string([]byte(values.Value(c.GetValueIndex(r)))) }
	case *array.Binary:
		return func(p unsafe.Pointer, r int) { *(*[]byte)(p) = append([]byte(nil), c.Value(r)...) }
	case *array.Int64:
		return func(p unsafe.Pointer, r int) { *(*int64)(p) = c.Value(r) }
	case *array.Int32:
		return func(p unsafe.Pointer, r int) { *(*int32)(p) = c.Value(r) }
	case *array.Boolean:
		return func(p unsafe.Pointer, r int) { *(*bool)(p) = c.Value(r) }
	case *array.Date32:
		return func(p unsafe.Pointer, r int) { *(*arrow.Date32)(p) = c.Value(r) }
	case *array.Timestamp:
		return func(p unsafe.Pointer, r int) { *(*arrow.Timestamp)(p) = c.Value(r) }
	case *array.Decimal128:
		if kind == reflect.TypeFor[Sum]() {
			return func(p unsafe.Pointer, r int) { *(*decimal128.Num)(p) = c.Value(r) }
		}
		return func(p unsafe.Pointer, r int) { *(*int64)(p) = int64(c.Value(r).LowBits()) }
	}
	panic(fmt.Sprintf("pipeline: no getter for %s", col.DataType())) // Check ruled it out
}
