package docs

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/metrics"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// now is when the invented runs end.
var now = time.Date(2026, 11, 28, 14, 5, 0, 0, time.UTC)

// failing is the check of shop's last run that fails.
const failing = "silver.fact_sales.quantity.range"

// empty is a shop that has not run yet: what is declared, and nothing else.
func empty(t testing.TB) *catalog.Catalog {
	t.Helper()
	c := &catalog.Catalog{Project: "Lamp shop", Smelt: "dev", At: now}
	declared, err := gold.Declarations()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := gold.Checks()
	if err != nil {
		t.Fatal(err)
	}
	refers := map[string]*catalog.Reference{}
	for _, r := range rules {
		if r.Kind == check.Relationships {
			i := strings.LastIndexByte(r.To, '.')
			refers[r.Table+"."+r.Columns[0]] = &catalog.Reference{Table: r.To[:i], Column: r.To[i+1:]}
		}
	}
	edges, err := gold.Lineage(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Edges = edges
	measures := map[string]*metrics.Measure{}
	for _, s := range gold.Seed() {
		for _, m := range s.Measures {
			measures[m.Name] = m
		}
	}
	for _, d := range declared {
		table := catalog.Table{Name: d.Name, Doc: d.Doc, Key: d.Key, Version: -1}
		for _, col := range d.Columns {
			cc := catalog.Column{Name: col.Name, Doc: col.Doc, Type: pipeline.TypeName(col.Type), Nullable: col.Nullable, PII: col.PII, References: refers[d.Name+"."+col.Name]}
			if m := measures[col.Name]; m != nil && d.Layer() == "gold" {
				cc.Formula, cc.Unit = m.Formula, m.Unit
			}
			table.Columns = append(table.Columns, cc)
		}
		c.Tables = append(c.Tables, table)
	}
	for _, r := range rules {
		c.Checks = append(c.Checks, catalog.Check{Name: r.ID(), Table: r.Table, Columns: r.Columns, Kind: string(r.Kind), Says: r.Says(), Severity: "error"})
	}
	c.Checks = append(c.Checks,
		catalog.Check{Name: failing, Table: "silver.fact_sales", Columns: []string{"quantity"}, Kind: "range", Says: "quantity is at most 100", Doc: "Nobody buys more than 100 of a lamp; more is a slip of the keyboard.", Severity: "error"},
		catalog.Check{Name: "silver.dim_customers.email.regex", Table: "silver.dim_customers", Columns: []string{"email"}, Kind: "regex", Says: "email matches @", Severity: "warn"})
	for _, s := range []string{"customers", "products", "sales"} {
		source := catalog.Source{Name: "source." + s, Table: s}
		for _, table := range c.Tables {
			if table.Name != "bronze."+s {
				continue
			}
			for _, col := range table.Columns {
				if strings.HasPrefix(col.Name, "_") {
					continue
				}
				header := strings.ReplaceAll(strings.ToUpper(col.Name[:1])+col.Name[1:], "_", " ")
				source.Columns = append(source.Columns, header)
				c.Edges = append(c.Edges, lineage.Edge{From: lineage.Column{Table: source.Name, Column: header}, To: lineage.Column{Table: table.Name, Column: col.Name}, Kind: lineage.Identity})
			}
		}
		source.Columns = append(source.Columns, "Remarks")
		c.Sources = append(c.Sources, source)
	}
	return c
}

// shop is a shop with a dozen runs, of which the last published nothing: a
// check failed, and another warned.
func shop(t testing.TB) *catalog.Catalog {
	c := empty(t)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range c.Sources {
		s := &c.Sources[i]
		for month, records := range []int64{31_204, 33_870, 34_926} {
			if s.Table != "sales" {
				s.Files = append(s.Files, catalog.File{Name: s.Table + ".csv", Bytes: 184_220, Records: 2_019, Modified: now.AddDate(0, -1, 0)})
				break
			}
			s.Files = append(s.Files, catalog.File{Name: fmt.Sprintf("sales/sales_2026_%02d.csv", 9+month), Bytes: records * 88, Records: records, Rejected: int64(month * 9), Modified: now.AddDate(0, month-2, 0)})
		}
	}
	for i := range c.Tables {
		tb := &c.Tables[i]
		tb.Published, tb.Rows, tb.Files, tb.Version, tb.Modified = true, 1+random.Int64N(4_000), 1+random.IntN(4), 11, now.AddDate(0, 0, -1)
		if strings.HasSuffix(tb.Name, "sales") && tb.Name != "gold.regional_sales" {
			tb.Rows = 99_974 + random.Int64N(2_000)
		}
		tb.Bytes = tb.Rows * int64(4+random.IntN(30))
		for row := range 5 {
			var cells []*string
			for _, col := range tb.Columns {
				cells = append(cells, cell(col, row))
			}
			tb.Sample = append(tb.Sample, cells)
		}
	}
	const runs = 14
	for n := range runs {
		r := catalog.Run{ID: fmt.Sprintf("%016x", 0x9e3779b97f4a7c15*uint64(n+1)), At: now.AddDate(0, 0, -2*n), Command: "run", Published: n != 0 && n != 6, Seconds: 1.2 + random.Float64(), Pass: len(c.Checks) - 1, Warn: 1, Rows: map[string]int64{}}
		if n == 3 {
			r.Command, r.Published, r.Rows = "test", true, nil
		}
		if n == runs-1 {
			r.Full = "the lake is new"
		}
		if !r.Published {
			r.Pass, r.Error = r.Pass-1, 1
		}
		if r.Published && r.Rows != nil {
			for i := range c.Tables {
				r.Rows[c.Tables[i].Name] = c.Tables[i].Rows - c.Tables[i].Rows*int64(n-1)/40
			}
		}
		c.Runs = append(c.Runs, r)
		for i := range c.Checks {
			ck := &c.Checks[i]
			res := catalog.Result{Run: r.ID, At: r.At, Status: "pass", Rows: 101_822}
			switch {
			case ck.Severity == "warn":
				res.Status, res.Failures, res.Message = "warn", int64(23+n%5), fmt.Sprintf("%d of 101,822 rows fail: %s", 23+n%5, ck.Says)
			case ck.Name == failing && !r.Published:
				res.Status, res.Failures, res.Message = "error", int64(3+n), fmt.Sprintf("%d of 101,822 rows fail: quantity is at most 100", 3+n)
			}
			if n == 0 && res.Failures > 0 {
				for k := range min(3, res.Failures) {
					res.Samples = append(res.Samples, fmt.Sprintf(`{"order_id":"O10%04d","line_number":%d,"customer_id":"C100%03d","quantity":%d,"unit_price":"19.9000","big":12345678901234567%d,"country":"Germany","_source_file":"sales/sales_2026_11.csv","_source_row":%d}`, 77+k, k+1, 17*k, 200+k, k, 8812+k))
				}
			}
			ck.Results = append(ck.Results, res)
		}
	}
	return c
}

// cell is a value as a sample has it.
func cell(c catalog.Column, row int) *string {
	text := fmt.Sprintf("%s %d", strings.ReplaceAll(c.Name, "_", " "), row+1)
	switch {
	case c.Nullable && (row+len(c.Name))%4 == 0:
		return nil
	case c.PII != "":
		text = "•••••"
	case c.Type == "date":
		text = now.AddDate(0, 0, -row).Format(time.DateOnly)
	case c.Type == "ts":
		text = now.AddDate(0, 0, -row).Format(time.RFC3339)
	case c.Type == "bool":
		text = fmt.Sprint(row%2 == 0)
	case c.Type == "int32", c.Type == "int64":
		text = fmt.Sprint(row*row*37 + len(c.Name))
	case c.Type != "string":
		text = fmt.Sprintf("%d.%04d", row*1234+len(c.Name), row*777%10000)
	}
	return &text
}

// healthy is shop with the last run mended.
func healthy(t testing.TB) *catalog.Catalog {
	c := shop(t)
	c.Runs = c.Runs[1:]
	for i := range c.Checks {
		c.Checks[i].Results = c.Checks[i].Results[1:]
		if c.Checks[i].Severity == "warn" {
			for j := range c.Checks[i].Results {
				r := &c.Checks[i].Results[j]
				r.Status, r.Failures, r.Message = "pass", 0, ""
			}
		}
	}
	return c
}

// large is a catalog of n tables with m columns each, chained from layer to
// layer, and as many checks as columns.
func large(n, m int) *catalog.Catalog {
	c := &catalog.Catalog{Project: "Large", Smelt: "dev", At: now, Runs: []catalog.Run{{ID: "r1", At: now, Command: "run", Published: true, Pass: n * m, Rows: map[string]int64{}}}}
	for s := range 10 {
		src := catalog.Source{Name: fmt.Sprintf("source.files_%d", s), Table: "files"}
		for k := range m {
			src.Columns = append(src.Columns, fmt.Sprintf("Header %d", k))
		}
		c.Sources = append(c.Sources, src)
	}
	layers := []string{"bronze", "silver", "gold"}
	name := func(i int) string { return fmt.Sprintf("%s.table_%03d", layers[min(2, i*3/n)], i) }
	for i := range n {
		t := catalog.Table{Name: name(i), Doc: fmt.Sprintf("Table number %d of a large shop, with what nobody can keep in mind.", i), Key: []string{"column_00"}, Published: true, Rows: int64(i * 1000), Bytes: int64(i * 9000), Files: 1, Version: 3, Modified: now}
		for k := range m {
			col := fmt.Sprintf("column_%02d", k)
			cc := catalog.Column{Name: col, Doc: fmt.Sprintf("Column %d of table %d: what it holds, and in which unit.", k, i), Type: "string"}
			from := lineage.Column{Table: fmt.Sprintf("source.files_%d", i%10), Column: fmt.Sprintf("Header %d", k)}
			if i >= n/3 {
				from = lineage.Column{Table: name(i - n/3), Column: col}
				if k == 1 && layers[min(2, i*3/n)] == "silver" {
					cc.References = &catalog.Reference{Table: name(n/3 + (i*7)%(n/3)), Column: "column_00"}
				}
			}
			t.Columns = append(t.Columns, cc)
			c.Edges = append(c.Edges, lineage.Edge{From: from, To: lineage.Column{Table: t.Name, Column: col}, Kind: lineage.Identity})
			c.Checks = append(c.Checks, catalog.Check{Name: t.Name + "." + col + ".not_null", Table: t.Name, Columns: []string{col}, Kind: "not_null", Says: col + " is never NULL", Severity: "error", Results: []catalog.Result{{Run: "r1", At: now, Status: "pass", Rows: t.Rows}}})
		}
		for range 5 {
			row := make([]*string, m)
			for k := range row {
				text := fmt.Sprintf("value %d", k)
				row[k] = &text
			}
			t.Sample = append(t.Sample, row)
		}
		c.Runs[0].Rows[t.Name] = t.Rows
		c.Tables = append(c.Tables, t)
	}
	return c
}

// hostile is a catalog whose texts try to be more than text.
func hostile() *catalog.Catalog {
	const evil = `</script><script>window.owned=1</script><img src=x onerror="window.owned=2"> ' " & ` + "\u2028\u2029" + ` {{data}} <!-- ]]>`
	const arabic, emoji = "جدول المبيعات \u202Eمقلوب", "🧾👩‍👩‍👧‍👦 e\u0301"
	long := strings.Repeat("a_very_long_name_without_an_end_", 12)
	s := func(v string) *string { return &v }
	names := []string{"silver." + evil, "silver." + arabic, "silver." + emoji, "silver." + long, "silver.a/b#c?d%e&f", "silver.__proto__", "constructor"}
	c := &catalog.Catalog{Project: evil, Smelt: evil, At: now, Sources: []catalog.Source{{Name: "source." + evil, Table: evil, Columns: []string{evil, arabic}, Files: []catalog.File{{Name: evil, Records: 1}}}},
		Runs: []catalog.Run{{ID: evil, At: now, Command: "run", Error: 1, Full: evil, Rows: map[string]int64{}}}}
	for _, name := range names {
		t := catalog.Table{Name: name, Doc: evil, Key: []string{evil}, Published: true, Rows: 1}
		for _, col := range []string{evil, arabic, emoji, long, "__proto__"} {
			t.Columns = append(t.Columns, catalog.Column{Name: col, Doc: evil + long, Type: evil, Formula: evil, Unit: arabic, PII: evil, References: &catalog.Reference{Table: names[0], Column: evil}})
			c.Edges = append(c.Edges, lineage.Edge{From: lineage.Column{Table: "source." + evil, Column: evil}, To: lineage.Column{Table: name, Column: col}, Kind: lineage.Filter},
				lineage.Edge{From: lineage.Column{Table: name, Column: col}, To: lineage.Column{Table: name, Column: evil}, Kind: lineage.Identity})
		}
		t.Sample = [][]*string{{s(evil), s(arabic), s(emoji), nil, s(long)}}
		c.Tables = append(c.Tables, t)
		c.Checks = append(c.Checks, catalog.Check{Name: name + evil, Table: name, Columns: []string{evil}, Kind: evil, Says: evil, Doc: evil, Severity: "error",
			Results: []catalog.Result{{Run: evil, At: now, Status: "error", Failures: 2, Rows: 3, Message: evil, Samples: []string{`{"a":"` + "<b>bold</b>" + `","__proto__":"x"}`, evil, arabic}}}})
		c.Runs[0].Rows[name] = 1
	}
	return c
}
