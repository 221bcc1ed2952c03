package bronze

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/pipeline"
)

// mappings returns the paths of the sample mappings.
func mappings(t testing.TB) []string {
	paths, err := filepath.Glob("../testdata/mappings/*.yml")
	if err != nil || len(paths) < 4 {
		t.Fatalf("sample mappings: %v %v", paths, err)
	}
	return append(paths, "../testdata/adventureworks.yml")
}

func TestLoadMapping(t *testing.T) {
	for _, path := range mappings(t) {
		m, err := LoadMapping(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if m.Dir != filepath.Dir(path) || m.File != path {
			t.Errorf("%s: Dir %q, File %q", path, m.Dir, m.File)
		}
	}
}

// compareZones compares time zones by name: their structs hold caches.
var compareZones = cmp.Comparer(func(a, b *time.Location) bool {
	return (a == nil) == (b == nil) && (a == nil || a.String() == b.String())
})

func TestParseMappingFillsEverything(t *testing.T) {
	const text = `output: out
format: parquet
timezone: Europe/Berlin
lookups:
  t: {files: [a.csv, b.csv], key: K, delimiter: tab, skip_footer: 1, header_rows: 2}
sources:
  - table: sales
    files: s.csv
    timezone: UTC
    number: {decimal: ",", thousands: space, currency: true, percent: true, parentheses: true}
    nulls: [NULL, N/A, 0]
    format: csv
    compression: zstd
    delimiter: semicolon
    quote: "'"
    escape: '\'
    encoding: utf-16le
    comment: "//"
    skip_rows: 3
    header: false
    names: [Q, P, O, D]
    columns:
      ordered_at: {from: [D, "t[O].Day"], dates: ["%Y%m%d"], timezone: Asia/Tokyo, nulls: []}
      quantity: {from: Q, number: {decimal: "."}}
      product_id: {from: P, integer: true, map: {A: B, C: null}}
      order_id: {template: "{O}/{P}"}
      customer_id: {value: 007}
    customers: {country: Land}
    products: {brand: Marke}
returns:
  values: []
  order_prefix: R
  statuses: back
  orders:
    - {files: r.csv, timezone: UTC, columns: {returned_at: {from: When, dates: "%d.%m.%Y"}, order_id: Order}}
currency: EUR
dates: {from: 2020-01-01, to: 2020-12-31}
reference_date: 2021-01-01
rfm: {recency: quantile, measure: sales, segments: {One: R1-5 F1-4, Two: [R1-4 F5, R5 F5]}}
`
	m, err := ParseMapping("smelt.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) *time.Location {
		l, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	date := func(s string) pipeline.Date {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return pipeline.DateOf(d)
	}
	id := "007"
	grid := [5][5]string{}
	for r := range grid {
		grid[r] = [5]string{"One", "One", "One", "One", "Two"}
	}
	want := &Mapping{
		File: "smelt.yml", Output: "out", Format: "parquet", Location: in("Europe/Berlin"),
		Lookups: map[string]LookupSpec{"t": {Files: []string{"a.csv", "b.csv"}, Key: "K", Read: pipeline.File{Delimiter: "\t", SkipFooter: 1, HeaderRows: 2}, Line: 5, Col: 6}},
		Sources: []SourceSpec{{
			Table: "sales", Files: []string{"s.csv"}, Location: in("UTC"),
			Number: pipeline.Number{Decimal: ',', Thousands: ' ', Currency: true, Percent: true, Parentheses: true},
			Nulls:  []string{"NULL", "N/A", "0"},
			Read: pipeline.File{Format: "csv", Compression: "zstd", Delimiter: ";", Quote: "'", Escape: `\`, Encoding: "utf-16le",
				Comment: "//", SkipRows: 3, NoHeader: true, Names: []string{"Q", "P", "O", "D"}},
			Columns: []ColumnSpec{ // in the table's order
				{Column: "order_id", Template: "{O}/{P}", Line: 26, Col: 17},
				{Column: "ordered_at", From: []string{"D", "t[O].Day"}, Dates: []string{"%Y%m%d"}, Location: in("Asia/Tokyo"), Nulls: []string{}, Line: 23, Col: 19},
				{Column: "customer_id", Value: &id, Line: 27, Col: 20},
				{Column: "product_id", From: []string{"P"}, Integer: true, Map: map[string]string{"A": "B", "C": ""}, Line: 25, Col: 19},
				{Column: "quantity", From: []string{"Q"}, Number: &pipeline.Number{Decimal: '.'}, Line: 24, Col: 17},
			},
			Customers: []ColumnSpec{{Column: "country", From: []string{"Land"}, Line: 28, Col: 26}},
			Products:  []ColumnSpec{{Column: "brand", From: []string{"Marke"}, Line: 29, Col: 23}},
			Line:      7, Col: 5,
		}},
		Rules: Rules{
			ReturnValues: []string{}, ReturnPrefix: "R", ReturnedStatuses: []string{"back"},
			ReturnedOrders: []ReturnedOrdersSpec{{Files: []string{"r.csv"}, Location: in("UTC"), Columns: []ColumnSpec{
				{Column: "order_id", From: []string{"Order"}, Line: 35, Col: 103},
				{Column: "returned_at", From: []string{"When"}, Dates: []string{"%d.%m.%Y"}, Line: 35, Col: 60},
			}, Line: 35, Col: 7}},
			Currency: "EUR", DateFrom: date("2020-01-01"), DateTo: date("2020-12-31"), ReferenceDate: pipeline.Some(date("2021-01-01")),
			RFM: RFM{Recency: "quantile", Frequency: "ntile", Monetary: "ntile", MonetaryMeasure: "sales", Grid: grid},
		},
	}
	if diff := cmp.Diff(want, m, compareZones); diff != "" {
		t.Error(diff)
	}
}

func TestDefaults(t *testing.T) {
	m, err := ParseMapping("smelt.yml", []byte(`sources: [{table: products, files: p.csv, columns: {product_id: Id}}]`))
	if err != nil {
		t.Fatal(err)
	}
	want := Rules{
		ReturnValues:     []string{"return", "returned", "refund", "refunded"},
		ReturnedStatuses: []string{"returned", "refunded", "cancelled", "canceled"},
		DateTo:           pipeline.DateOf(time.Date(2100, 12, 31, 0, 0, 0, 0, time.UTC)),
		RFM:              RFM{Recency: "ntile", Frequency: "ntile", Monetary: "ntile", MonetaryMeasure: "revenue", Grid: DefaultGrid},
	}
	if diff := cmp.Diff(want, m.Rules); diff != "" {
		t.Error(diff)
	}
	if m.Output != "lake" || m.Format != "delta" || m.Location != time.UTC {
		t.Errorf("Output %q, Format %q, Location %v", m.Output, m.Format, m.Location)
	}
}

// AdventureWorks' mapping names only columns that its files have, and every
// order, customer and product column that an analyst needs.
func TestAdventureWorksHeaders(t *testing.T) {
	data := judgetest.Data(t, "adventureworks")
	m, err := LoadMapping("../testdata/adventureworks.yml")
	if err != nil {
		t.Fatal(err)
	}
	header := func(pattern string) []string {
		paths, err := filepath.Glob(filepath.Join(data, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: no file", pattern)
		}
		f, err := os.Open(paths[0])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		names, err := csv.NewReader(f).Read()
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	for _, s := range m.Sources {
		names := header(s.Files[0])
		for _, c := range s.Columns {
			for _, from := range c.From {
				e, err := ParseExpr(from, m.Lookups)
				if err != nil {
					t.Fatal(err)
				}
				for ; e.Key != nil; e = *e.Key {
					l := m.Lookups[e.Lookup]
					if in := header(l.Files[0]); !slices.Contains(in, e.Column) || !slices.Contains(in, l.Key) {
						t.Errorf("%s: lookup %s has columns %v, not %q or %q", c.Column, e.Lookup, in, e.Column, l.Key)
					}
				}
				if !slices.Contains(names, e.Column) {
					t.Errorf("%s: %v has columns %v, not %q", c.Column, s.Files, names, e.Column)
				}
			}
		}
	}
}

func TestLoadMappingMissingFile(t *testing.T) {
	_, err := LoadMapping(filepath.Join(t.TempDir(), "smelt.yml"))
	if !errors.Is(err, pipeline.ErrConfig) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// FuzzParseMapping: no text makes the loader panic; an error is a
// configuration error; what it accepts stays accepted and unchanged.
func FuzzParseMapping(f *testing.F) {
	for _, path := range mappings(f) {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, c := range errorCases {
		f.Add(c.text)
	}
	for _, s := range []string{"", "a", "[", "? a", "&a [*a]", "a: &a {<<: *a}", "<<: {a: b}", "- - - {", "\x00", "a: |\n  b", "!!x y", "%YAML 1.2\n---\na: b\n...\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMapping("f", []byte(text))
		if err != nil {
			var e *pipeline.Error
			if !errors.As(err, &e) || e.Kind != pipeline.ErrConfig || e.File != "f" {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		before := fmt.Sprintf("%+v", m)
		if err := m.Check(); err != nil {
			t.Fatalf("%q: loaded, but then: %v", text, err)
		}
		if after := fmt.Sprintf("%+v", m); after != before {
			t.Fatalf("%q: checking again changed it:\n%s\n%s", text, before, after)
		}
	})
}

func TestAliasBomb(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 12 {
		fmt.Fprintf(&b, "a%d: &a%[1]d [%s*a%d]\n", i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
	}
	start := time.Now()
	_, err := ParseMapping("bomb.yml", []byte(b.String()))
	if err == nil || !strings.Contains(err.Error(), "too large") || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

func TestAliasesAndMergeKeys(t *testing.T) {
	m, err := ParseMapping("smelt.yml", []byte(`
sources:
  - &eu
    table: products
    files: a.csv
    delimiter: semicolon
    columns: &columns {product_id: Id, brand: B}
  - <<: *eu
    files: b.csv
    columns: {<<: *columns, brand: Marke}
`))
	if err != nil {
		t.Fatal(err)
	}
	s := m.Sources[1]
	if s.Table != "products" || s.Files[0] != "b.csv" || s.Read.Delimiter != ";" || s.Columns[0].From[0] != "Id" || s.Columns[1].From[0] != "Marke" {
		t.Errorf("%+v", s)
	}
	if o := m.Sources[0]; o.Files[0] != "a.csv" || o.Columns[1].From[0] != "B" {
		t.Errorf("%+v", o)
	}
}
