package judge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// TestLakeWritten has delta-rs write to a lake's tables: after a change of files
// alone the next run is an increment still, after one of rows it says who did it
// and makes all tables anew. Either way the lake is what a first run makes.
func TestLakeWritten(t *testing.T) {
	t.Parallel()
	judgetest.Python(t, "deltalake", "duckdb", "pyarrow", "polars")
	h := newHistory(t, 12)
	write := func(task string, tables ...string) {
		t.Helper()
		h.python("lake_write.py", append([]string{h.path("lake"), task}, tables...)...)
	}
	write("compact", h.tables()...)
	write("vacuum", h.tables()...)
	write("checkpoint", h.tables()...)
	if out, code := h.smelt("run"); code != 99 {
		t.Errorf("smelt run after a compaction, with nothing new, exits %d:\n%s", code, out)
	}
	h.next()
	h.run("")
	h.fresh()

	for _, change := range []struct{ task, table, operation string }{
		{"append", "gold.regional_sales", "WRITE"},
		{"append", "silver.fact_sales", "WRITE"},
		{"delete", "bronze.sales", "DELETE"},
	} {
		before := h.report().Versions[change.table].Version
		write(change.task, change.table)
		want := fmt.Sprintf("%s has been changed by delta-rs", change.table)
		r := h.run(want)
		if !strings.Contains(r.Full, fmt.Sprintf("(%s, version %d)", change.operation, before+1)) {
			t.Errorf("after %s of %s: %s", change.task, change.table, r.Full)
		}
		if out, code := h.smelt("run"); code != 99 {
			t.Errorf("the second smelt run after it exits %d:\n%s", code, out)
		}
	}
	h.fresh()

	// In turn: each sees what the other has written.
	for range 3 {
		write("append", "gold.sales_summary")
		h.run("gold.sales_summary has been changed by delta-rs")
	}
	h.next()
	h.run("")
	h.fresh()
	write("append", "gold.sales_summary")
	want := strings.Count(string(h.read(h.keep("gold.sales_summary"))), "\n") + 1
	if got := strings.Count(h.show("gold.sales_summary", "lake"), "\n"); got != want {
		t.Errorf("gold.sales_summary has %d rows after delta-rs appended one, want %d", got, want)
	}
}
