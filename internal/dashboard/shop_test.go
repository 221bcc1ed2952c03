package dashboard

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/synth"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/silver"
)

// made is a shop whose lake is made.
type made struct {
	mapping *bronze.Mapping
	lake    string
}

// demo makes a sample shop.
func demo(t testing.TB, rows int64, more string) made {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "corner-shop")
	if _, err := synth.Generate(context.Background(), dir, synth.Options{Rows: rows, Seed: 1, Messy: 0.05}, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "smelt.yml"))
	if err != nil {
		t.Fatal(err)
	}
	return makeLake(t, dir, string(text)+"\n"+more)
}

// makeLake runs a mapping over the files of a folder.
func makeLake(t testing.TB, dir, mapping string) made {
	t.Helper()
	path := filepath.Join(dir, "smelt.yml")
	if err := os.WriteFile(path, []byte(mapping), 0o666); err != nil {
		t.Fatal(err)
	}
	m, err := bronze.LoadMapping(path)
	if err != nil {
		t.Fatal(err)
	}
	return publish(t, m, filepath.Join(dir, "lake"))
}

// publish makes the tables of a mapping in a lake.
func publish(t testing.TB, m *bronze.Mapping, dir string) made {
	t.Helper()
	s := made{mapping: m, lake: dir}
	lake, err := store.Open(s.lake)
	if err != nil {
		t.Fatal(err)
	}
	defer lake.Close()
	var sink pipeline.Sink
	if m.Format == "delta" {
		sink = lake.Delta(store.DeltaOptions{})
	} else {
		sink = lake.Sink(func(path string, t *pipeline.Table) (pipeline.Writer, error) {
			return parquetio.Create(path, t, parquetio.Options{})
		}, "parquet")
	}
	if _, err := gold.Run(context.Background(), m, csvio.Open, sink, gold.PartBytes(64<<10)); err != nil {
		t.Fatal(err)
	}
	return s
}

// strange makes a shop of what is rare: guests, orders over several days and of
// several customers, order ids that sales and returns share, NULL costs and
// categories, customers who only returned, products that nobody bought.
func strange(t testing.TB, seed uint64, lines int, format string) made {
	t.Helper()
	dir := filepath.Join(t.TempDir(), fmt.Sprint("strange-", seed))
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 1))
	of := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	var customers, products, sales strings.Builder
	customers.WriteString("id,country,state,segment,name\n")
	for i := range 12 {
		fmt.Fprintf(&customers, "c%02d,%s,%s,%s,Name %d\n", i, of("", "France", "Spain"), of("", "North", "South"), of("", "Home", "Work"), i)
	}
	products.WriteString("id,name,category,sub,cost\n")
	cost := func() string { return of("1.5", "2", "0.01") }
	if seed%2 == 0 {
		cost = func() string { return of("", "1.5", "2") }
	}
	for i := range 10 {
		fmt.Fprintf(&products, "p%02d,Thing %d,%s,%s,%s\n", i, i, of("", "Toys", "Tools"), of("", "Small", "Large"), cost())
	}
	sales.WriteString("order,type,at,customer,product,quantity,price,discount,channel,country\n")
	kind := func() string { return of("sale", "sale", "sale", "return") }
	if seed%5 == 4 {
		kind = func() string { return "return" }
	}
	for range lines {
		customer, order := "", fmt.Sprintf("o%03d", r.IntN(lines/2+1))
		if r.IntN(4) > 0 {
			n := r.IntN(14) // two of them in no file
			customer = fmt.Sprintf("c%02d", n)
			if r.IntN(3) > 0 { // an order of one customer
				order = fmt.Sprintf("o%03d-%d", r.IntN(lines/8+1), n)
			}
		}
		price := of("1", "2.5", "10.0001", "99.99")
		if seed%3 == 2 && r.IntN(50) == 0 {
			price = "9999999999.9999"
		}
		fmt.Fprintf(&sales, "%s,%s,2023-%02d-%02d,%s,p%02d,%d,%s,%s,%s,%s\n", order, kind(), 10+r.IntN(3), 1+r.IntN(28), customer,
			r.IntN(9), 1+r.IntN(3), price, of("0", "0.1"), of("", "web", "shop"), of("", "", "France", "Italy"))
	}
	writeFile(t, dir, "customers.csv", customers.String())
	writeFile(t, dir, "products.csv", products.String())
	writeFile(t, dir, "sales.csv", sales.String())
	return makeLake(t, dir, `format: `+format+`
sources:
  - table: customers
    files: customers.csv
    columns: {customer_id: id, country: country, state: state, segment: segment, full_name: name}
  - table: products
    files: products.csv
    columns: {product_id: id, product_name: name, category: category, subcategory: sub, unit_cost: cost}
  - table: sales
    files: sales.csv
    columns: {order_id: order, line_type: type, ordered_at: at, customer_id: customer, product_id: product, quantity: quantity, unit_price: price, discount_rate: discount, channel: channel, country: country}
`)
}

func writeFile(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// remove removes a table of a lake.
func remove(t testing.TB, lake, folder string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(lake, filepath.FromSlash(folder))); err != nil {
		t.Fatal(err)
	}
}

// rewrite replaces fact_sales by a table that lacks columns.
func rewrite(t testing.TB, lake string) {
	t.Helper()
	remove(t, lake, "silver/fact_sales")
	type line struct {
		OrderID   string         `col:"order_id" doc:"Order."`
		Revenue   pipeline.Price `col:"revenue" doc:"Revenue."`
		OrderDate pipeline.Date  `col:"order_date" doc:"Day."`
	}
	lines := pipeline.Declare[line]("silver.fact_sales", "Lines.")
	folder := filepath.Join(lake, "silver", "fact_sales")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	w, err := parquetio.Create(filepath.Join(folder, "part-00000.parquet"), lines.Table, parquetio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rec := lines.Record(memory.DefaultAllocator, []line{{OrderID: "1"}})
	defer rec.Release()
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// index opens a shop's lake.
func (s made) index(t testing.TB) *Index {
	t.Helper()
	x, err := Open(context.Background(), Options{Lake: s.lake, Mapping: s.mapping, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// figures answers a filter.
func figures(t testing.TB, x *Index, f Filter) *Figures {
	t.Helper()
	out, err := x.Figures(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// rowsOf reads a table of silver.
func rowsOf[T any](t testing.TB, lake string, table *pipeline.TableOf[T]) []T {
	t.Helper()
	opened, err := store.OpenTable(context.Background(), lake, table.Name, store.At{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range table.Columns {
		names = append(names, c.Name)
	}
	var out []T
	for rec, err := range opened.Scan(context.Background(), names) {
		if err != nil {
			t.Fatal(err)
		}
		rows, err := table.Rows(rec)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rows...)
	}
	return out
}

// texts reads columns of a table, with values as texts and NULL as "".
func texts(t testing.TB, lake, table string) []map[string]string {
	t.Helper()
	opened, err := store.OpenTable(context.Background(), lake, table, store.At{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range opened.Schema.Fields() {
		names = append(names, f.Name)
	}
	var out []map[string]string
	for rec, err := range opened.Scan(context.Background(), names) {
		if err != nil {
			t.Fatal(err)
		}
		cells := make([]pipeline.Cell, len(names))
		for i := range names {
			cells[i] = pipeline.CellsOf(rec.Column(i))
		}
		for row := range int(rec.NumRows()) {
			m := map[string]string{}
			for i, name := range names {
				if rec.Column(i).IsValid(row) {
					m[name] = string(cells[i](nil, row))
				}
			}
			out = append(out, m)
		}
	}
	return out
}

var facts = silver.FactSales
