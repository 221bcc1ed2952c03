package register

import (
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// Names and texts of any kind come out as they went in: the test server's
// lexer undoes the quoting by Databricks' rules, here by hand.
func TestQuoting(t *testing.T) {
	if got := ident("a`b", "c"); got != "`a``b`.`c`" {
		t.Error(got)
	}
	for in, want := range map[string]string{
		"the shop's": `'the shop\'s'`, `a\b`: `'a\\b'`, "a\nb": `'a\nb'`, "${x}": `'\${x}'`, "100 %_": `'100 %_'`, `\%`: `'\\%'`, "": `''`, "Σ −": `'Σ −'`, "; --": `'; --'`,
	} {
		if got := text(in); got != want {
			t.Errorf("%q: %s", in, got)
		}
	}
}

// The order of a script: schemas, tables, the check, then what the tables
// mean; foreign keys are dropped before the primary keys that they need, and
// added after them.
func TestScriptOrder(t *testing.T) {
	script := string(Script(tablesIn(t, lakeOf(t, Delta)), Names{Catalog: "main"}))
	last := -1
	for _, part := range []string{
		"CREATE SCHEMA IF NOT EXISTS `main`.`silver`",
		"CREATE TABLE IF NOT EXISTS `main`.`silver`.`fact_sales` USING DELTA LOCATION 's3://shop/lake/silver/fact_sales';",
		"SELECT assert_true(",
		"MSCK REPAIR TABLE `main`.`silver`.`fact_sales` SYNC METADATA;",
		"COMMENT ON TABLE `main`.`silver`.`fact_sales` IS 'One row per order line, and one per return; a return\\'s revenue is negative.';",
		"ALTER TABLE `main`.`silver`.`fact_sales` ALTER COLUMN\n  `order_id` SET NOT NULL,",
		"ALTER TABLE `main`.`silver`.`fact_sales` DROP CONSTRAINT IF EXISTS `fact_sales_customer_id_fk`;",
		"ALTER TABLE `main`.`silver`.`dim_customers` DROP CONSTRAINT IF EXISTS `dim_customers_pk`;",
		"ALTER TABLE `main`.`silver`.`dim_customers` ADD CONSTRAINT `dim_customers_pk` PRIMARY KEY (`customer_id`) RELY;",
		"ALTER TABLE `main`.`silver`.`fact_sales` ADD CONSTRAINT `fact_sales_customer_id_fk` FOREIGN KEY (`customer_id`) REFERENCES `main`.`silver`.`dim_customers` (`customer_id`) RELY;",
		"ALTER TABLE `main`.`silver`.`dim_customers` ALTER COLUMN `email` SET TAGS ('pii' = 'email');",
	} {
		i := strings.Index(script, part)
		if i <= last {
			t.Errorf("%s: at %d, after %d", part, i, last)
		}
		last = i
	}
}

// A table of Parquet has its columns in the statement, and no keys.
func TestScriptParquet(t *testing.T) {
	script := string(Script(tablesIn(t, lakeOf(t, Parquet)), Names{}))
	for _, part := range []string{
		"CREATE TABLE IF NOT EXISTS `silver`.`fact_sales` (\n  `order_id` STRING COMMENT 'Order that",
		"  `revenue` DECIMAL(18,4) COMMENT 'sales − returns: negative on a return.',",
		") USING PARQUET COMMENT 'One row per order line",
		"LEFT JOIN `information_schema`.`tables` AS have",
	} {
		if !strings.Contains(script, part) {
			t.Errorf("no %s", part)
		}
	}
	for _, part := range []string{"NOT NULL", "PRIMARY KEY", "SYNC METADATA", "COMMENT ON"} {
		if i := strings.Index(script, part); i >= 0 && !strings.HasPrefix(script[strings.LastIndexByte(script[:i], '\n')+1:], "--") {
			t.Errorf("it has %s", part)
		}
	}
}

// A table with odd names and without any description is written right.
func TestScriptOdd(t *testing.T) {
	odd := Table{Layer: "gold", Name: "x", Location: "s3://b/o'clock", Format: Parquet, Columns: []Column{{Name: "a`b", Type: pipeline.StringType, Doc: "it's"}, {Name: "c", Type: pipeline.RatioType}}}
	script := string(Script([]Table{odd}, Names{Catalog: "c`at", Prefix: "p_"}))
	want := "CREATE TABLE IF NOT EXISTS `c``at`.`p_gold`.`x` (\n  `a``b` STRING COMMENT 'it\\'s',\n  `c` DECIMAL(18,6)\n) USING PARQUET LOCATION 's3://b/o\\'clock';"
	if !strings.Contains(script, want) {
		t.Error(script)
	}
}

func TestNames(t *testing.T) {
	for _, bad := range []Names{{Catalog: "a.b"}, {Prefix: "a/"}, {Catalog: "a b"}, {Catalog: strings.Repeat("x", 300)}, {Catalog: "a\nb"}} {
		if bad.Check() == nil {
			t.Errorf("%+v passes", bad)
		}
	}
	if err := (Names{Catalog: "ma-in`", Prefix: "shop_"}).Check(); err != nil {
		t.Error(err)
	}
	for _, layer := range []string{"bronze", "silver", "gold", "mine"} {
		if len(about(layer)) > 255 {
			t.Errorf("%s: too long", layer)
		}
	}
	if !slices.Equal((Names{Prefix: "p_"}).parts("gold", "x"), []string{"p_gold", "x"}) {
		t.Error("parts")
	}
}
