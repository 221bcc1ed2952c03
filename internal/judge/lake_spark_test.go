package judge

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// spark is a Spark session with Delta: see testdata/judge/lake_spark.py.
type spark struct {
	*testing.T
	h   *history
	in  io.Writer
	out *bufio.Scanner
	log bytes.Buffer
}

func (h *history) spark() *spark {
	h.Helper()
	s := &spark{T: h.T, h: h}
	cmd := exec.Command(judgetest.Spark(h.T), "-B", abs(h.T, "../../testdata/judge/lake_spark.py"))
	in, err := cmd.StdinPipe()
	if err != nil {
		h.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		h.Fatal(err)
	}
	cmd.Stderr = &s.log
	if err := cmd.Start(); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			h.Errorf("Spark: %v\n%s", err, s.log.Bytes())
		}
	})
	s.in, s.out = in, bufio.NewScanner(out)
	s.out.Buffer(nil, 64<<20)
	return s
}

// ask hands a task to Spark. In its SQL {silver.fact_sales} is the table of the lake.
func (s *spark) ask(task map[string]any) ([]map[string]any, string) {
	s.Helper()
	sql := task["sql"].(string)
	for _, name := range s.h.tables() {
		sql = strings.ReplaceAll(sql, "{"+name+"}", "delta.`"+s.h.path("lake/"+strings.Replace(name, ".", "/", 1))+"`")
	}
	task["sql"] = sql
	text, err := json.Marshal(task)
	if err != nil {
		s.Fatal(err)
	}
	if _, err := s.in.Write(append(text, '\n')); err != nil {
		s.Fatalf("%v\n%s", err, s.log.Bytes())
	}
	for s.out.Scan() {
		if text, ok := strings.CutPrefix(s.out.Text(), "=> "); ok {
			var answer struct {
				Rows  []map[string]any
				Error string
			}
			if err := json.Unmarshal([]byte(text), &answer); err != nil {
				s.Fatal(err)
			}
			return answer.Rows, answer.Error
		}
	}
	s.Fatalf("Spark has ended:\n%s", s.log.Bytes())
	return nil, ""
}

// sql runs a statement that must not fail.
func (s *spark) sql(format string, args ...any) []map[string]any {
	s.Helper()
	return s.must(map[string]any{"sql": fmt.Sprintf(format, args...)})
}

func (s *spark) must(task map[string]any) []map[string]any {
	s.Helper()
	rows, failed := s.ask(task)
	if failed != "" {
		s.Fatalf("%s: %s", task["sql"], failed)
	}
	return rows
}

// same checks that Spark reads of a table what smelt showed.
func (s *spark) same(table, version, want string) {
	s.Helper()
	s.must(map[string]any{"sql": "SELECT * FROM {" + table + "}" + version, "table": table, "want": want})
}

// TestLakeSpark has Spark read a lake of many runs and change its tables: after
// a change of files alone the next run is an increment still, after one of rows
// it makes all tables anew, and a lake with a table that it cannot write to any
// more it leaves as it is.
func TestLakeSpark(t *testing.T) {
	t.Parallel()
	judgetest.Spark(t)
	h := newHistory(t, runs(t))
	s := h.spark()

	for _, name := range h.tables() {
		last := h.report().Versions[name].Version
		s.same(name, "", h.keep(name))
		for _, v := range []int64{0, last / 2} {
			s.same(name, fmt.Sprintf(" VERSION AS OF %d", v), filepath.Join(h.want, fmt.Sprintf("%s@v%d.csv", name, v)))
		}
		log := s.sql("DESCRIBE HISTORY {%s}", name)
		if len(log) != int(last)+1 {
			t.Errorf("%s: DESCRIBE HISTORY has %d versions, want %d", name, len(log), last+1)
		}
		for _, c := range log {
			metrics, _ := c["operationMetrics"].(map[string]any)
			engine, _ := c["engineInfo"].(string)
			note, _ := c["userMetadata"].(string)
			if (c["operation"] != "WRITE" && c["operation"] != "MERGE") || metrics["numOutputRows"] == nil || !strings.HasPrefix(engine, "smelt/") ||
				!strings.HasPrefix(note, "smelt run ") || strings.HasPrefix(name, "gold.") != strings.Contains(note, " silver.fact_sales@v") {
				t.Errorf("%s: DESCRIBE HISTORY shows %v", name, c)
			}
		}
	}
	all := s.sql("DESCRIBE DETAIL {silver.fact_sales}")[0]["numFiles"].(float64)
	for _, column := range []string{"order_id", "order_date"} {
		value := s.sql("SELECT CAST(percentile_disc(0.9) WITHIN GROUP (ORDER BY unix_date(order_date)) AS INT) AS d FROM {silver.fact_sales}")[0]["d"]
		where := fmt.Sprintf("order_date = date_from_unix_date(%v)", value)
		if column == "order_id" {
			where = fmt.Sprintf("order_id = '%v'", s.sql("SELECT max(order_id) AS m FROM {silver.fact_sales} WHERE %s", where)[0]["m"])
		}
		n := s.must(map[string]any{"sql": "SELECT * FROM {silver.fact_sales} WHERE " + where, "files": true})[0]["files"].(float64)
		t.Logf("%s: Spark reads %v of %v files", where, n, all)
		if n < 1 || n > all/2 {
			t.Errorf("%s: Spark reads %v of %v files", where, n, all)
		}
	}

	t.Log("Spark rearranges files")
	before := h.report().Versions
	for _, name := range []string{"bronze.sales", "silver.fact_sales", "silver.quarantine", "gold.regional_sales"} {
		s.sql("OPTIMIZE {%s}", name)
		s.sql("VACUUM {%s} DRY RUN", name)
	}
	if v := s.sql("DESCRIBE HISTORY {silver.fact_sales} LIMIT 1")[0]; v["version"].(float64) <= float64(before["silver.fact_sales"].Version) {
		t.Errorf("OPTIMIZE of silver.fact_sales did nothing: %v", v)
	}
	if out, code := h.smelt("run"); code != 99 {
		t.Errorf("smelt run after OPTIMIZE, with nothing new, exits %d:\n%s", code, out)
	}
	h.next()
	h.run("")
	h.fresh()
	s.same("silver.fact_sales", "", h.keep("silver.fact_sales"))

	t.Log("Spark changes rows")
	for _, change := range []struct{ table, sql, operation string }{
		{"gold.regional_sales", "INSERT INTO {gold.regional_sales} SELECT * FROM {gold.regional_sales} LIMIT 1", "WRITE"},
		{"silver.fact_sales", "INSERT INTO {silver.fact_sales} SELECT * FROM {silver.fact_sales} LIMIT 3", "WRITE"},
		{"silver.dim_customers", "MERGE INTO {silver.dim_customers} t USING (SELECT max(customer_id) AS id FROM {silver.dim_customers}) s ON t.customer_id = s.id WHEN MATCHED THEN UPDATE SET country = 'Nowhere'", "MERGE"},
		{"bronze.sales", "DELETE FROM {bronze.sales} WHERE quantity = 1", "DELETE"},
	} {
		s.sql("%s", change.sql)
		r := h.run(change.table + " has been changed by Apache-Spark/")
		if !strings.Contains(r.Full, "("+change.operation+", version ") {
			t.Errorf("after %s: %s", change.sql, r.Full)
		}
		h.fresh()
		s.same(change.table, "", h.keep(change.table))
	}
	h.next()
	h.run("")
	h.fresh()

	t.Log("Spark upgrades tables")
	h.next()
	for _, upgrade := range []struct{ table, sql, feature string }{
		{"gold.regional_sales", "ALTER TABLE {gold.regional_sales} SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')", "deletionVectors"},
		{"silver.fact_sales", "ALTER TABLE {silver.fact_sales} SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name', 'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5')", "columnMapping"},
	} {
		s.sql("%s", upgrade.sql)
		version := s.sql("DESCRIBE HISTORY {%s} LIMIT 1", upgrade.table)[0]["version"]
		report := string(h.read(h.path("lake/_smelt/run.json")))
		for _, args := range [][]string{{"run"}, {"run", "--full-refresh"}} {
			out, code := h.smelt(args...)
			t.Logf("smelt %s: exit %d: %s", strings.Join(args, " "), code, out)
			if code != 1 || !strings.Contains(out, upgrade.table) || !strings.Contains(out, upgrade.feature) || !strings.Contains(out, "remove the table's folder") {
				t.Errorf("smelt %s of an upgraded table", strings.Join(args, " "))
			}
			if v := s.sql("DESCRIBE HISTORY {%s} LIMIT 1", upgrade.table)[0]["version"]; v != version {
				t.Errorf("%s was written to: version %v, was %v", upgrade.table, v, version)
			}
			if got := string(h.read(h.path("lake/_smelt/run.json"))); got != report {
				t.Error("the run has left another report")
			}
		}
		// What the error advises.
		if err := os.RemoveAll(h.path("lake/" + strings.Replace(upgrade.table, ".", "/", 1))); err != nil {
			t.Fatal(err)
		}
		h.run(upgrade.table + " is gone")
		h.fresh()
	}
}
