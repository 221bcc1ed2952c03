package parquetio

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/smeltdata/smelt/pipeline"
)

// saleLines has the shape of a sales fact: what most of a run writes.
var saleLines = mustTable("test.sale_lines",
	col("order_id", pipeline.StringType), col("line_number", pipeline.Int32Type).null(), col("ordered_at", pipeline.TimestampType),
	col("order_date", pipeline.DateType), col("customer_id", pipeline.CodeType).null(), col("product_id", pipeline.CodeType),
	col("quantity", pipeline.Int64Type), col("unit_price", pipeline.PriceType), col("revenue", pipeline.PriceType),
	col("country", pipeline.CodeType), col("tax_amount", pipeline.PriceType).null())

type testColumn pipeline.Column

func col(name string, t arrow.DataType) testColumn { return testColumn{Name: name, Doc: name, Type: t} }

func (c testColumn) null() testColumn { c.Nullable = true; return c }

func mustTable(name string, columns ...testColumn) *pipeline.Table {
	list := make([]pipeline.Column, len(columns))
	for i, c := range columns {
		list[i] = pipeline.Column(c)
	}
	t, err := pipeline.NewTable(name, name, nil, list)
	if err != nil {
		panic(err)
	}
	return t
}

// saleBatches makes n rows in batches, with dictionaries that all batches share.
func saleBatches(n, batch int) []arrow.Record {
	r := rand.New(rand.NewPCG(1, 2))
	customers, products, countries := pipeline.NewDictionary(), pipeline.NewDictionary(), pipeline.NewDictionary()
	for i := range 200_000 {
		customers.Code(fmt.Appendf(nil, "C%07d", i*7))
	}
	for i := range 5_000 {
		products.Code(fmt.Appendf(nil, "P%05d", i))
	}
	for i := range 30 {
		countries.Code(fmt.Appendf(nil, "Country %d", i))
	}
	prices := make([]int64, 2000)
	for i := range prices {
		prices[i] = int64(r.IntN(100_000)) * 100
	}
	mem := memory.DefaultAllocator
	var out []arrow.Record
	order, line := 0, int32(1)
	at := int64(1_700_000_000_000_000)
	for done := 0; done < n; done += batch {
		m := min(batch, n-done)
		ids := array.NewStringBuilder(mem)
		lines := array.NewInt32Builder(mem)
		ats := array.NewTimestampBuilder(mem, pipeline.TimestampType)
		dates := array.NewDate32Builder(mem)
		qty := array.NewInt64Builder(mem)
		price := array.NewDecimal128Builder(mem, pipeline.PriceType)
		rev := array.NewDecimal128Builder(mem, pipeline.PriceType)
		tax := array.NewDecimal128Builder(mem, pipeline.PriceType)
		codes := [3]*array.Int32Builder{array.NewInt32Builder(mem), array.NewInt32Builder(mem), array.NewInt32Builder(mem)}
		for range m {
			if r.IntN(5) < 2 {
				order++
				line = 1
				at += int64(r.IntN(60_000_000))
			}
			ids.Append(fmt.Sprintf("ORD-%09d", order))
			lines.Append(line)
			line++
			ats.Append(arrow.Timestamp(at))
			dates.Append(arrow.Date32(at / 86_400_000_000))
			q, p := int64(1+r.IntN(5)), prices[r.IntN(len(prices))]
			qty.Append(q)
			price.Append(decimal128.FromI64(p))
			rev.Append(decimal128.FromI64(q * p * int64(100-r.IntN(20)) / 100))
			if r.IntN(20) == 0 {
				codes[0].AppendNull()
				tax.AppendNull()
			} else {
				codes[0].Append(int32(r.IntN(customers.Len())))
				tax.Append(decimal128.FromI64(q * p / 5))
			}
			codes[1].Append(int32(r.IntN(products.Len())))
			codes[2].Append(int32(r.IntN(countries.Len())))
		}
		dict := func(i int, d *pipeline.Dictionary) arrow.Array {
			return array.NewDictionaryArray(pipeline.CodeType, codes[i].NewArray(), d.Values())
		}
		out = append(out, array.NewRecord(saleLines.Schema, []arrow.Array{ids.NewArray(), lines.NewArray(), ats.NewArray(), dates.NewArray(),
			dict(0, customers), dict(1, products), qty.NewArray(), price.NewArray(), rev.NewArray(), dict(2, countries), tax.NewArray()}, int64(m)))
	}
	return out
}

func BenchmarkWrite(b *testing.B) {
	const n = 1 << 20
	batches := saleBatches(n, 16<<10)
	for _, codec := range []string{"snappy", "zstd", "none"} {
		b.Run(codec, func(b *testing.B) {
			b.ReportAllocs()
			timeWrite(b, saleLines, Options{Compression: codec}, batches, n)
		})
	}
}

// BenchmarkWriteColumn shows what each column costs.
func BenchmarkWriteColumn(b *testing.B) {
	const n = 1 << 20
	batches := saleBatches(n, 16<<10)
	for i, c := range saleLines.Columns {
		b.Run(c.Name, func(b *testing.B) {
			t, err := pipeline.NewTable("test.one", "One column.", nil, []pipeline.Column{c})
			if err != nil {
				b.Fatal(err)
			}
			var records []arrow.Record
			for _, rec := range batches {
				records = append(records, array.NewRecord(t.Schema, []arrow.Array{rec.Column(i)}, rec.NumRows()))
			}
			timeWrite(b, t, Options{}, records, n)
		})
	}
}
