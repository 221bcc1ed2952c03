package parquetio

import (
	"bytes"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// writable lists a type of each kind that the writer knows.
var writable = []arrow.DataType{
	pipeline.StringType, pipeline.CodeType, pipeline.BinaryType, pipeline.Int64Type, pipeline.Int32Type, pipeline.BoolType,
	pipeline.DateType, pipeline.TimestampType, pipeline.PriceType, pipeline.RateType, pipeline.RatioType, pipeline.SumType,
	&arrow.Decimal128Type{Precision: 1}, &arrow.Decimal128Type{Precision: 19, Scale: 19}, &arrow.Decimal128Type{Precision: 38, Scale: 2},
}

// randomTable declares a table of a few columns of any type.
func randomTable(r *rand.Rand) *pipeline.Table {
	columns := make([]testColumn, 1+r.IntN(5))
	for i := range columns {
		columns[i] = col(fmt.Sprintf("c%d", i), writable[r.IntN(len(writable))])
		columns[i].Nullable = r.IntN(3) > 0
	}
	return mustTable("test.random", columns...)
}

// everyType declares a table of a required and a nullable column of each type.
func everyType() *pipeline.Table {
	var columns []testColumn
	for i, t := range writable {
		columns = append(columns, col(fmt.Sprintf("r%d", i), t), col(fmt.Sprintf("n%d", i), t).null())
	}
	t := mustTable("test.every_type", columns...)
	for i := range t.Columns {
		t.Columns[i].Sought = i%2 == 0 && isText(t.Columns[i].Type)
	}
	return t
}

// randomRows makes rows of a table, with text that is not dictionary-encoded.
func randomRows(r *rand.Rand, mem memory.Allocator, t *pipeline.Table, n int) arrow.Record {
	columns := make([]arrow.Array, len(t.Columns))
	fields := make([]arrow.Field, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = randomColumn(r, mem, c, n)
		defer columns[i].Release()
		fields[i] = arrow.Field{Name: c.Name, Type: columns[i].DataType(), Nullable: c.Nullable}
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(n))
}

func randomColumn(r *rand.Rand, mem memory.Allocator, c pipeline.Column, n int) arrow.Array {
	t := c.Type
	if _, ok := t.(*arrow.DictionaryType); ok {
		t = pipeline.StringType
	}
	b := array.NewBuilder(mem, t)
	defer b.Release()
	nulls := []int{0, 5, 50, 100}[r.IntN(4)]
	distinct := []uint64{1, 2, 30, 1 << 40}[r.IntN(4)] // of the seeds that values are made of
	style, step := r.IntN(3), uint64(0)
	for range n {
		if c.Nullable && r.IntN(100) < nulls {
			b.AppendNull()
			continue
		}
		seed := r.Uint64N(distinct)
		if style == 0 && distinct > 30 {
			step += r.Uint64N(3)
			seed = step
		}
		appendRandom(b, seed, style)
	}
	return b.NewArray()
}

// appendRandom appends the value that a seed stands for.
func appendRandom(b array.Builder, seed uint64, style int) {
	h := seed
	if style > 0 {
		h = rand.New(rand.NewPCG(seed, 7)).Uint64()
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(randomText(h, style))
	case *array.BinaryBuilder:
		b.Append([]byte(randomText(h, style) + "\x00\xff"))
	case *array.Int64Builder:
		b.Append(int64(h))
	case *array.Int32Builder:
		b.Append(int32(h))
	case *array.BooleanBuilder:
		b.Append(h&1 == 1)
	case *array.Date32Builder:
		b.Append(arrow.Date32(int32(h % 40_000)))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(int64(h % 2e15)))
	case *array.Decimal128Builder:
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(b.Type().(*arrow.Decimal128Type).Precision)), nil)
		v := new(big.Int).Mul(new(big.Int).SetUint64(h), new(big.Int).SetUint64(h|1))
		v.Mod(v, limit)
		if h&1 == 1 {
			v.Neg(v)
		}
		b.Append(decimal128.FromBigInt(v))
	}
}

func randomText(h uint64, style int) string {
	switch {
	case style == 0:
		return fmt.Sprintf("ORDER-%08d", h)
	case h%11 == 0:
		return ""
	case h%13 == 0:
		return strings.Repeat("long ünïcødé ", int(h>>8%40)) + fmt.Sprint(h)
	case h%1009 == 0:
		return strings.Repeat(fmt.Sprint(h), 5_000)
	}
	return fmt.Sprintf("%016x", h)[:1+h%15]
}

// recut returns the rows in other batches, some of them slices of a larger one,
// some empty, some with dictionary-encoded text.
func recut(r *rand.Rand, mem memory.Allocator, rec arrow.Record) []arrow.Record {
	var out []arrow.Record
	size := 1 + r.IntN(int(rec.NumRows())+1)
	for at := int64(0); at < rec.NumRows(); {
		if r.IntN(8) == 0 {
			out = append(out, rec.NewSlice(at, at))
		}
		end := min(at+1+int64(r.IntN(size)), rec.NumRows())
		if r.IntN(2) == 0 {
			out = append(out, rec.NewSlice(at, end))
		} else {
			// A slice of an encoded batch, from a few rows before.
			from := max(0, at-int64(r.IntN(5)))
			whole := encodeText(r, mem, rec.NewSlice(from, end))
			out = append(out, whole.NewSlice(at-from, end-from))
			whole.Release()
		}
		at = end
	}
	return out
}

// encodeText dictionary-encodes a batch's text, and releases the batch. The
// dictionaries have values that no row uses, and some hold NULL.
func encodeText(r *rand.Rand, mem memory.Allocator, rec arrow.Record) arrow.Record {
	defer rec.Release()
	columns := make([]arrow.Array, rec.NumCols())
	fields := make([]arrow.Field, rec.NumCols())
	for i, c := range rec.Columns() {
		fields[i] = rec.Schema().Field(i)
		text, ok := c.(*array.String)
		if !ok || r.IntN(3) == 0 {
			c.Retain()
			columns[i] = c
			defer c.Release()
			continue
		}
		index := arrow.FixedWidthDataType(arrow.PrimitiveTypes.Int32.(arrow.FixedWidthDataType))
		if r.IntN(4) == 0 {
			index = arrow.PrimitiveTypes.Uint16.(arrow.FixedWidthDataType)
		}
		columns[i] = dictionaryOf(r, mem, text, index)
		defer columns[i].Release()
		fields[i].Type = columns[i].DataType()
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, rec.NumRows())
}

func dictionaryOf(r *rand.Rand, mem memory.Allocator, text *array.String, index arrow.DataType) arrow.Array {
	values, codes := array.NewStringBuilder(mem), array.NewBuilder(mem, index)
	defer values.Release()
	defer codes.Release()
	null := -1
	if r.IntN(3) == 0 {
		values.AppendNull()
		null = 0
	}
	values.Append("unused")
	seen := map[string]int{}
	for i := range text.Len() {
		code := null
		if text.IsValid(i) {
			v, ok := seen[text.Value(i)]
			if !ok {
				v = values.Len()
				seen[text.Value(i)] = v
				values.Append(text.Value(i))
			}
			code = v
		}
		switch b := codes.(type) {
		case *array.Int32Builder:
			if code < 0 {
				b.AppendNull()
			} else {
				b.Append(int32(code))
			}
		case *array.Uint16Builder:
			if code < 0 {
				b.AppendNull()
			} else {
				b.Append(uint16(code))
			}
		}
	}
	v, c := values.NewArray(), codes.NewArray()
	defer v.Release()
	defer c.Release()
	return array.NewDictionaryArray(&arrow.DictionaryType{IndexType: index, ValueType: pipeline.StringType}, c, v)
}

// written returns the file that batches make.
func written(t testing.TB, table *pipeline.Table, o Options, batches ...arrow.Record) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := NewWriter(&buf, table, o)
	var rows int64
	for _, b := range batches {
		rows += b.NumRows()
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	stats, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if want := (pipeline.Stats{Rows: rows, Bytes: int64(buf.Len())}); stats != want {
		t.Fatalf("Close says %+v, want %+v", stats, want)
	}
	return buf.Bytes()
}

// saved puts a file into a folder of the test's.
func saved(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.parquet")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
