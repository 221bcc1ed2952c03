package gold_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

const mapping = `
sources:
  - table: sales
    files: sales.csv
    columns:
      order_id: Order
      ordered_at: Date
      customer_id: Customer
      product_id: Product
      quantity: Quantity
      unit_price: Price
      country: Country
`

const sales = `Order,Date,Customer,Product,Quantity,Price,Country
1001,2024-03-01,ann,lamp,2,19.90,Germany
1001,2024-03-01,ann,bulb,4,2.50,Germany
1002,2024-03-02,bob,lamp,1,19.90,USA
1003,2024-03-09,ann,lamp,-1,19.90,Germany
`

// shop writes the sample shop into a new folder and returns its mapping.
func shop() (*bronze.Mapping, func()) {
	dir, err := os.MkdirTemp("", "smelt")
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sales.csv"), []byte(sales), 0o666); err != nil {
		log.Fatal(err)
	}
	m, err := bronze.ParseMapping("smelt.yml", []byte(mapping))
	if err != nil {
		log.Fatal(err)
	}
	m.Dir = dir
	return m, func() { os.RemoveAll(dir) }
}

// The whole pipeline: CSV files in, Parquet tables out.
func ExampleRun() {
	m, done := shop()
	defer done()
	lake, err := store.Open(filepath.Join(m.Dir, "lake"))
	if err != nil {
		log.Fatal(err)
	}
	defer lake.Close()
	asParquet := func(path string, t *pipeline.Table) (pipeline.Writer, error) {
		return parquetio.Create(path, t, parquetio.Options{})
	}
	report, err := gold.Run(context.Background(), m, csvio.Open, lake.Sink(asParquet, "parquet"))
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range report.Conservation {
		fmt.Printf("%s: %d records = %d rows + %d rejected; %d in silver\n", c.Table, c.Records, c.Bronze, c.Rejected, c.Silver)
	}
	// Output:
	// customers: 0 records = 0 rows + 0 rejected; 2 in silver
	// products: 0 records = 0 rows + 0 rejected; 2 in silver
	// sales: 4 records = 4 rows + 0 rejected; 4 in silver
}

// A stage of one's own between silver and gold: here gold leaves out the
// orders of one country, while silver keeps them.
func ExampleStages() {
	m, done := shop()
	defer done()
	withoutUSA := pipeline.Map(func(rec arrow.Record) (arrow.Record, error) {
		rows, err := silver.FactSales.Rows(rec) // typed rows; a faster stage works on the columns
		if err != nil {
			return nil, err
		}
		var kept []silver.FactSale
		for _, f := range rows {
			if f.CountryCode.V != "US" {
				kept = append(kept, f)
			}
		}
		return silver.FactSales.Record(memory.DefaultAllocator, kept), nil
	})
	var tables pipeline.Memory
	defer tables.Release()
	if _, err := gold.Run(context.Background(), m, csvio.Open, &tables, gold.Stages(withoutUSA)); err != nil {
		log.Fatal(err)
	}
	for _, rec := range tables.Table("gold.regional_sales") {
		for i := range int(rec.NumRows()) {
			fmt.Println(rec.Column(0).ValueStr(i), rec.Column(1).ValueStr(i))
		}
	}
	// Output:
	// country Germany
	// state Germany
}

// A gold table of one's own, from dimensions and measures.
func ExampleTables() {
	m, done := shop()
	defer done()
	byProductAndMonth := &gold.Spec{
		Name:     "gold.product_months",
		Doc:      "One row per product and month.",
		By:       []gold.Dimension{gold.Column("product_id"), gold.OrderDate(gold.ByMonth)},
		Measures: []*metrics.Measure{metrics.UnitsSold, metrics.Revenue, metrics.ReturnRate},
	}
	var tables pipeline.Memory
	defer tables.Release()
	if _, err := gold.Run(context.Background(), m, csvio.Open, &tables, gold.Tables(byProductAndMonth)); err != nil {
		log.Fatal(err)
	}
	for _, rec := range tables.Table("gold.product_months") {
		revenue := rec.Column(3).(*array.Decimal128)
		for i := range int(rec.NumRows()) {
			fmt.Println(rec.Column(0).ValueStr(i), rec.Column(1).ValueStr(i), rec.Column(2).ValueStr(i), pipeline.Sum{Num: revenue.Value(i)})
		}
	}
	// Output:
	// bulb 2024-03-01 4 10.0000
	// lamp 2024-03-01 3 39.8000
}

// Totals are saved, and amended when an order gets another line: only the lines of
// that order and of its customer are counted again.
func ExampleTotals_Amend() {
	specs := []*gold.Spec{{Name: "gold.by_product", Doc: "One row per product.", By: []gold.Dimension{gold.Column("product_id")},
		Measures: []*metrics.Measure{metrics.Orders, metrics.Customers, metrics.UnitsSold}}}
	line := func(order, customer, product string) silver.FactSale {
		return silver.FactSale{OrderID: order, LineType: "sale", CustomerID: pipeline.Some(pipeline.Code(customer)), ProductID: pipeline.Code(product), Quantity: 1}
	}
	count := func(lines ...silver.FactSale) *gold.Totals {
		a, err := gold.NewAggregation(specs, 1, nil)
		if err != nil {
			log.Fatal(err)
		}
		if err := a.Add(0, silver.FactSales.Record(nil, lines)); err != nil {
			log.Fatal(err)
		}
		totals, err := a.Totals(gold.Inputs{})
		if err != nil {
			log.Fatal(err)
		}
		return totals
	}
	var lake pipeline.Memory
	defer lake.Release()
	create := func(t *pipeline.Table) (pipeline.Writer, error) { return lake.Create(t, 0) }
	read := func(t *pipeline.Table) pipeline.Stream { return pipeline.Of(lake.Table(t.Name)...) }

	totals := count(line("1001", "ann", "lamp"), line("1001", "ann", "bulb"), line("1002", "bob", "lamp"))
	if err := totals.Save(create); err != nil {
		log.Fatal(err)
	}
	if err := lake.Commit(context.Background(), &pipeline.Report{}); err != nil {
		log.Fatal(err)
	}

	totals, err := gold.LoadTotals(specs, 1, read)
	if err != nil {
		log.Fatal(err)
	}
	before := count(line("1002", "bob", "lamp"))
	after := count(line("1002", "bob", "lamp"), line("1002", "bob", "bulb"))
	closed := func(customer []byte) bool { return string(customer) == "bob" }
	if err := totals.Amend(before, after, closed); err != nil { // gold.ErrRecount: count all lines
		log.Fatal(err)
	}
	if _, err := totals.Tables(gold.Inputs{}, create); err != nil {
		log.Fatal(err)
	}
	for _, rec := range lake.Table("gold.by_product") {
		for i := range int(rec.NumRows()) {
			fmt.Println(rec.Column(0).ValueStr(i), "orders", rec.Column(1).ValueStr(i), "customers", rec.Column(2).ValueStr(i), "units", rec.Column(3).ValueStr(i))
		}
	}
	// Output:
	// bulb orders 2 customers 2 units 2
	// lamp orders 2 customers 2 units 2
}

// counter is a sink of one's own: it only counts rows.
type counter struct {
	mu   sync.Mutex // parts are written side by side
	rows map[string]int64
}

func (c *counter) Create(t *pipeline.Table, _ int) (pipeline.Writer, error) {
	return &counting{counter: c, table: t.Name}, nil
}
func (c *counter) Commit(context.Context, *pipeline.Report) error { return nil }
func (c *counter) Abort() error                                   { return nil }

type counting struct {
	*counter
	table string
	n     int64
}

func (w *counting) Write(rec arrow.Record) error { w.n += rec.NumRows(); return nil }
func (w *counting) Close() (pipeline.Stats, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rows[w.table] += w.n
	return pipeline.Stats{Rows: w.n}, nil
}

// A source and a sink of one's own: the lines come from memory, as they might
// from a database, and only the number of rows is kept.
func ExampleRun_ownSourceAndSink() {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "Order", Type: arrow.BinaryTypes.String}, {Name: "Date", Type: arrow.FixedWidthTypes.Date32}, {Name: "Customer", Type: arrow.BinaryTypes.String},
		{Name: "Product", Type: arrow.BinaryTypes.String}, {Name: "Quantity", Type: arrow.PrimitiveTypes.Int64}, {Name: "Price", Type: arrow.PrimitiveTypes.Float64},
		{Name: "Country", Type: arrow.BinaryTypes.String},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range 3 {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprint(1001 + i))
		b.Field(1).(*array.Date32Builder).Append(arrow.Date32(19800 + i))
		b.Field(2).(*array.StringBuilder).Append("ann")
		b.Field(3).(*array.StringBuilder).Append("lamp")
		b.Field(4).(*array.Int64Builder).Append(1)
		b.Field(5).(*array.Float64Builder).Append(19.90)
		b.Field(6).(*array.StringBuilder).Append("DE")
	}
	lines := b.NewRecord()
	defer lines.Release()
	open := func(_ context.Context, f pipeline.File) (pipeline.Source, error) {
		return pipeline.NewArraySource(f.Name, schema, func(context.Context) pipeline.Stream { return pipeline.Of(lines) }), nil
	}

	m, done := shop()
	defer done()
	m.Sources[0].Files = []string{"memory://sales"} // handed to open as it stands
	sink := &counter{rows: map[string]int64{}}
	if _, err := gold.Run(context.Background(), m, open, sink); err != nil {
		log.Fatal(err)
	}
	fmt.Println(sink.rows["bronze.sales"], sink.rows["silver.fact_sales"], sink.rows["gold.customer_metrics"])
	// Output: 3 3 1
}
