package powerbi

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
)

var sources = map[string]Source{
	"local":           {Kind: Local, Location: `C:\shop "#(1)"\lake\`},
	"local parquet":   {Kind: Local, Location: "/srv/lake", Parquet: true},
	"adls":            {Kind: ADLS, Location: "https://account.dfs.core.windows.net/data/lake/"},
	"adls parquet":    {Kind: ADLS, Location: "https://account.dfs.core.windows.net/data", Parquet: true},
	"databricks":      {Kind: Databricks, Location: "adb-1.2.azuredatabricks.net", HTTPPath: "/sql/1.0/warehouses/abc", Catalog: "main"},
	"databricks dev_": {Kind: Databricks, Location: "adb-1.2.azuredatabricks.net", HTTPPath: "/sql/1.0/warehouses/abc", Catalog: "main", Prefix: "dev_"},
}

func declared(t testing.TB) []*pipeline.Table {
	t.Helper()
	tables, err := gold.Declarations()
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

func model(t testing.TB, s Source) *Model {
	t.Helper()
	m, err := New(Options{Name: "Müller & Söhne", Tables: declared(t), Source: s})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestModelHasEveryMeasure(t *testing.T) {
	m := model(t, sources["local"])
	for _, want := range metrics.All() {
		got := m.Measure(Title(want.Name))
		if got == nil || got.Of != want.Name || got.Doc != want.Doc || got.Formula != want.Formula || got.Unit != want.Unit || got.DAX == "" || got.Format == "" || got.Folder == "" {
			t.Errorf("%s: %+v", want.Name, got)
		}
	}
	for _, name := range []string{"Revenue growth", "Revenue YoY", "Revenue 7d", "Revenue 28d", "Revenue previous period"} {
		if m.Measure(name) == nil {
			t.Errorf("no %s", name)
		}
	}
	for _, table := range m.Tables {
		for _, c := range table.Columns {
			if c.Doc == "" {
				t.Errorf("%s.%s says nothing", table.Name, c.Name)
			}
		}
	}
}

func TestTitle(t *testing.T) {
	for name, want := range map[string]string{"aov": "AOV", "return_rate": "Return rate", "revenue_yoy": "Revenue YoY", "clv_12m": "CLV 12m", "orders": "Orders", "": ""} {
		if got := Title(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// Sums of a column are offered where they mean something, and nowhere else.
func TestSums(t *testing.T) {
	m := model(t, sources["local"])
	for f, want := range map[Field]bool{
		{FactTable, "revenue"}: true, {FactTable, "tax_amount"}: true, {FactTable, "unit_price"}: false, {FactTable, "line_number"}: false,
		{"customer_metrics", "revenue"}: true, {"customer_metrics", "clv"}: true, {"customer_metrics", "orders"}: false, {"customer_metrics", "aov"}: false,
		{"product_performance", "units_sold"}: true, {"product_performance", "customers"}: false, {"product_performance", "revenue_rank"}: false,
		{"sales_summary", "revenue"}: false, {"regional_sales", "revenue"}: false, {CalendarTable, "year"}: false,
	} {
		if c := m.Column(f); c == nil || c.Sum != want {
			t.Errorf("%s: %+v", f, c)
		}
	}
}

// Keys, provenance and what tells who somebody is.
func TestHiddenAndLeftOut(t *testing.T) {
	m := model(t, sources["local"])
	with, err := New(Options{Name: "x", Tables: declared(t), Source: sources["local"], Personal: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first_name", "last_name", "full_name", "email", "phone", "birth_date", "address"} {
		f := Field{CustomersTable, name}
		if m.Column(f) != nil || with.Column(f) == nil {
			t.Errorf("%s is in a model that is not to have it, or not in one that is", f)
		}
		if strings.Contains(m.Table(CustomersTable).Query, name) {
			t.Errorf("%s is read", f)
		}
	}
	for _, f := range []Field{{FactTable, "_source_file"}, {FactTable, "_source_row"}, {FactTable, "updated_at"}, {FactTable, "ordered_at"}, {CustomersTable, "updated_at"}} {
		if with.Column(f) != nil {
			t.Errorf("%s is in the model", f)
		}
	}
	for _, f := range []Field{{FactTable, "customer_id"}, {FactTable, "order_id"}, {FactTable, "revenue"}, {FactTable, "order_date"}, {"customer_metrics", "customer_id"}, {ProductsTable, "is_inferred"}} {
		if c := m.Column(f); c == nil || !c.Hidden {
			t.Errorf("%s is seen", f)
		}
	}
	for _, f := range []Field{{CustomersTable, "customer_id"}, {ProductsTable, "product_id"}, {FactTable, "country"}, {"customer_segmentation", "segment"}, {"customer_metrics", "revenue"}} {
		if c := m.Column(f); c == nil || c.Hidden {
			t.Errorf("%s is hidden", f)
		}
	}
	if m.Table("quarantine") != nil || m.Table("rejects") != nil || m.Table("customers") != nil {
		t.Error("the model has tables that no report needs")
	}
}

// The table of docs/powerbi.md is the model's; that of measures with a DAX of
// several lines is in words.
func TestDocs(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "powerbi.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range model(t, sources["local"]).Table(MeasuresTable).Measures {
		want := "| " + x.Name + " | " + x.Formula + " | `" + x.DAX + "` |\n"
		if strings.Contains(x.DAX, "\n") {
			want = x.Name
		}
		if !strings.Contains(string(doc), want) {
			t.Errorf("docs/powerbi.md lacks\n%s", want)
		}
	}
}

// A gold table of the shop's own is there as it is, and alone.
func TestOwnTable(t *testing.T) {
	own := &pipeline.Table{Name: "gold.weather", Columns: []pipeline.Column{{Name: "day", Type: pipeline.DateType}, {Name: "Degrees", Type: arrow.PrimitiveTypes.Float64}}}
	m, err := New(Options{Name: "x", Tables: append(declared(t), own), Source: sources["local"]})
	if err != nil {
		t.Fatal(err)
	}
	if c := m.Column(Field{"weather", "Degrees"}); c == nil || c.Type != Fraction || m.Column(Field{"weather", "day"}).Type != DateTime {
		t.Errorf("%+v", m.Table("weather"))
	}
	own.Name = "gold.calendar"
	if _, err := New(Options{Name: "x", Tables: append(declared(t), own), Source: sources["local"]}); err == nil || !strings.Contains(err.Error(), "two things of this name") {
		t.Errorf("a second calendar: %v", err)
	}
}

func TestSameBytes(t *testing.T) {
	tags := map[string]string{}
	for name, s := range sources {
		a, err := Files(model(t, s))
		if err != nil {
			t.Fatal(err)
		}
		b, err := Files(model(t, s))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for _, f := range a {
			if strings.Contains(string(f.Data), "\r") || !strings.HasSuffix(string(f.Data), "\n") || !filepath.IsLocal(f.Path) || strings.Contains(f.Path, `\`) {
				t.Errorf("%s: %s: carriage returns, no end of line or a bad path", name, f.Path)
			}
			for line := range strings.Lines(string(f.Data)) {
				if id, ok := strings.CutPrefix(strings.TrimSpace(line), "lineageTag: "); ok && name == "local" {
					if other := tags[id]; other != "" {
						t.Errorf("%s has the tag of %s", f.Path, other)
					}
					tags[id] = f.Path
				}
			}
		}
	}
	if len(tags) < 150 {
		t.Errorf("%d tags only", len(tags))
	}
}

func TestCheckRefuses(t *testing.T) {
	for want, spoil := range map[string]func(m *Model){
		"two things of this name":        func(m *Model) { m.Table(FactTable).Columns[1].Name = "ORDER_ID" },
		"'fact_sales'[profit]":           func(m *Model) { m.Measure("Sales").DAX = "SUM('fact_sales'[profit])" },
		"[Profit]":                       func(m *Model) { m.Measure("AOV").DAX = "DIVIDE([Profit], [Orders])" },
		"'facts'":                        func(m *Model) { m.Measure("AOV").DAX = "COUNTROWS('facts')" },
		"did you mean segment?":          func(m *Model) { m.Table("customer_segmentation").Columns[1].SortBy = "segmnt" },
		"no 'calendar'[decade]":          func(m *Model) { m.Table(CalendarTable).Hierarchies[0].Levels[0] = "decade" },
		"no 'calendar'[day]":             func(m *Model) { m.Relationships[2].To.Name = "day" },
		"is related to":                  func(m *Model) { m.Relationships[2].To.Name = "year" },
		"the model has two things of th": func(m *Model) { m.Table(FactTable).Measures = []Measure{{Name: "Revenue", DAX: "1"}} },
	} {
		m := model(t, sources["local"])
		spoil(m)
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestOptionsRefuse(t *testing.T) {
	for want, o := range map[string]Options{
		"not a name of a project":      {Name: "a/b", Source: sources["local"]},
		"which folder":                 {Name: "x", Source: Source{Kind: Local}},
		"not a folder of Azure":        {Name: "x", Source: Source{Kind: ADLS, Location: "https://account.dfs.core.windows.net"}},
		"not a host":                   {Name: "x", Source: Source{Kind: Databricks, Location: "https://adb-1.net"}},
		"not the HTTP path":            {Name: "x", Source: Source{Kind: Databricks, Location: "adb-1.net"}},
		"which catalog":                {Name: "x", Source: Source{Kind: Databricks, Location: "adb-1.net", HTTPPath: "/sql"}},
		"local, adls and databricks":   {Name: "x", Source: Source{Kind: "s3"}},
		"names what the model does no": {Name: "x", Source: sources["local"]}, // without tables
	} {
		_, err := New(o)
		if !errors.Is(err, pipeline.ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
