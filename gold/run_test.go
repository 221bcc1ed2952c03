package gold

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/stagetest"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// texts is a table in memory, all text, as a CSV file would be.
type texts struct {
	columns []string
	rows    [][]string
}

// source returns the table as a source whose batches are cut at random.
func (t texts) source(name string, rng *rand.Rand) pipeline.Source {
	var fields []arrow.Field
	for _, c := range t.columns {
		fields = append(fields, arrow.Field{Name: c, Type: arrow.BinaryTypes.String, Nullable: true})
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for _, row := range t.rows {
		for i, v := range row {
			b.Field(i).(*array.StringBuilder).Append(v)
		}
	}
	rec := b.NewRecord()
	seed := rng.Uint64()
	return pipeline.NewArraySource(name, schema, func(context.Context) pipeline.Stream {
		var cut []arrow.Record
		for at := int64(0); at < rec.NumRows(); {
			end := min(rec.NumRows(), at+1+int64(seed%97))
			cut = append(cut, rec.NewSlice(at, end))
			at = end
		}
		return pipeline.Of(cut...)
	})
}

// memoryShop is a shop in memory: tables by file name.
type memoryShop map[string]texts

func (s memoryShop) open(rng *rand.Rand) pipeline.Opener {
	seed := rng.Uint64()
	return func(_ context.Context, f pipeline.File) (pipeline.Source, error) {
		t, ok := s[f.Path]
		if !ok {
			return nil, fmt.Errorf("no file %s", f.Path)
		}
		return t.source(f.Name, rand.New(rand.NewPCG(seed, 1))), nil
	}
}

// randomShop makes a shop with repeated records, returns, orphans and mistakes.
func randomShop(rng *rand.Rand) memoryShop {
	customers := texts{columns: []string{"id", "name", "country", "changed"}}
	for i := range 30 {
		for range 1 + rng.IntN(2) {
			customers.rows = append(customers.rows, []string{fmt.Sprint("C", i), fmt.Sprint("Ann ", i), []string{"USA", "germany", "Atlantis"}[i%3], stamp(rng)})
		}
	}
	customers.rows = append(customers.rows, []string{"", "nobody", "USA", stamp(rng)})
	products := texts{columns: []string{"id", "name", "category", "cost", "price", "changed"}}
	for i := range 12 {
		products.rows = append(products.rows, []string{fmt.Sprint("P", i), fmt.Sprint("Thing ", i), []string{"Toys", "toys", ""}[i%3], "1.50", fmt.Sprint(i + 2), stamp(rng)})
	}
	sales := texts{columns: []string{"order", "line", "date", "customer", "product", "quantity", "price", "status", "changed"}}
	for i := range 500 {
		row := []string{fmt.Sprint("O", i/2), fmt.Sprint(i%2 + 1), fmt.Sprintf("2024-%02d-%02d", 1+rng.IntN(12), 1+rng.IntN(28)), fmt.Sprint("C", rng.IntN(35)),
			fmt.Sprint("P", rng.IntN(14)), fmt.Sprint(1 + rng.IntN(4)), fmt.Sprintf("%d.%02d", rng.IntN(90), rng.IntN(100)), "shipped", stamp(rng)}
		switch rng.IntN(14) {
		case 0:
			row[5] = "-" + row[5]
		case 1:
			row[7] = "Returned"
		case 2:
			row[2] = "tomorrow"
		case 3:
			row[3] = ""
		case 4:
			row[6] = ""
		case 5:
			row[5] = "0"
		case 6:
			again := slices.Clone(row)
			again[5], again[8] = "7", stamp(rng)
			sales.rows = append(sales.rows, again)
		}
		sales.rows = append(sales.rows, row)
	}
	return memoryShop{"memory://customers": customers, "memory://products": products, "memory://sales": sales}
}

var stamps = 0

// stamp returns a time that no other record has, so that the order of records
// decides nothing.
func stamp(rng *rand.Rand) string {
	stamps++
	return fmt.Sprintf("2025-01-%02d %02d:%02d:00.%06d", 1+rng.IntN(28), rng.IntN(24), rng.IntN(60), stamps%1_000_000)
}

func column(name, from string) bronze.ColumnSpec {
	return bronze.ColumnSpec{Column: name, From: []string{from}}
}

func (s memoryShop) mapping() *bronze.Mapping {
	m := &bronze.Mapping{}
	for _, name := range []string{"memory://customers", "memory://products", "memory://sales", "memory://sales2", "memory://sales3"} {
		if _, ok := s[name]; !ok {
			continue
		}
		spec := bronze.SourceSpec{Files: []string{name}}
		switch {
		case name == "memory://customers":
			spec.Table = "customers"
			spec.Columns = []bronze.ColumnSpec{column("customer_id", "id"), column("full_name", "name"), column("country", "country"), column("updated_at", "changed")}
		case name == "memory://products":
			spec.Table = "products"
			spec.Columns = []bronze.ColumnSpec{column("product_id", "id"), column("product_name", "name"), column("category", "category"),
				column("unit_cost", "cost"), column("unit_price", "price"), column("updated_at", "changed")}
		default:
			spec.Table = "sales"
			spec.Columns = []bronze.ColumnSpec{column("order_id", "order"), column("line_number", "line"), column("status", "status"), column("ordered_at", "date"),
				column("customer_id", "customer"), column("product_id", "product"), column("quantity", "quantity"), column("unit_price", "price"), column("updated_at", "changed")}
		}
		m.Sources = append(m.Sources, spec)
	}
	return m
}

// goldOf runs a shop and returns the gold tables' rows and the report.
func goldOf(t *testing.T, s memoryShop, rng *rand.Rand, opts ...Option) (map[string][]string, *pipeline.Report) {
	t.Helper()
	return goldBy(t, s.mapping(), s, rng, opts...)
}

// goldBy is goldOf by a mapping.
func goldBy(t *testing.T, m *bronze.Mapping, s memoryShop, rng *rand.Rand, opts ...Option) (map[string][]string, *pipeline.Report) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	var sink pipeline.Memory
	defer sink.Release()
	report, err := Run(context.Background(), m, s.open(rng), &sink, append(opts, Allocator(mem))...)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, r := range report.Tables {
		rows := int64(0)
		for _, rec := range sink.Table(r.Name) {
			rows += rec.NumRows()
			if strings.HasPrefix(r.Name, "gold.") {
				out[r.Name] = append(out[r.Name], cells(rec)...)
			}
		}
		if rows != r.Rows {
			t.Errorf("%s: the report says %d rows, the sink has %d", r.Name, r.Rows, rows)
		}
	}
	return out, report
}

// Whatever the order of the records, the files that they are in, the workers
// and the batches: the same gold.
func TestRunMetamorphic(t *testing.T) {
	defer goleak.VerifyNone(t)
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 3))
		s := randomShop(rng)
		want, report := goldOf(t, s, rng, Workers(1))
		for _, c := range report.Conservation {
			if !c.Holds || c.Records == 0 || c.Silver == 0 {
				t.Errorf("seed %d: %+v", seed, c)
			}
		}
		if len(want["gold.customer_metrics"]) < 30 || len(want["gold.sales_summary"]) < 300 {
			t.Fatalf("gold is too small: %d customers, %d periods", len(want["gold.customer_metrics"]), len(want["gold.sales_summary"]))
		}
		check := func(what string, other memoryShop, opts ...Option) {
			t.Helper()
			got, _ := goldOf(t, other, rng, opts...)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("seed %d, %s: other gold:\n%s", seed, what, d)
			}
		}
		check("other batches", s, Workers(1))
		permuted := memoryShop{}
		for name, table := range s {
			rows := slices.Clone(table.rows)
			rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			permuted[name] = texts{table.columns, rows}
		}
		check("permuted records", permuted, Workers(2))
		split := memoryShop{"memory://customers": s["memory://customers"], "memory://products": s["memory://products"]}
		sales := permuted["memory://sales"]
		a, b := rng.IntN(len(sales.rows)), rng.IntN(len(sales.rows))
		a, b = min(a, b), max(a, b)
		split["memory://sales"] = texts{sales.columns, sales.rows[:a]}
		split["memory://sales2"] = texts{sales.columns, sales.rows[a:b]}
		split["memory://sales3"] = texts{sales.columns, sales.rows[b:]}
		check("split files", split, Workers(3), PartBytes(1))
	}
}

// A user's stages see the fact in between; silver itself stays as it is.
func TestRunStages(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	s := randomShop(rng)
	var sink pipeline.Memory
	defer sink.Release()
	onlySales := pipeline.Map(func(rec arrow.Record) (arrow.Record, error) {
		rows, err := silver.FactSales.Rows(rec)
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(f silver.FactSale) bool { return f.LineType == "return" })
		return silver.FactSales.Record(memory.DefaultAllocator, rows), nil
	})
	if _, err := Run(context.Background(), s.mapping(), s.open(rng), &sink, Stages(onlySales)); err != nil {
		t.Fatal(err)
	}
	returns := 0
	for _, rec := range sink.Table("silver.fact_sales") {
		for _, row := range stagetest.Rows(rec) {
			returns += strings.Count(row, `line_type="return"`)
		}
	}
	if returns == 0 {
		t.Error("silver has no return")
	}
	for _, rec := range sink.Table("gold.customer_metrics") {
		for _, row := range stagetest.Rows(rec) {
			if !strings.Contains(row, `return_orders="0"`) {
				t.Fatalf("gold has a return: %s", row)
			}
		}
	}
}

// failingSink fails at a chosen call and counts what is open.
type failingSink struct {
	pipeline.Memory
	failCreate string
	aborted    bool
}

var errDisk = errors.New("disk full")

func (f *failingSink) Create(t *pipeline.Table, part int) (pipeline.Writer, error) {
	if t.Name == f.failCreate {
		return nil, errDisk
	}
	return f.Memory.Create(t, part)
}

func (f *failingSink) Abort() error { f.aborted = true; return f.Memory.Abort() }

func TestRunFails(t *testing.T) {
	defer goleak.VerifyNone(t)
	rng := rand.New(rand.NewPCG(1, 4))
	s := randomShop(rng)
	for _, table := range []string{"bronze.customers", "bronze.sales", "silver.fact_sales", "silver.quarantine", "gold.sales_summary"} {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		sink := &failingSink{failCreate: table}
		report, err := Run(context.Background(), s.mapping(), s.open(rng), sink, Allocator(mem))
		if !errors.Is(err, errDisk) || report != nil || !sink.aborted || sink.Report != nil {
			t.Errorf("%s: %v, report %v, aborted %v", table, err, report, sink.aborted)
		}
		sink.Release()
		mem.AssertSize(t, 0)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	sink := &failingSink{}
	if _, err := Run(ctx, s.mapping(), s.open(rng), sink); !errors.Is(err, context.Canceled) || !sink.aborted {
		t.Errorf("cancelled: %v", err)
	}
}
