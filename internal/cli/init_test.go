package cli

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// TestInitAdventureWorks has init map the published shop: its tables are those
// of the mapping that was made by hand.
func TestInitAdventureWorks(t *testing.T) {
	data := judgetest.Data(t, "adventureworks")
	dir := t.TempDir()
	files, err := filepath.Glob(filepath.Join(data, "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, f := range files {
		if err := os.Symlink(f, filepath.Join(dir, filepath.Base(f))); err != nil {
			t.Fatal(err)
		}
	}
	config, found, own := filepath.Join(dir, "smelt.yml"), filepath.Join(dir, "found"), filepath.Join(dir, "own")
	smelt(t, "init", dir)
	smelt(t, "run", "-c", config, "-o", found)
	smelt(t, "run", "-c", "../../testdata/adventureworks.yml", "--data", data, "-o", own)
	for _, table := range []struct{ name, columns string }{
		{"silver.fact_sales", "order_id,line_number,line_type,order_date,customer_id,product_id,quantity,unit_price,sales,returns,cost,category,country,state"},
		{"silver.dim_customers", "customer_id,full_name,email,birth_date"},
		{"silver.dim_products", "product_id,product_name,category,subcategory,unit_cost,unit_price"},
		{"gold.regional_sales", "level,country,state,orders,revenue"},
	} {
		got, want := rows(t, found, table.name, table.columns), rows(t, own, table.name, table.columns)
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s: %s", table.name, cmp.Diff(want[:min(len(want), 2000)], got[:min(len(got), 2000)]))
		}
	}
}
