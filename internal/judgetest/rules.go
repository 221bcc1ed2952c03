package judgetest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/smeltdata/smelt/pipeline/sql"
)

// Rule is a rule as SQL, and what its Go gives.
type Rule struct {
	Name    string
	Columns []string // of text
	Steps   []Step   // columns more, each made of those before it
	SQL     string   // over the columns, with macros
	Type    string   // of what it gives, as Spark writes it: "string", "decimal(18,6)", "date"
	Rows    [][]any  // the columns' texts and what Go gives, as text; nil is NULL
}

// Step is a column that a rule is made of.
type Step struct{ Name, SQL string }

// Rules has DuckDB and Spark compute what rules give of their rows, and fails the
// test where that is not what Go gives. Rows may differ between engines: rules are
// asked for by dialect. macros are what the rules' SQL may call.
func Rules(t *testing.T, macros []*sql.Macro, rules func(d sql.Dialect) []Rule) {
	for _, d := range []sql.Dialect{sql.DuckDB, sql.Spark} {
		t.Run(string(d), func(t *testing.T) {
			python := ""
			if d == sql.Spark {
				python = Spark(t)
			} else {
				python = Python(t, "duckdb")
			}
			scope := &sql.Scope{Dialect: d, Macros: map[string]*sql.Macro{}}
			for _, m := range macros {
				scope.Macros[m.Name] = m
			}
			dir := t.TempDir()
			var list []map[string]any
			for _, r := range rules(d) {
				from := "v"
				for _, s := range append(r.Steps, Step{"got", r.SQL}) {
					text, err := scope.Expand(s.SQL)
					if err != nil {
						t.Fatalf("%s: %v", r.Name, err)
					}
					from = "(select *, " + text + " as " + s.Name + " from " + from + ")"
				}
				list = append(list, map[string]any{"name": r.Name, "columns": r.Columns, "from": from, "type": r.Type, "rows": len(r.Rows)})
				writeJSON(t, filepath.Join(dir, r.Name+".jsonl"), r.lines()...)
			}
			writeJSON(t, filepath.Join(dir, "rules.json"), list)
			script := filepath.Join(root(t), "testdata", "judge", "rules_sql.py")
			out, err := exec.Command(python, "-B", script, string(d), dir).Output()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			if n := bytes.Count(out, []byte("=> ")); n != len(list) {
				t.Errorf("%d of %d rules were computed", n, len(list))
			}
			t.Logf("%s", out)
		})
	}
}

// lines are a rule's rows as objects.
func (r *Rule) lines() []any {
	out := make([]any, len(r.Rows))
	for i, row := range r.Rows {
		object := map[string]any{"want": row[len(r.Columns)]}
		for c, name := range r.Columns {
			object[name] = row[c]
		}
		out[i] = object
	}
	return out
}

// writeJSON writes values, one a line.
func writeJSON(t *testing.T, path string, values ...any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, v := range values {
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Random returns a source of random numbers, whose seed it logs; $SMELT_SEED
// repeats one.
func Random(t *testing.T) *rand.Rand {
	seed, err := strconv.ParseUint(os.Getenv("SMELT_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("SMELT_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 9))
}
