package silver

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// Declared lineage can lie: whatever column of bronze is changed, only columns
// and rows of silver that declare it may change, and what declares it must be
// able to.
func TestLineage(t *testing.T) {
	if testing.Short() {
		t.Skip("perturbs every column many times")
	}
	tables := []*pipeline.Table{DimCustomers.Table, DimProducts.Table, FactSales.Table, Quarantine.Table}
	var edges []lineage.Edge
	for _, table := range tables {
		of, err := lineage.Of(table)
		if err != nil {
			t.Fatal(err)
		}
		edges = append(edges, of...)
	}
	l := lineageTest{TB: t, graph: lineage.NewGraph(edges), changed: map[lineage.Edge]bool{}, varied: map[lineage.Column]bool{}, keys: map[string][]string{}}
	for _, table := range tables {
		l.keys[table.Name] = table.Key
	}
	// Of drawn shops, few have two lines of one key that can be used, lines without
	// a price of their own, returns without a day of order, and people born between orders.
	rare := shop{mapping: bronze.Mapping{Location: time.UTC, Sources: []bronze.SourceSpec{{Table: "customers"}, {Table: "products"}, {Table: "sales"}}, Rules: bronze.Rules{DateTo: 47_846, ReturnValues: []string{"return"}}},
		customers: []bronze.Customer{{CustomerID: pipeline.Some("c1"), BirthDate: pipeline.Some[pipeline.Date](19_002)}}, segments: make([]segment, 1)}
	for i := range int64(2) {
		product := pipeline.Code(fmt.Sprint("p", i))
		rare.products = append(rare.products, bronze.Product{ProductID: pipeline.Some(string(product)), UnitPrice: pipeline.Some(pipeline.Price(1 + i))})
		rare.segments[0].lines = append(rare.segments[0].lines, bronze.Sale{OrderID: pipeline.Some("A1"), LineNumber: pipeline.Some[int32](1),
			OrderedAt: pipeline.Some(pipeline.Timestamp(19_001+2*i) * day), CustomerID: pipeline.Some[pipeline.Code]("c1"), ProductID: pipeline.Some(product),
			Quantity: pipeline.Some[int64](1), UpdatedAt: pipeline.Some(pipeline.Timestamp(2 - i)), SourceFile: "sales 0.csv", SourceRow: 1 + i})
	}
	returned := rare.segments[0].lines[0] // its type makes a time of return enough
	returned.OrderID, returned.LineType, returned.ReturnedAt, returned.OrderedAt, returned.SourceRow = pipeline.Some("B1"), pipeline.Some[pipeline.Code]("return"), returned.OrderedAt, pipeline.Null[pipeline.Timestamp]{}, 3
	rare.segments[0].lines = append(rare.segments[0].lines, returned)
	for seed := range uint64(20) {
		l.perturb(&rare, rand.New(rand.NewPCG(seed, 5)))
	}
	for seed := range 100 {
		s := rapid.Custom(drawShop).Example(seed)
		if slices.ContainsFunc(s.segments, func(seg segment) bool { return seg.overlap }) {
			continue // lines are found by all that they say: gold.Lineage declares it
		}
		l.perturb(s, rand.New(rand.NewPCG(uint64(seed), 5)))
	}
	for _, e := range edges {
		to := lineage.Edge{From: e.From, To: e.To}
		switch {
		case !l.varied[e.From]: // a record's place, a key, or the shops have one value
		case e.To.Column != "" && slices.Contains(l.keys[e.To.Table], e.To.Column), e.To.Table == Quarantine.Name && e.To.Column == "reason":
			to.To.Column = "" // it changes, and so the row is another one
			fallthrough
		default:
			if !l.changed[to] {
				t.Errorf("%s declares %s, but never changes with it", e.To, e.From)
			}
		}
	}
}

type lineageTest struct {
	testing.TB
	graph   *lineage.Graph
	changed map[lineage.Edge]bool   // what has changed with what, without a kind
	varied  map[lineage.Column]bool // columns that have been changed
	keys    map[string][]string     // of the tables
	differs []lineage.Column        // columns and rows of silver that differ after the last change
}

// perturb changes one column of the shop's rows after the other.
func (l *lineageTest) perturb(s *shop, rng *rand.Rand) {
	before, err := s.run(l, steady(), 1)
	if err != nil {
		l.Fatal(err)
	}
	try := func(from lineage.Column, other *shop) {
		l.differs = nil
		l.varied[from] = l.varied[from] || !reflect.DeepEqual(s, other)
		after, err := other.run(l, steady(), 1)
		if err != nil {
			l.Fatal(err)
		}
		compareRows(l, DimCustomers, from, before.customers, after.customers)
		compareRows(l, DimProducts, from, before.products, after.products)
		compareRows(l, FactSales, from, before.all(), after.all())
		compareRows(l, Quarantine, from, before.quarantine, after.quarantine)
		for _, a := range l.differs { // together: so one may be made from the other
			l.varied[a] = true
			for _, b := range l.differs {
				l.changed[lineage.Edge{From: a, To: b}] = true
			}
		}
	}
	for i, c := range bronze.Customers.Columns {
		if perturbed(c.Name) {
			other := *s
			other.customers = mixed(rng, s.customers, i)
			other.segments = slices.Clone(s.segments)
			for k := range other.segments {
				if c.Name != "customer_id" {
					other.segments[k].customers = mixed(rng, s.segments[k].customers, i)
				}
			}
			try(lineage.Column{Table: bronze.Customers.Name, Column: c.Name}, &other)
		}
	}
	for i, c := range bronze.Products.Columns {
		if perturbed(c.Name) {
			other := *s
			other.products = mixed(rng, s.products, i)
			other.segments = slices.Clone(s.segments)
			for k := range other.segments {
				if c.Name != "product_id" {
					other.segments[k].products = mixed(rng, s.segments[k].products, i)
				}
			}
			try(lineage.Column{Table: bronze.Products.Name, Column: c.Name}, &other)
		}
	}
	derived := s.mapping.Derives("customers", &s.mapping.Sources[len(s.mapping.Sources)-1]) || s.mapping.Derives("products", &s.mapping.Sources[len(s.mapping.Sources)-1])
	for i, c := range bronze.Sales.Columns {
		if !perturbed(c.Name) || derived && slices.Contains([]string{"customer_id", "product_id", "updated_at"}, c.Name) {
			continue // the lines' customers and products would have to change too
		}
		other := *s
		other.segments = slices.Clone(s.segments)
		for k := range other.segments {
			other.segments[k].lines = mixed(rng, s.segments[k].lines, i)
		}
		try(lineage.Column{Table: bronze.Sales.Name, Column: c.Name}, &other)
	}
}

func perturbed(column string) bool { return !strings.HasPrefix(column, "_source_") }

// mixed gives a column of the rows values that other rows have, or NULL.
func mixed[T any](rng *rand.Rand, rows []T, column int) []T {
	out := slices.Clone(rows)
	for i := range out {
		from := reflect.ValueOf(rows[rng.IntN(len(rows))]).Field(column)
		if rng.IntN(8) == 0 && from.Kind() == reflect.Struct {
			from = reflect.Zero(from.Type())
		}
		reflect.ValueOf(&out[i]).Elem().Field(column).Set(from)
	}
	return out
}

// compareRows finds what differs between two versions of a table, and holds it
// to what the table declares.
func compareRows[T any](l *lineageTest, table *pipeline.TableOf[T], from lineage.Column, before, after []T) {
	key := func(row T) string {
		var k []any
		for _, name := range table.Key {
			k = append(k, reflect.ValueOf(row).Field(table.MustIndex(name)).Interface())
		}
		return fmt.Sprint(k...)
	}
	rows := lineage.Column{Table: table.Name}
	had := map[string]T{}
	for _, r := range before {
		had[key(r)] = r
	}
	same := len(before) == len(after)
	for _, r := range after {
		old, ok := had[key(r)]
		same = same && ok
		for i, c := range table.Columns {
			if !ok || reflect.DeepEqual(reflect.ValueOf(r).Field(i).Interface(), reflect.ValueOf(old).Field(i).Interface()) {
				continue
			}
			to := lineage.Column{Table: table.Name, Column: c.Name}
			l.changed[lineage.Edge{From: from, To: to}] = true
			l.differs = append(l.differs, to)
			if c.Name != from.Column && strings.HasPrefix(table.Name, "silver.dim_") { // another record has won
				l.changed[lineage.Edge{From: from, To: rows}] = true
			}
			if !l.reaches(from, to) {
				l.Fatalf("%s changes with %s, but declares %s: %+v became %+v", to, from, c.From, old, r)
			}
		}
	}
	if !same {
		l.differs = append(l.differs, rows)
		l.changed[lineage.Edge{From: from, To: rows}] = true
		if !slices.Contains(l.graph.Upstream(rows), from) {
			l.Fatalf("the rows of %s change with %s, but they declare %s", rows, from, table.RowsFrom)
		}
	}
}

// reaches reports whether a column may change with another one. Rows of one key
// are compared: so what decides which rows there are counts for a dimension, of
// which one record of several wins, and for tables on the way. Inferred rows,
// which join, hold no values.
func (l *lineageTest) reaches(from, to lineage.Column) bool {
	seen := map[lineage.Column]bool{}
	var visit func(c lineage.Column) bool
	rowsOf := func(table string) bool {
		for _, e := range l.graph.Into(lineage.Column{Table: table}) {
			if e.Kind != lineage.Join && visit(e.From) {
				return true
			}
		}
		return false
	}
	visit = func(c lineage.Column) bool {
		if c == from {
			return true
		}
		if seen[c] {
			return false
		}
		seen[c] = true
		if c.Table != to.Table && rowsOf(c.Table) {
			return true
		}
		for _, e := range l.graph.Into(c) {
			if visit(e.From) {
				return true
			}
		}
		return false
	}
	return visit(to) || strings.HasPrefix(to.Table, "silver.dim_") && rowsOf(to.Table)
}
