package models

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/io/csvio"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
	"github.com/smeltdata/smelt/silver"
)

var silverTables = []*pipeline.Table{silver.DimCustomers.Table, silver.DimProducts.Table, silver.FactSales.Table, silver.Quarantine.Table}

// handMade unpacks the hand-made shops and loads their mappings: by name.
func handMade(t *testing.T) map[string]*bronze.Mapping {
	t.Helper()
	out := map[string]*bronze.Mapping{}
	shops, err := filepath.Glob("../../testdata/judge/shops/*.txtar")
	if err != nil || len(shops) == 0 {
		t.Fatalf("no shops: %v", err)
	}
	for _, shop := range append(shops, "testdata/described.txtar") {
		name := strings.TrimSuffix(filepath.Base(shop), ".txtar")
		if name == "overlap" {
			continue // SQL cannot express that
		}
		archive, err := txtar.ParseFile(shop)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for _, f := range archive.Files {
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if out[name], err = bronze.LoadMapping(filepath.Join(dir, "smelt.yml")); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

var lastWord = regexp.MustCompile(`(\w+)$`)

// lastSelect returns the names of the columns that a model's last SELECT gives.
func lastSelect(text string) (out []string) {
	at := strings.LastIndex("\n"+text, "\nselect\n")
	depth, list := 0, strings.TrimPrefix(text[at:], "select\n")
	var item strings.Builder
	for _, c := range list {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth == 0 && (c == ',' || strings.HasSuffix(item.String(), "\nfrom")):
			out = append(out, lastWord.FindString(strings.TrimSpace(strings.TrimSuffix(item.String(), "\nfrom"))))
			if c != ',' {
				return out
			}
			item.Reset()
			continue
		}
		item.WriteRune(c)
	}
	return out
}

// Each table of silver has a model that gives its columns in order, reads only what
// is there, and compiles to plain SQL, whatever a shop has.
func TestSilverModels(t *testing.T) {
	mappings := handMade(t)
	public, err := filepath.Glob("../../testdata/mappings/*.yml")
	if err != nil || len(public) == 0 {
		t.Fatalf("no mappings: %v", err)
	}
	for _, file := range public {
		if mappings[file], err = bronze.LoadMapping(file); err != nil {
			t.Fatal(err)
		}
	}
	for name, m := range mappings {
		for _, d := range []sql.Dialect{sql.DuckDB, sql.Spark} {
			p := &Project{Name: "shop", Dialect: d, Mapping: m, Macros: macros()}
			if err := p.silverModels(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			known := []string{"customers", "products", "sales", "int_sales_customers", "int_sales_products", "int_returned_orders", "country_spellings"}
			var tables []*pipeline.Table
			for _, model := range p.Models {
				for _, read := range model.Reads() {
					if !slices.Contains(known, read) {
						t.Errorf("%s: %s reads %s, which no model before it makes", name, model.Name, read)
					}
				}
				known = append(known, model.Name)
				for _, text := range []string{model.SQL, strings.ReplaceAll(model.Incremental+model.Before, "{{ this }}", "")} {
					compiled, err := p.Compile(&Model{SQL: text}, func(name string) string { return name }, nil)
					if err != nil || strings.Contains(compiled, "{{") || strings.Contains(compiled, "[[") {
						t.Errorf("%s: %s does not compile (%v): %s", name, model.Name, err, compiled)
					}
				}
				if model.Table == nil {
					continue
				}
				tables = append(tables, model.Table)
				var columns []string
				for _, c := range model.Table.Columns {
					columns = append(columns, c.Name)
				}
				if got := lastSelect(model.SQL); !slices.Equal(got, columns) {
					t.Errorf("%s: %s gives the columns %q, not %q", name, model.Name, got, columns)
				}
			}
			for _, table := range silverTables {
				if !slices.Contains(tables, table) {
					t.Errorf("%s: there is no model of %s", name, table.Name)
				}
			}
		}
	}
}

// A step is there where the shop needs it.
func TestSilverFollowsMapping(t *testing.T) {
	shops := handMade(t)
	for _, want := range []struct {
		shop, model, text string
		has               bool
	}{
		{"returned", "fact_sales", "partition by order_id, line_number", true},
		{"lineless", "fact_sales", "partition by order_id, line_number", false},
		{"returned", "fact_sales", "int_returned_orders", true},
		{"lineless", "fact_sales", "came_back", false},
		{"returned", "int_sales_lines", "left(order_id, 1) = 'C'", true},
		{"derived", "int_customers", "{{ ref('int_sales_customers') }}", true},
		{"derived", "int_customers", "{{ ref('customers') }}", false},
		{"zones", "int_sales_lines", "currency <> 'EUR'", true},
		{"zones", "int_sales_lines", "date '2023-03-01' and date '2024-12-31'", true},
		{"lineless", "int_sales_lines", "'return-'", true},
		{"edges", "int_sales_lines", "'return-'", false},
		{"described", "dim_products", "where not known.is_inferred", true},
		{"derived", "dim_products", "where not known.is_inferred", false},
		{"derived", "quarantine", "missing_key", false},
	} {
		p, err := New("shop", shops[want.shop], sql.Spark)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(p.Models, func(m *Model) bool { return m.Name == want.model })
		if strings.Contains(p.Models[i].SQL, want.text) != want.has {
			t.Errorf("%s: that %s has %q is not %v:\n%s", want.shop, want.model, want.text, want.has, p.Models[i].SQL)
		}
	}
}

// The models make of the bronze tables of hand-made shops, cell by cell, what silver
// makes of them in Go. What sales lines say of customers and products, and lists of
// returned orders, are read from the files by bronze's own models.
func TestSilverJudged(t *testing.T) {
	python := judgetest.Python(t, "duckdb")
	for name, m := range handMade(t) {
		t.Run(name, func(t *testing.T) {
			var made pipeline.Memory
			defer made.Release()
			if _, err := gold.Run(t.Context(), m, csvio.Open, &made, gold.Workers(1)); err != nil {
				t.Fatal(err)
			}
			p, err := New("shop", m, sql.DuckDB)
			if err != nil {
				t.Fatal(err)
			}
			var shop judged
			for _, table := range bronzeTables {
				shop.Silver = append(shop.Silver, relationOf(table, made.Table(table.Name)...))
			}
			for _, s := range p.Seeds {
				shop.Silver = append(shop.Silver, seedOf(s))
			}
			// Of bronze's steps, those that silver reads, and what they read.
			needed := map[string]bool{}
			for _, model := range slices.Backward(p.Models) {
				if model.Layer == "silver" || needed[model.Name] {
					for _, read := range model.Reads() {
						needed[read] = true
					}
				}
			}
			var models [][2]string
			sources := map[string]bool{}
			for _, model := range p.Models {
				if model.Layer == "gold" || model.Layer == "bronze" && (model.Table != nil || !needed[model.Name]) {
					continue
				}
				text, err := p.Compile(model, func(name string) string { return name }, func(name string) string {
					sources[name] = true
					return "files_" + name
				})
				if err != nil {
					t.Fatal(err)
				}
				models = append(models, [2]string{model.Name, text})
			}
			for _, s := range p.Sources {
				if sources[s.Name] {
					text, err := p.Read(&s, m.Dir)
					if err != nil {
						t.Fatal(err)
					}
					shop.Models = append(shop.Models, [2]string{"files_" + s.Name, text})
				}
			}
			shop.Models = append(shop.Models, models...)
			for _, table := range silverTables {
				shop.Gold = append(shop.Gold, relationOf(table, made.Table(table.Name)...))
			}
			input, err := json.Marshal([]judged{shop})
			if err != nil {
				t.Fatal(err)
			}
			run := exec.Command(python, "-c", compareGold)
			run.Stdin = strings.NewReader(string(input))
			if out, err := run.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
