package cli

import (
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/smeltdata/smelt/internal/catalogtest"
)

// scriptTest is a script as what a server lives as long as.
type scriptTest struct{ *testscript.TestScript }

func (s scriptTest) Cleanup(f func()) { s.Defer(f) }

// catalogServer is the command catalog: catalog unity [TOKEN] starts a Unity Catalog server and sets $UNITY.
// catalog databricks LAKE LOCATION starts a workspace that sees a lake at a
// location, and sets Databricks' variables.
func catalogServer(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] == "unity" {
		u := catalogtest.NewUnity(scriptTest{ts})
		if len(args) > 1 {
			u.Lock()
			u.Token = args[1]
			u.Unlock()
		}
		ts.Setenv("UNITY", u.URL)
		return
	}
	logs, err := catalogtest.Logs(ts.MkAbs(args[1]), args[2])
	ts.Check(err)
	d := catalogtest.NewDatabricks(scriptTest{ts}, logs)
	ts.Setenv("DATABRICKS_HOST", d.URL)
	ts.Setenv("DATABRICKS_WAREHOUSE_ID", d.Warehouse)
	ts.Setenv("DATABRICKS_TOKEN", d.Tokens[0])
}
