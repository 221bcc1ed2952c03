package models

import (
	"regexp"
	"testing"

	"github.com/smeltdata/smelt/pipeline/sql"
)

// Each macro stands after those that it calls, and is the only one of its name:
// what a project does not call is left out by going through them backwards.
func TestMacros(t *testing.T) {
	known := map[string]bool{}
	calls := regexp.MustCompile(`\{\{ *(\w+)\(`)
	for _, m := range macros() {
		for _, d := range []sql.Dialect{sql.DuckDB, sql.Spark} {
			for _, call := range calls.FindAllStringSubmatch(m.In(d), -1) {
				if !known[call[1]] {
					t.Errorf("%s calls %s, which does not come before it (%s)", m.Name, call[1], d)
				}
			}
		}
		if known[m.Name] {
			t.Errorf("two macros are called %s", m.Name)
		}
		known[m.Name] = true
	}
}
