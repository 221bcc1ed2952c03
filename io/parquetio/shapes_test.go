package parquetio

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// shape is a column of a benchmark: how many of its values are NULL, and what
// a row's value is.
type shape struct {
	testColumn
	nulls float64
	next  func(r *rand.Rand, row int) int64
	text  string // format of a text's number
}

// skewed draws below n, low numbers more often, in steps.
func skewed(n int, step int64) func(*rand.Rand, int) int64 {
	return func(r *rand.Rand, _ int) int64 {
		f := r.Float64()
		return int64(f*f*float64(n)) * step
	}
}

// mostly draws 0, and from another draw once in a while.
func mostly(often float64, other func(*rand.Rand, int) int64) func(*rand.Rand, int) int64 {
	return func(r *rand.Rand, row int) int64 {
		if r.Float64() < often {
			return 0
		}
		return other(r, row)
	}
}

func ascending(_ *rand.Rand, row int) int64 { return int64(row) }

// clock draws times that go up by half a minute, each for a few rows.
func clock(_ *rand.Rand, row int) int64 {
	return 1_672_531_200_000_000 + int64(row*2/5*37%7+row*2/5)*30_000_000
}

func orders(_ *rand.Rand, row int) int64 { return 1_000_001 + int64(row)*2/5 }

// rawShapes and factShapes are like bronze.sales and silver.fact_sales of a
// shop of 200,000 customers and 50,000 products.
var (
	rawShapes = []shape{
		{col("order_id", pipeline.StringType).null(), 0.0001, orders, "S%d"},
		{col("line_number", pipeline.Int32Type).null(), 0.0001, mostly(0.4, skewed(10, 1)), ""},
		{col("line_type", pipeline.CodeType).null(), 0, mostly(0.97, skewed(14, 1)), "type %d"},
		{col("status", pipeline.CodeType).null(), 0.92, skewed(22, 1), "status %d"},
		{col("ordered_at", pipeline.TimestampType).null(), 0.0004, clock, ""},
		{col("returned_at", pipeline.TimestampType).null(), 1, clock, ""},
		{col("customer_id", pipeline.CodeType).null(), 0.06, skewed(200_000, 1), "C1%05d"},
		{col("product_id", pipeline.CodeType).null(), 0.0001, skewed(50_000, 1), "P1%05d"},
		{col("quantity", pipeline.Int64Type).null(), 0.0001, mostly(0.6, skewed(8, 1)), ""},
		{col("unit_price", pipeline.PriceType).null(), 0.0001, skewed(2_800, 5_000), ""},
		{col("line_amount", pipeline.PriceType).null(), 1, skewed(2_800, 5_000), ""},
		{col("discount_rate", pipeline.RateType).null(), 0.75, skewed(7, 50_000), ""},
		{col("discount_amount", pipeline.PriceType).null(), 1, skewed(2_800, 5_000), ""},
		{col("tax_amount", pipeline.PriceType).null(), 0.48, skewed(10_000, 700), ""},
		{col("currency", pipeline.CodeType).null(), 1, skewed(3, 1), "C%d"},
		{col("channel", pipeline.CodeType).null(), 0, skewed(30, 1), "channel %d"},
		{col("payment_method", pipeline.CodeType).null(), 0, skewed(33, 1), "payment %d"},
		{col("city", pipeline.CodeType).null(), 1, skewed(3, 1), "C%d"},
		{col("state", pipeline.CodeType).null(), 0.0005, skewed(156, 1), "State %d"},
		{col("postal_code", pipeline.CodeType).null(), 1, skewed(3, 1), "C%d"},
		{col("country", pipeline.CodeType).null(), 0.0003, skewed(118, 1), "Country %d"},
		{col("original_order_id", pipeline.StringType).null(), 0.98, orders, "S%d"},
		{col("updated_at", pipeline.TimestampType).null(), 0.999, clock, ""},
		{col("_source_file", pipeline.CodeType), 0, mostly(1, nil), "sales_2024.csv%d"},
		{col("_source_row", pipeline.Int64Type), 0, ascending, ""},
		{col("_batch_id", pipeline.CodeType), 0, mostly(1, nil), "5d48864b93d7bc0%d"},
		{col("_rescued_data", pipeline.StringType).null(), 0.9993, skewed(26, 1), `{"unit_price":"see notes %d"}`},
	}
	factShapes = []shape{
		{col("order_id", pipeline.StringType), 0, orders, "S%d"},
		{col("line_number", pipeline.Int32Type).null(), 0.0001, mostly(0.4, skewed(10, 1)), ""},
		{col("line_type", pipeline.CodeType), 0, mostly(0.97, skewed(2, 1)), "type %d"},
		{col("ordered_at", pipeline.TimestampType), 0, clock, ""},
		{col("order_date", pipeline.DateType), 0, func(r *rand.Rand, row int) int64 { return clock(r, row) / 86_400_000_000 }, ""},
		{col("customer_id", pipeline.CodeType).null(), 0.06, skewed(200_000, 1), "C1%05d"},
		{col("product_id", pipeline.CodeType), 0, skewed(50_000, 1), "P1%05d"},
		{col("quantity", pipeline.Int64Type), 0, mostly(0.6, skewed(8, 1)), ""},
		{col("unit_price", pipeline.PriceType), 0, skewed(2_800, 5_000), ""},
		{col("discount_amount", pipeline.PriceType), 0, mostly(0.75, skewed(9_700, 500)), ""},
		{col("tax_amount", pipeline.PriceType).null(), 0.48, skewed(10_000, 700), ""},
		{col("sales", pipeline.PriceType), 0, mostly(0.03, skewed(20_000, 500)), ""},
		{col("returns", pipeline.PriceType), 0, mostly(0.97, skewed(7_000, 500)), ""},
		{col("revenue", pipeline.PriceType), 0, skewed(27_000, 500), ""},
		{col("cost", pipeline.PriceType).null(), 0.015, skewed(20_600, 300), ""},
		{col("margin", pipeline.PriceType).null(), 0.015, skewed(44_000, 100), ""},
		{col("category", pipeline.CodeType), 0, skewed(8, 1), "Category %d"},
		{col("country", pipeline.CodeType), 0, skewed(13, 1), "Country %d"},
		{col("country_code", pipeline.CodeType).null(), 0.0001, skewed(12, 1), "C%d"},
		{col("state", pipeline.CodeType), 0, skewed(77, 1), "State %d"},
		{col("city", pipeline.CodeType).null(), 0.065, skewed(133, 1), "City %d"},
		{col("channel", pipeline.CodeType).null(), 0, skewed(12, 1), "channel %d"},
		{col("payment_method", pipeline.CodeType).null(), 0, skewed(13, 1), "payment %d"},
		{col("currency", pipeline.CodeType).null(), 1, skewed(3, 1), "C%d"},
		{col("original_order_id", pipeline.StringType).null(), 0.98, orders, "S%d"},
		{col("updated_at", pipeline.TimestampType).null(), 0.999, clock, ""},
		{col("_source_file", pipeline.CodeType), 0, mostly(1, nil), "sales_2024.csv%d"},
		{col("_source_row", pipeline.Int64Type), 0, ascending, ""},
	}
)

// shapedTable declares a table of such columns.
func shapedTable(shapes []shape) *pipeline.Table {
	var columns []testColumn
	for _, s := range shapes {
		columns = append(columns, s.testColumn)
	}
	return mustTable("test.shapes", columns...)
}

// shapedColumn makes a column of n rows in batches. Its dictionary grows from
// batch to batch, as a reader's does.
func shapedColumn(s shape, n, batch int) (out []arrow.Array) {
	r := rand.New(rand.NewPCG(1, 2))
	mem := memory.DefaultAllocator
	dict := pipeline.NewDictionary()
	_, coded := s.Type.(*arrow.DictionaryType)
	for from := 0; from < n; from += batch {
		typ := s.Type
		if coded {
			typ = arrow.PrimitiveTypes.Int32
		}
		b := array.NewBuilder(mem, typ)
		for row := from; row < min(n, from+batch); row++ {
			if s.nulls > 0 && (s.nulls == 1 || r.Float64() < s.nulls) {
				b.AppendNull()
				continue
			}
			v := s.next(r, row)
			switch b := b.(type) {
			case *array.Int64Builder:
				b.Append(v)
			case *array.Int32Builder:
				if coded {
					v = int64(dict.Code(fmt.Appendf(nil, s.text, v)))
				}
				b.Append(int32(v))
			case *array.Date32Builder:
				b.Append(arrow.Date32(v))
			case *array.TimestampBuilder:
				b.Append(arrow.Timestamp(v))
			case *array.Decimal128Builder:
				b.Append(decimal128.FromI64(v))
			case *array.StringBuilder:
				b.Append(fmt.Sprintf(s.text, v))
			}
		}
		a := b.NewArray()
		if coded {
			a = array.NewDictionaryArray(pipeline.CodeType, a, dict.Values())
		}
		out = append(out, a)
	}
	return out
}

// BenchmarkShapes writes tables like those that a run writes most of, whole and
// column by column: a part of a row group and a little, in batches of 8,192.
func BenchmarkShapes(b *testing.B) {
	for _, t := range []struct {
		name   string
		shapes []shape
	}{{"raw", rawShapes}, {"fact", factShapes}} {
		const n, batch = 576 << 10, 8 << 10
		columns := make([][]arrow.Array, len(t.shapes))
		column := func(i int) []arrow.Array {
			if columns[i] == nil {
				columns[i] = shapedColumn(t.shapes[i], n, batch)
			}
			return columns[i]
		}
		b.Run(t.name, func(b *testing.B) {
			for i := range t.shapes {
				column(i)
			}
			benchmarkWrite(b, shapedTable(t.shapes), columns, n)
		})
		for i, s := range t.shapes {
			b.Run(t.name+"/"+s.Name, func(b *testing.B) {
				benchmarkWrite(b, shapedTable(t.shapes[i:i+1]), [][]arrow.Array{column(i)}, n)
			})
		}
	}
}

// benchmarkWrite writes n rows that are given column by column, in batches.
func benchmarkWrite(b *testing.B, t *pipeline.Table, columns [][]arrow.Array, n int) {
	var records []arrow.Record
	for k := range columns[0] {
		var arrays []arrow.Array
		for _, c := range columns {
			arrays = append(arrays, c[k])
		}
		records = append(records, array.NewRecord(t.Schema, arrays, int64(arrays[0].Len())))
	}
	b.ReportAllocs()
	timeWrite(b, t, Options{}, records, n)
}

// timeWrite writes the records, of n rows, again and again.
func timeWrite(b *testing.B, t *pipeline.Table, o Options, records []arrow.Record, n int) {
	var size int64
	for b.Loop() {
		w := NewWriter(io.Discard, t, o)
		for _, rec := range records {
			if err := w.Write(rec); err != nil {
				b.Fatal(err)
			}
		}
		s, err := w.Close()
		if err != nil {
			b.Fatal(err)
		}
		size = s.Bytes
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
	b.ReportMetric(float64(size)/float64(n), "B/row")
}
