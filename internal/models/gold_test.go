package models

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
	"github.com/smeltdata/smelt/silver"
)

// goldOf makes gold's models alone.
func goldOf(t *testing.T, d sql.Dialect, rules bronze.Rules) *Project {
	t.Helper()
	p := &Project{Name: "shop", Dialect: d, Mapping: &bronze.Mapping{Rules: rules}, Macros: macros()}
	if err := p.goldModels(); err != nil {
		t.Fatal(err)
	}
	return p
}

// Every table of gold has a model, which makes all of its measures, reads only what
// is there, and compiles to plain SQL.
func TestGoldModels(t *testing.T) {
	for _, d := range []sql.Dialect{sql.DuckDB, sql.Spark} {
		p := goldOf(t, d, bronze.Rules{RFM: bronze.RFM{Recency: "quantile", Monetary: "quantile", Grid: bronze.DefaultGrid}})
		known := []string{"dim_customers", "dim_products", "fact_sales", "rfm_segments"}
		for _, m := range p.Models {
			for _, name := range m.Reads() {
				if !slices.Contains(known, name) {
					t.Errorf("%s reads %s, which no model before it makes", m.Name, name)
				}
			}
			known = append(known, m.Name)
			text, err := p.Compile(m, func(name string) string { return name }, nil)
			if err != nil || strings.Contains(text, "{{") || strings.Contains(text, "[[") {
				t.Errorf("%s does not compile (%v): %s", m.Name, err, text)
			}
			if m.Table == nil {
				continue
			}
			for column, measure := range gold.MeasuresOf(m.Table.Name) {
				if m.Table.Index(column) >= 0 && column != "clv" && column != "monetary" && !strings.Contains(m.SQL, measure.SQL()+" as "+column) && m.Name != "customer_segmentation" {
					t.Errorf("%s lacks %s as %s", m.Name, measure.SQL(), column)
				}
			}
		}
		for _, s := range gold.Seed() {
			if _, name, _ := strings.Cut(s.Name, "."); !slices.Contains(known, name) {
				t.Errorf("there is no model of %s", s.Name)
			}
		}
	}
}

func TestGoldFollowsRules(t *testing.T) {
	day := pipeline.DateOf(time.Date(2021, 1, 31, 0, 0, 0, 0, time.UTC))
	p := goldOf(t, sql.Spark, bronze.Rules{ReferenceDate: pipeline.Some(day), RFM: bronze.RFM{Frequency: "quantile", MonetaryMeasure: "sales", Grid: bronze.DefaultGrid}})
	for _, want := range []struct{ model, text string }{
		{"int_reference_date", "select cast('2021-01-31' as date) as reference_date"},
		{"customer_segmentation", "customers.sales as monetary"},
		{"customer_segmentation", "frequency_cuts"},
		{"customer_segmentation", "ntile(5) over (order by recency_days desc, customer_id)"},
	} {
		i := slices.IndexFunc(p.Models, func(m *Model) bool { return m.Name == want.model })
		if !strings.Contains(p.Models[i].SQL, want.text) {
			t.Errorf("%s lacks %q:\n%s", want.model, want.text, p.Models[i].SQL)
		}
	}
	if s := p.Seeds[0]; len(s.Rows) != 25 || !slices.Equal(s.Rows[4], []string{"1", "5", "Can't Lose Them"}) {
		t.Errorf("the grid's seed is %v", s)
	}
}

// relation is a table as the judge's program reads it.
type relation struct {
	Name    string      `json:"name"`
	Columns [][2]string `json:"columns"` // name and SQL type
	Rows    [][]*string `json:"rows"`
}

// judged is a shop: the tables before, silver's or bronze's, the models over them, and
// what Go makes, gold or silver.
type judged struct {
	Silver []relation  `json:"silver"`
	Models [][2]string `json:"models"` // name and SQL, in order
	Gold   []relation  `json:"gold"`
}

//go:embed testdata/gold.py
var compareGold string

// The models make of random shops, cell by cell, what gold makes of them in Go.
func TestGoldJudged(t *testing.T) {
	python := judgetest.Python(t, "duckdb")
	rng := rand.New(rand.NewPCG(3, 14))
	var shops []judged
	for i := range 12 {
		shops = append(shops, randomShop(t, rng, i))
	}
	input, err := json.Marshal(shops)
	if err != nil {
		t.Fatal(err)
	}
	run := exec.Command(python, "-c", compareGold)
	run.Stdin = strings.NewReader(string(input))
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// randomShop has guests, orders of several customers and days, unknown costs,
// customers and products without lines, ties, and amounts whose quotients do not fit.
func randomShop(t *testing.T, rng *rand.Rand, number int) judged {
	how := func() string { return []string{"ntile", "quantile"}[rng.IntN(2)] }
	rules := bronze.Rules{RFM: bronze.RFM{Recency: how(), Frequency: how(), Monetary: how(), Grid: bronze.DefaultGrid,
		MonetaryMeasure: []string{"revenue", "sales", "returns", "discounts"}[rng.IntN(4)]}}
	if rng.IntN(3) == 0 {
		rules.ReferenceDate = pipeline.Some(pipeline.Date(17000 + rng.IntN(2000)))
	}
	var customers []silver.Customer
	var products []silver.Product
	ids := []string{"C%d", "c%d", "Ç%d", "%d", "𝄞%d"} // byte order is neither an alphabet's nor UTF-16's
	for i := range 2 + rng.IntN(60) {
		customers = append(customers, silver.Customer{CustomerID: fmt.Sprintf(ids[i%len(ids)], i)})
	}
	slices.SortFunc(customers, func(a, b silver.Customer) int { return strings.Compare(a.CustomerID, b.CustomerID) })
	for i := range 2 + rng.IntN(20) {
		p := silver.Product{ProductID: fmt.Sprintf("P%02d", i), Category: pipeline.Code(fmt.Sprint("Category ", i%3))}
		if i%4 > 0 {
			p.ProductName = pipeline.Some(fmt.Sprint("Product ", i))
		}
		products = append(products, p)
	}
	days, size := 1+rng.IntN(900), []int64{4, 1_000_000, 900_000_000_000_000_000}[number%3]
	var lines []silver.FactSale
	for i := range []int{0, 1, 50, 400}[number%4] {
		o := rng.IntN(120)
		f := silver.FactSale{OrderID: fmt.Sprint("O", o), LineType: "sale", OrderDate: pipeline.Date(17000 + o*7%days),
			ProductID: pipeline.Code(products[rng.IntN(len(products)-1)].ProductID), Quantity: 1 + rng.Int64N(5),
			Country: "Unknown", State: "Unknown", SourceFile: "sales.csv", SourceRow: int64(i + 1)}
		if o%6 > 0 {
			f.CustomerID = pipeline.Some(pipeline.Code(customers[o*11%(len(customers)-1)].CustomerID))
		}
		if k := o % 4; k > 0 {
			f.Country, f.State = pipeline.Code(fmt.Sprint("Country ", k)), pipeline.Code(fmt.Sprint("State ", rng.IntN(3)))
			if k < 3 {
				f.CountryCode = pipeline.Some(pipeline.Code(fmt.Sprint("K", k)))
			}
		}
		net := pipeline.Price(rng.Int64N(size))
		f.DiscountAmount = pipeline.Price(rng.Int64N(10_000))
		f.Sales, f.Revenue = net, net
		if rng.IntN(5) == 0 {
			f.LineType, f.Quantity, f.Sales, f.Returns, f.Revenue = "return", -f.Quantity, 0, net, -net
		} else if rng.IntN(5) == 0 {
			f.Sales, f.Revenue = 1, 1 // 0.0001: what came back is many times as much
		}
		if rng.IntN(30) > 0 {
			f.Cost = pipeline.Some(pipeline.Price(f.Quantity * 12_345))
			f.Margin = pipeline.Some(f.Revenue - f.Cost.V)
		}
		lines = append(lines, f)
	}
	facts := silver.FactSales.Record(memory.DefaultAllocator, lines)
	in := gold.Inputs{Customers: silver.DimCustomers.Record(memory.DefaultAllocator, customers), Products: silver.DimProducts.Record(memory.DefaultAllocator, products),
		Reference: rules.ReferenceDate, RFM: rules.RFM}
	defer facts.Release()
	defer in.Customers.Release()
	defer in.Products.Release()

	var shop judged
	for _, r := range []struct {
		table *pipeline.Table
		rec   arrow.Record
	}{{silver.DimCustomers.Table, in.Customers}, {silver.DimProducts.Table, in.Products}, {silver.FactSales.Table, facts}} {
		shop.Silver = append(shop.Silver, relationOf(r.table, r.rec))
	}
	p := goldOf(t, sql.DuckDB, rules)
	for _, s := range p.Seeds {
		shop.Silver = append(shop.Silver, seedOf(s))
	}
	for _, m := range p.Models {
		text, err := p.Compile(m, func(name string) string { return name }, nil)
		if err != nil {
			t.Fatal(err)
		}
		shop.Models = append(shop.Models, [2]string{m.Name, text})
	}
	shop.Gold = goldInGo(t, facts, in)
	return shop
}

// goldInGo makes gold's tables as a run does.
func goldInGo(t *testing.T, facts arrow.Record, in gold.Inputs) (out []relation) {
	a, err := gold.NewAggregation(gold.Seed(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Release()
	if err := a.Add(0, facts); err != nil {
		t.Fatal(err)
	}
	totals, err := a.Totals(in)
	if err != nil {
		t.Fatal(err)
	}
	var made pipeline.Memory
	defer made.Release()
	var mu sync.Mutex
	var tables []*pipeline.Table
	_, err = totals.Tables(in, func(table *pipeline.Table) (pipeline.Writer, error) {
		mu.Lock()
		defer mu.Unlock()
		tables = append(tables, table)
		return made.Create(table, 0)
	})
	if err := errors.Join(err, made.Commit(context.Background(), &pipeline.Report{})); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		out = append(out, relationOf(table, made.Table(table.Name)...))
	}
	return out
}

// seedOf is a seed as a table.
func seedOf(s Seed) relation {
	r := relation{Name: s.Name}
	for _, c := range s.Columns {
		r.Columns = append(r.Columns, [2]string{c, "varchar"})
	}
	for _, row := range s.Rows {
		var cells []*string
		for i := range row {
			cells = append(cells, &row[i])
		}
		r.Rows = append(r.Rows, cells)
	}
	return r
}

// relationOf renders records of a table as text.
func relationOf(t *pipeline.Table, recs ...arrow.Record) relation {
	_, name, _ := strings.Cut(t.Name, ".")
	r := relation{Name: name, Rows: [][]*string{}}
	for _, c := range t.Columns {
		r.Columns = append(r.Columns, [2]string{c.Name, duckdbTypes[pipeline.TypeName(c.Type)]})
	}
	for _, rec := range recs {
		for i := range int(rec.NumRows()) {
			row := make([]*string, rec.NumCols())
			for k, col := range rec.Columns() {
				if !col.IsNull(i) {
					text := col.ValueStr(i)
					row[k] = &text
				}
			}
			r.Rows = append(r.Rows, row)
		}
	}
	return r
}

var duckdbTypes = map[string]string{"string": "varchar", "int64": "bigint", "int32": "integer", "bool": "boolean", "date": "date",
	"ts": "timestamp with time zone", "price": "decimal(18,4)", "rate": "decimal(9,6)", "ratio": "decimal(18,6)", "sum": "decimal(28,4)"}
