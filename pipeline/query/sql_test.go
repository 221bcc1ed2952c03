package query

import (
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/smeltdata/smelt/pipeline/sql"
)

func TestSQL(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String}, {Name: "Order", Type: arrow.PrimitiveTypes.Int64}, {Name: "day", Type: arrow.FixedWidthTypes.Date32}}, nil)
	for _, c := range []struct{ condition, duckdb, spark string }{
		{"A IS NOT NULL AND day>='2024-01-31'", "a is not null and day >= '2024-01-31'", ""},
		{`NOT (order NOT IN (1,2) OR "Order"*2 BETWEEN -1 AND 3)`, `not ("Order" not in (1, 2) or "Order" * 2 between -1 and 3)`, "not (`Order` not in (1, 2) or `Order` * 2 between -1 and 3)"},
		{`a LIKE 'it''s\_%' OR a = '{{{%'`, `a like 'it''s\_%' or a = '{' || '{' || '{' || '%'`, `a like 'it\'s\\\\_%' or a = '{' || '{' || '{' || '%'`},
	} {
		if c.spark == "" {
			c.spark = c.duckdb
		}
		for d, want := range map[sql.Dialect]string{sql.DuckDB: c.duckdb, sql.Spark: c.spark} {
			if got, err := SQL(c.condition, schema, d); got != want || err != nil {
				t.Errorf("%s: %s in %s is %s, want %s", c.condition, err, d, got, want)
			}
		}
	}
	if _, err := SQL("b = 1", schema, sql.DuckDB); err == nil {
		t.Error("a column that is not there")
	}
}
