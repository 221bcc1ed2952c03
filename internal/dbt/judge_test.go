package dbt

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/internal/judgetest"
)

// TestJudged has dbt's own classes and schemas, dbt-artifacts-parser, dbt ls and
// OpenLineage's processor read the artefacts (testdata/judge/artefacts.py), and
// knows what they must find. A shop that was never run, and one of which nothing is
// known, must be read too.
func TestJudged(t *testing.T) {
	python := judgetest.DBT(t)
	const everywhere = `models	13
tests	76
sources	files.customers files.sales files.sales_2
its own project, state:modified	Muller_Sohne_s_shop.mine
models +gold.customer_metrics	customer_metrics customers dim_customers dim_products fact_sales products sales
models gold	customer_metrics customer_segmentation product_performance regional_sales sales_summary
models tag:pii	customers dim_customers quarantine rejects sales
models config.materialized:incremental	customers dim_customers dim_products fact_sales products quarantine rejects sales
tests gold.regional_sales	accepted_values_regional_sales_level gold_regional_sales_revenue_sum_equals_country smelt_expression_regional_sales smelt_row_count_regional_sales smelt_unique_combination_of_columns_regional_sales_level_country_state
exposures	smelt_docs
modified since itself	
modified since another	customer_metrics
events, assertions	75
`
	never := shop(t, true)
	never.Runs = nil
	for i := range never.Tables {
		never.Tables[i].Published = false
	}
	for i := range never.Checks {
		never.Checks[i].Results, never.Checks[i].Rule = nil, nil
	}
	sql := shop(t, true)
	var err error
	if sql.Mapping, err = bronze.LoadMapping("../../testdata/adventureworks.yml"); err != nil {
		t.Fatal(err)
	}
	args := []string{"-B", filepath.Join("..", "..", "testdata", "judge", "artefacts.py")}
	for _, c := range []struct {
		name string
		c    *catalog.Catalog
		want string
	}{
		{"published", shop(t, true), everywhere + `results	pass 73 skipped 1 success 12 warn 1
failed	
events	25 start, 24 complete, 1 fail
events, tables with rows	11
events, customer_metrics	21 columns from silver.dim_customers silver.fact_sales
events, assertions without success	emails_look_right smelt_freshness_sales_summary_period_start
`},
		{"refused", shop(t, false), everywhere + `results	error 1 fail 1 pass 72 skipped 13 warn 1
failed	smelt_row_count_regional_sales
events	14 start, 11 complete, 3 fail
events, assertions without success	emails_look_right smelt_freshness_sales_summary_period_start smelt_row_count_regional_sales
`},
		{"never", never, ""},
		{"sql", sql, ""},
		{"unknown", &catalog.Catalog{Project: "shop", At: never.At}, ""},
	} {
		dir := filepath.Join(t.TempDir(), c.name)
		if err := Write(dir, c.c); err != nil {
			t.Fatal(err)
		}
		if c.want != "" {
			if err := os.WriteFile(filepath.Join(dir, "want"), []byte(c.want), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		args = append(args, dir)
	}
	out, err := exec.Command(python, args...).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}
