package crashtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/cli"
	"github.com/smeltdata/smelt/pipeline"
)

// TestMain is smelt itself where a test has started this binary again.
func TestMain(m *testing.M) {
	if os.Getenv("CRASHTEST_SMELT") != "" {
		os.Exit(cli.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// process is a smelt of its own.
type process struct {
	*exec.Cmd
	out bytes.Buffer
}

func command(t *testing.T, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.CommandContext(t.Context(), self, args...)}
	p.Env = append(os.Environ(), "CRASHTEST_SMELT=1")
	p.Stdout, p.Stderr = &p.out, &p.out
	return p
}

// runArgs are the arguments of a run of the shop in a folder, which keeps its lake in "lake".
func runArgs(dir string, more ...string) []string {
	return append([]string{"run", "-c", filepath.Join(dir, "smelt.yml"), "-o", filepath.Join(dir, "lake")}, more...)
}

// smelt calls smelt in this process.
func smelt(args ...string) (code int, stdout, stderr string) {
	var o, e bytes.Buffer
	code = cli.Run(context.Background(), args, &o, &e)
	return code, o.String(), e.String()
}

// exitCode waits for a process; -1 = it was killed.
func (p *process) exitCode(t *testing.T) int {
	t.Helper()
	err := p.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return p.ProcessState.ExitCode()
}

// quickDir returns a folder in memory, where the system has one: what a killed
// process has written is there whether it was synced or not.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "crashtest")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(from))); err != nil {
		t.Fatal(err)
	}
}

func report(t *testing.T, lake string) *pipeline.Report {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(lake, "_smelt", "run.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	r := new(pipeline.Report)
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// batchID is what may differ between two ways to the same tables. silver.quarantine
// has it in JSON within JSON.
var batchID = regexp.MustCompile(`(_batch_id\\?":\\?")[^"\\]*`)

// tables returns the rows of a lake's tables.
func tables(t *testing.T, lake string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, table := range report(t, lake).Tables {
		rows, err := rowsOf(lake, table.Name)
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(rows)) != table.Rows {
			t.Errorf("%s has %d rows, and the report says %d", table.Name, len(rows), table.Rows)
		}
		all[table.Name] = rows
	}
	return all
}

// rowsOf returns the rows of a table as JSON, sorted.
func rowsOf(lake, table string) ([]string, error) {
	code, stdout, stderr := smelt("show", table, "-o", lake, "-n", "0", "--format", "json")
	if code != 0 {
		return nil, fmt.Errorf("smelt show %s: %s", table, stderr)
	}
	rows := strings.SplitAfter(batchID.ReplaceAllString(stdout, "$1"), "\n")
	rows = rows[:len(rows)-1]
	slices.Sort(rows)
	return rows, nil
}

// check fails the test unless a lake holds the wanted tables, accounts for every
// record and has nothing left over.
func check(t *testing.T, lake string, want map[string][]string) {
	t.Helper()
	checkRows(t, lake, want)
	orphans, err := Orphans(lake)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range orphans {
		t.Errorf("left over: %s", path)
	}
}

func checkRows(t *testing.T, lake string, want map[string][]string) {
	t.Helper()
	got := tables(t, lake)
	if len(got) != len(want) {
		t.Errorf("%d tables instead of %d", len(got), len(want))
	}
	for name := range want {
		if d := diff(want[name], got[name]); d != "" {
			t.Errorf("%s differs from an undisturbed run's:\n%s", name, d)
		}
	}
	for _, c := range report(t, lake).Conservation {
		if !c.Check() {
			t.Errorf("records are not accounted for: %+v", c)
		}
	}
}

// diff returns the first rows that only one of two sorted lists has.
func diff(want, got []string) string {
	if slices.Equal(want, got) {
		return ""
	}
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	at := func(rows []string) string {
		if i < len(rows) {
			return rows[i]
		}
		return "no more\n"
	}
	return fmt.Sprintf("%d rows, not %d; at row %d\n-%s+%s", len(got), len(want), i, at(want), at(got))
}
