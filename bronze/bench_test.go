package bronze

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/pipeline"
)

// BenchmarkReader makes bronze.sales of batches that cost nothing to scan: what
// is left is the reader's own work.
func BenchmarkReader(b *testing.B) {
	const rows = 8192
	var orders strings.Builder
	orders.WriteString("No|At|Customer\n")
	for i := range 1000 {
		fmt.Fprintf(&orders, "%d|2024-03-01 02:30|C%d\n", i, i%300)
	}
	var s strings.Builder
	s.WriteString("No|Line|Item|Qty|Price|At|Country|Kind\n")
	for i := range rows {
		fmt.Fprintf(&s, "%d|%d|P%d|%d|%d.99|2024-01-01 10:00:00|C%d|%d\n", i*7%1000, i%9, i%500, i%4, i%50, i%20, i%3)
	}
	for _, c := range []struct{ name, columns string }{
		{"direct", ""},
		{"map", "channel: {from: Kind, map: {0: web, 1: store}}"},
		{"map-string", "original_order_id: {from: Kind, map: {0: web, 1: store}}"},
		{"lookup", "customer_id: order[No].Customer"},
		{"template", `original_order_id: {template: "{Kind}-{No}"}`},
		{"first", "tax_amount: {from: [Kind, Qty]}"},
		{"constant", "channel: {value: web}"},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := parse(b, `
lookups: {order: {files: memory://orders, key: No}}
sources:
  - table: sales
    files: memory://s
    columns:
      order_id: No
      line_number: Line
      ordered_at: At
      product_id: Item
      quantity: Qty
      unit_price: Price
      country: Country
      `+c.columns+"\n")
			f := files{"memory://orders": orders.String(), "memory://s": s.String()}
			ctx := context.Background()
			lookups, err := LoadLookups(ctx, m, f.open)
			if err != nil {
				b.Fatal(err)
			}
			inputs, err := OpenInputs(ctx, m, f.open)
			if err != nil {
				b.Fatal(err)
			}
			plan, err := inputs[0].Bind(m, lookups, inputs[0].Main())
			if err != nil {
				b.Fatal(err)
			}
			r := plan.NewReader(memory.DefaultAllocator, "batch-1", Dictionaries{})
			defer r.Release()
			segments, err := inputs[0].Source.Split(ctx, 0)
			if err != nil {
				b.Fatal(err)
			}
			for batch, err := range segments[0].Scan(ctx, pipeline.Scan{Fields: r.fields}) {
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					for range r.Scan(ctx, scanned{segments[0], batch}, nil) {
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
			}
		})
	}
}

// scanned is a segment whose one batch is at hand.
type scanned struct {
	pipeline.Segment
	batch *pipeline.Batch
}

func (s scanned) Scan(context.Context, pipeline.Scan) iter.Seq2[*pipeline.Batch, error] {
	return func(yield func(*pipeline.Batch, error) bool) { yield(s.batch, nil) }
}
