package catalog

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/synth"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/io/parquetio"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// demo writes a sample shop of so many lines, and returns its folder.
func demo(t *testing.T, rows int64) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "corner-shop")
	if _, err := synth.Generate(context.Background(), dir, synth.Options{Rows: rows, Seed: 1, Messy: 0.05}, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// mapping reads the smelt.yml of a shop, with lines more.
func mapping(t *testing.T, dir, more string) *bronze.Mapping {
	t.Helper()
	path := filepath.Join(dir, "smelt.yml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	own, _, _ := strings.Cut(string(text), "\nchecks:") // more may have others
	m, err := bronze.ParseMapping(path, []byte(own+"\n"+more))
	if err != nil {
		t.Fatal(err)
	}
	m.Dir = dir
	return m
}

// run makes the tables of a mapping in a lake as smelt run does.
func run(t *testing.T, m *bronze.Mapping, dir string) error {
	t.Helper()
	ctx := context.Background()
	lake, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lake.Close()
	tables, err := gold.Declarations()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := gold.Checks()
	if err != nil {
		t.Fatal(err)
	}
	suite, err := check.New(tables, append(rules, m.Checks...), nil)
	if err != nil {
		t.Fatal(err)
	}
	var sink pipeline.Sink
	if m.Format == "delta" {
		sink = lake.Delta(store.DeltaOptions{})
	} else {
		sink = lake.Sink(func(path string, t *pipeline.Table) (pipeline.Writer, error) {
			return parquetio.Create(path, t, parquetio.Options{})
		}, "parquet")
	}
	sink = suite.Sink(sink, func(ctx context.Context, r *pipeline.Report) error { return KeepResults(ctx, dir, "run", r) })
	_, err = gold.Run(ctx, m, csvio.Open, sink)
	return err
}

func collect(t *testing.T, o Options) *Catalog {
	t.Helper()
	c, err := Collect(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func table(t *testing.T, c *Catalog, name string) *Table {
	t.Helper()
	for i := range c.Tables {
		if c.Tables[i].Name == name {
			return &c.Tables[i]
		}
	}
	t.Fatalf("no table %s", name)
	return nil
}

func (t *Table) column(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

func checkOf(t *testing.T, c *Catalog, name string) *Check {
	t.Helper()
	for i := range c.Checks {
		if c.Checks[i].Name == name {
			return &c.Checks[i]
		}
	}
	t.Fatalf("no check %s", name)
	return nil
}

// records reads a file, its header first.
func records(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	out, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestNoLake(t *testing.T) {
	dir := demo(t, 50)
	for _, m := range []*bronze.Mapping{nil, mapping(t, dir, "")} {
		c := collect(t, Options{Lake: filepath.Join(dir, "lake"), Mapping: m, Smelt: "v1"})
		if c.Project != "corner-shop" || c.Smelt != "v1" || len(c.Tables) != 13 || len(c.Checks) != 70 || len(c.Runs) != 0 {
			t.Errorf("%s: %d tables, %d checks, %d runs", c.Project, len(c.Tables), len(c.Checks), len(c.Runs))
		}
		for _, table := range c.Tables {
			if table.Published || table.Version != -1 || table.Sample == nil || len(table.Columns) == 0 {
				t.Errorf("%s: published %v, version %d", table.Name, table.Published, table.Version)
			}
		}
		if m == nil && len(c.Sources) != 0 || m != nil && len(c.Sources) != 3 {
			t.Errorf("%d sources", len(c.Sources))
		}
		if text, err := json.Marshal(c); err != nil || strings.Contains(string(text), `:null`) {
			t.Error("a list is null in JSON", err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "lake")); !errors.Is(err, os.ErrNotExist) {
		t.Error("collecting has made the lake:", err)
	}
}

func TestLake(t *testing.T) {
	for _, format := range []string{"delta", "parquet"} {
		t.Run(format, func(t *testing.T) {
			dir := demo(t, 2000)
			m := mapping(t, dir, "\nformat: "+format+"\n")
			lake := filepath.Join(dir, "lake")
			if err := run(t, m, lake); err != nil {
				t.Fatal(err)
			}
			c := collect(t, Options{Lake: lake, Mapping: m})

			file := records(t, filepath.Join(dir, "customers.csv"))
			customers := int64(len(file) - 1)
			b := table(t, c, "bronze.customers")
			if !b.Published || b.Rows != customers || b.Bytes == 0 || b.Files != 1 || b.Modified.IsZero() || len(b.Sample) != maxRows {
				t.Errorf("bronze.customers: %d rows of %d, %d bytes, %d files, %d sample rows", b.Rows, customers, b.Bytes, b.Files, len(b.Sample))
			}
			want := int64(0)
			if format == "parquet" {
				want = -1
			}
			if b.Version != want {
				t.Errorf("version %d", b.Version)
			}

			// The first rows, as they stand in the file.
			for i, record := range file[1:6] {
				for _, column := range []string{"customer_id", "city", "postal_code"} {
					want := record[slices.Index(file[0], column)]
					if got := b.Sample[i][b.column(column)]; (got == nil) != (want == "") || got != nil && *got != want {
						t.Errorf("row %d: %s is not %q", i, column, want)
					}
				}
				if got := b.Sample[i][b.column("_source_row")]; got == nil || *got != strconv.Itoa(i+1) {
					t.Errorf("row %d: record %v", i, got)
				}
			}

			s := c.Sources[0]
			if s.Name != "source.customers" || s.Table != "customers" || len(s.Files) != 1 || s.Files[0].Records != customers || s.Files[0].Bytes != size(t, filepath.Join(dir, "customers.csv")) || s.Files[0].Modified.IsZero() {
				t.Errorf("source: %+v", s)
			}
			for _, name := range file[0] {
				if !slices.Contains(s.Columns, name) {
					t.Errorf("the source has no column %q, but %q", name, s.Columns)
				}
			}

			aov := table(t, c, "gold.customer_metrics").Columns[table(t, c, "gold.customer_metrics").column("aov")]
			if aov.Formula != "sales / orders" || aov.Unit == "" || aov.Type != "price" || !aov.Nullable {
				t.Errorf("aov: %+v", aov)
			}
			for _, r := range []struct{ table, column, to string }{
				{"silver.fact_sales", "customer_id", "silver.dim_customers"}, {"silver.fact_sales", "product_id", "silver.dim_products"},
				{"gold.customer_metrics", "customer_id", "silver.dim_customers"}, {"gold.product_performance", "product_id", "silver.dim_products"},
			} {
				of := table(t, c, r.table)
				if got := of.Columns[of.column(r.column)].References; got == nil || *got != (Reference{r.to, r.column}) {
					t.Errorf("%s.%s refers to %v", r.table, r.column, got)
				}
			}
			if len(c.Runs) != 1 || !c.Runs[0].Published || c.Runs[0].Pass != 70 || c.Runs[0].Rows["bronze.customers"] != customers || c.Runs[0].Seconds == 0 || c.Runs[0].Command != "run" {
				t.Errorf("runs: %+v", c.Runs)
			}
			for _, check := range c.Checks {
				if len(check.Results) != 1 || check.Results[0].Status != "pass" || check.Results[0].Run != c.Runs[0].ID {
					t.Errorf("%s: %+v", check.Name, check.Results)
				}
			}
			for _, e := range c.Edges {
				if strings.HasPrefix(e.From.Table, "source.") {
					if !slices.ContainsFunc(c.Sources, func(s Source) bool { return s.Name == e.From.Table && slices.Contains(s.Columns, e.From.Column) }) {
						t.Errorf("edge from %v, which no source has", e.From)
					}
				} else if table(t, c, e.From.Table).column(e.From.Column) < 0 {
					t.Errorf("edge from %v, which no table has", e.From)
				}
				if to := table(t, c, e.To.Table); to.column(e.To.Column) < 0 && e.To.Column != "" { // without one it is about the rows
					t.Errorf("edge to %v, which no table has", e.To)
				}
			}
		})
	}
}

const few = `
checks:
  - {name: few, table: silver.fact_sales, kind: expression, condition: quantity <= 1000}
  - {name: same_email, table: silver.dim_customers, kind: unique, columns: email, severity: warn}
  - {name: early, table: silver.dim_customers, kind: not_null, columns: email, severity: warn}
`

// A run whose checks fail has published nothing, and the catalog says why.
func TestFailedRun(t *testing.T) {
	for _, format := range []string{"delta", "parquet"} {
		t.Run(format, func(t *testing.T) {
			dir := demo(t, 500)
			m := mapping(t, dir, few+"format: "+format+"\n")
			lake := filepath.Join(dir, "lake")
			if err := run(t, m, lake); err != nil {
				t.Fatal(err)
			}
			before := table(t, collect(t, Options{Lake: lake, Mapping: m}), "silver.fact_sales").Rows
			sales, err := filepath.Glob(filepath.Join(dir, "sales_*.csv"))
			if err != nil || len(sales) == 0 {
				t.Fatal(sales, err)
			}
			text, err := os.ReadFile(sales[0])
			if err != nil {
				t.Fatal(err)
			}
			header := strings.SplitAfter(string(text), "\n")[0]
			row := make([]string, strings.Count(header, ",")+1)
			for i, name := range strings.Split(strings.TrimSpace(header), ",") {
				row[i] = map[string]string{"order_id": "TOO-MANY", "line_number": "1", "line_type": "sale", "ordered_at": "2024-03-01T10:00:00Z", "product_id": "P1", "quantity": "5000", "unit_price": "1.00", "country": "France"}[name]
			}
			more := filepath.Join(dir, "sales_2099.csv")
			if err := os.WriteFile(more, []byte(header+strings.Join(row, ",")+"\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := run(t, m, lake); !errors.Is(err, pipeline.ErrCheck) {
				t.Fatalf("the run ends with %v", err)
			}
			for _, mapped := range []*bronze.Mapping{m, nil} { // the lake alone knows the own checks too
				c := collect(t, Options{Lake: lake, Mapping: mapped})
				if len(c.Runs) != 2 {
					t.Fatalf("runs: %+v", c.Runs)
				}
				failed, first := c.Runs[0], c.Runs[1]
				if failed.Published || failed.Error != 1 || failed.Rows != nil || !first.Published || first.Error != 0 || !failed.At.After(first.At) {
					t.Errorf("runs: %+v", c.Runs)
				}
				few := checkOf(t, c, "few")
				if len(few.Results) != 2 || few.Results[0].Status != "error" || few.Results[0].Failures != 1 || few.Results[0].Run != failed.ID || few.Results[1].Status != "pass" {
					t.Errorf("few: %+v", few)
				}
				if s := few.Results[0].Samples; len(s) != 1 || !strings.HasPrefix(s[0], `{"order_id":"TOO-MANY","line_number":1,`) || !strings.Contains(s[0], `"quantity":5000`) || !json.Valid([]byte(s[0])) {
					t.Errorf("failing rows: %q", s)
				}
				if got := table(t, c, "silver.fact_sales").Rows; got != before {
					t.Errorf("%d rows are published, not %d", got, before)
				}
			}
			if err := os.Remove(more); err != nil {
				t.Fatal(err)
			}
			if format == "delta" {
				return
			}
			// Mended, the rows that failed are of the past.
			if err := run(t, m, lake); err != nil {
				t.Fatal(err)
			}
			c := collect(t, Options{Lake: lake, Mapping: m})
			if r := checkOf(t, c, "few").Results; len(r) != 3 || r[0].Status != "pass" || r[1].Status != "error" || r[1].Samples != nil {
				t.Errorf("few: %+v", r)
			}
		})
	}
}

// A lake whose checks were never kept has its tables and runs all the same. One that
// cannot be read is an error that says what is wrong.
func TestWithoutChecks(t *testing.T) {
	dir := demo(t, 100)
	m, lake := mapping(t, dir, ""), filepath.Join(dir, "lake")
	if err := run(t, m, lake); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(ResultsFolder(lake)); err != nil {
		t.Fatal(err)
	}
	c := collect(t, Options{Lake: lake})
	if len(c.Checks) != 70 || len(c.Checks[0].Results) != 0 || len(c.Runs) != 1 || !c.Runs[0].Published || c.Runs[0].At.IsZero() || c.Runs[0].Pass != 0 || !table(t, c, "gold.sales_summary").Published {
		t.Errorf("%d checks, runs %+v", len(c.Checks), c.Runs)
	}
	for _, damage := range []struct{ path, says string }{
		{filepath.Join("_smelt", "run.json"), "run.json"},
		{filepath.Join("silver", "fact_sales", "_delta_log", "00000000000000000000.json"), "silver.fact_sales"},
	} {
		path := filepath.Join(lake, damage.path)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text[:len(text)/2], 0o666); err != nil {
			t.Fatal(err)
		}
		_, err = Collect(context.Background(), Options{Lake: lake})
		var e *pipeline.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), damage.says) {
			t.Errorf("%s is damaged: %v", damage.path, err)
		}
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
