package histories

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/internal/cli"
	"github.com/smeltdata/smelt/pipeline"
)

// result is how a call of smelt ended.
type result struct {
	code           int
	stdout, stderr string
}

// smelt calls smelt in this process.
func smelt(args ...string) result {
	var stdout, stderr bytes.Buffer
	code := cli.Run(context.Background(), args, &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// subject is the smelt under test: it runs in a folder, whose lake is in "lake".
type subject func(dir string, args []string) result

func honest(dir string, args []string) result {
	return smelt(append(args, "-c", filepath.Join(dir, "smelt.yml"), "-o", filepath.Join(dir, "lake"))...)
}

// failure is how a history failed.
type failure struct {
	run    int
	kind   string // what a shrunk history must fail with too
	detail string
}

// play plays a history and returns how it failed, nil where it did not. An
// error is one of the test.
func play(h history, run subject) (*failure, error) {
	dir, err := os.MkdirTemp(quickDisk(), "history")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	lake := filepath.Join(dir, "lake")
	var read folder // what the last run that was right had read
	now := folder{}
	want := tables{}
	mixed := false // tables are of different runs
	for i, st := range h {
		now = now.after(st)
		for _, w := range st.writes {
			if err := os.WriteFile(filepath.Join(dir, w.path), []byte(w.content()), 0o666); err != nil {
				return nil, err
			}
		}
		fail := func(kind, format string, args ...any) (*failure, error) {
			return &failure{i + 1, kind, fmt.Sprintf(format, args...)}, nil
		}
		fresh := filepath.Join(dir, fmt.Sprintf("fresh%d", i))
		full := smelt("run", "--json", "-c", filepath.Join(dir, "smelt.yml"), "-o", fresh)
		got := run(dir, st.args())
		expected := []int{full.code}
		if full.code == 0 && incremental && !st.refresh && read != nil {
			expected = map[news][]int{nothing: {99}, copies: {0, 99}, something: {0}}[now.since(read)]
		}
		if full.code == 0 && incremental && !st.refresh && mixed {
			expected = []int{0, 99} // the tables tell
		}
		if !slices.Contains(expected, got.code) {
			return fail("exit code", "exit code %d, not %d; stderr:\n%s\nof the fresh run:\n%s", got.code, expected, got.stderr, full.stderr)
		}
		var report, said pipeline.Report
		if full.code == 0 {
			if report, err = reportOf(full); err != nil {
				return nil, err
			}
			made, err := readTables(fresh, report)
			if err != nil {
				return nil, err
			}
			if said, err = reportOf(got); err != nil {
				return fail("report", "%v", err)
			}
			was := mixed
			mixed = len(said.Tables) < len(made)
			for _, t := range said.Tables {
				if mixed = mixed || t.Behind != ""; t.Behind == "" {
					want[t.Name] = made[t.Name]
				}
			}
			switch {
			case st.selects == "" && mixed:
				return fail("behind", "tables are missing or behind after a run of all: %+v", said.Tables)
			case st.selects == "" || !was && !mixed:
				read = now
			}
		}
		// A run that failed, or had nothing to do, has left the tables as they were.
		for _, table := range slices.Sorted(maps.Keys(want)) {
			rows, err := rowsOf(lake, table)
			if err != nil {
				return fail("rows of "+table, "%v", err)
			}
			if d := diff(want[table], rows); d != "" {
				return fail("rows of "+table, "%s is not what a fresh run (-) makes of it:\n%s", table, d)
			}
		}
		if got.code == 0 {
			if d := cmp.Diff(report.Conservation, said.Conservation); d != "" {
				return fail("conservation", "the report counts otherwise than a fresh run's (-):\n%s", d)
			}
			if d := cmp.Diff(rowCounts(report, said), rowCounts(said, said)); d != "" {
				return fail("row counts", "the report's tables are not a fresh run's (-):\n%s", d)
			}
		}
		if err := os.RemoveAll(fresh); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// quickDisk returns where lakes are: in memory, where the system has such a
// folder, because a run syncs each of its files and a history has a hundred times
// as many of them as data. "" is the system's folder for temporary files.
func quickDisk() string {
	const memory = "/dev/shm"
	if dir, err := os.MkdirTemp(memory, "history"); err == nil && os.Remove(dir) == nil {
		return memory
	}
	return ""
}

// reportOf returns the report that a run printed, in which every record must be
// accounted for.
func reportOf(r result) (pipeline.Report, error) {
	var report pipeline.Report
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		return report, fmt.Errorf("the report is not JSON: %w\n%s", err, r.stdout)
	}
	for _, c := range report.Conservation {
		if said := c.Holds; !c.Check() || !said {
			return report, fmt.Errorf("records are not accounted for: %+v", c)
		}
	}
	return report, nil
}

// rowCounts are those of a report, of the tables that another says to be new.
func rowCounts(r, of pipeline.Report) map[string]int64 {
	counts := map[string]int64{}
	for _, t := range r.Tables {
		if slices.ContainsFunc(of.Tables, func(o pipeline.TableReport) bool { return o.Name == t.Name && o.Behind == "" }) {
			counts[t.Name] = t.Rows
		}
	}
	return counts
}

// tables are the rows of a lake's tables.
type tables map[string][]string

// readTables reads the tables that a report names, of which it must know the rows.
func readTables(lake string, r pipeline.Report) (tables, error) {
	if len(r.Tables) < 13 {
		return nil, fmt.Errorf("a fresh run made %d tables only", len(r.Tables))
	}
	all := tables{}
	for _, t := range r.Tables {
		rows, err := rowsOf(lake, t.Name)
		if err != nil {
			return nil, err
		}
		if len(rows) != int(t.Rows) {
			return nil, fmt.Errorf("%s has %d rows, and the report says %d", t.Name, len(rows), t.Rows)
		}
		all[t.Name] = rows
	}
	return all, nil
}

// batchID is the one column that may differ between two ways to the same lake.
// The values of silver.quarantine, which are JSON within JSON, have it too.
var batchID = regexp.MustCompile(`(_batch_id\\?":\\?")[^"\\]*`)

// rowsOf returns the rows of a table of a lake as JSON, without _batch_id. The
// rows of gold are in the table's order, which is part of it; others are sorted.
func rowsOf(lake, table string) ([]string, error) {
	shown := smelt("show", table, "-o", lake, "-n", "0", "--format", "json")
	if shown.code != 0 {
		return nil, fmt.Errorf("smelt show %s: exit code %d: %s", table, shown.code, shown.stderr)
	}
	rows := strings.Split(batchID.ReplaceAllString(shown.stdout, "$1"), "\n")
	rows = rows[:len(rows)-1] // each ends with a line feed
	if !strings.HasPrefix(table, "gold.") {
		slices.Sort(rows)
	}
	return rows, nil
}

// diff returns how two tables differ, "" where they do not: the first rows that
// only one of them has, and the columns in which the first of these differ.
func diff(want, got []string) string {
	if slices.Equal(want, got) {
		return ""
	}
	lost, added := without(want, got), without(got, want)
	if len(lost)+len(added) == 0 {
		return "the rows are the same, in another order\n"
	}
	var b strings.Builder
	for _, side := range []struct {
		sign string
		rows []string
	}{{"-", lost}, {"+", added}} {
		for i, row := range side.rows {
			if i == 4 {
				fmt.Fprintf(&b, "%s … %d in all\n", side.sign, len(side.rows))
				break
			}
			fmt.Fprintf(&b, "%s %s\n", side.sign, row)
		}
	}
	if len(lost) > 0 && len(added) > 0 {
		var x, y map[string]json.RawMessage
		if json.Unmarshal([]byte(lost[0]), &x) == nil && json.Unmarshal([]byte(added[0]), &y) == nil {
			for _, column := range slices.Sorted(maps.Keys(x)) {
				if !bytes.Equal(x[column], y[column]) {
					fmt.Fprintf(&b, "  %s: %s, not %s\n", column, y[column], x[column])
				}
			}
		}
	}
	return b.String()
}

// without returns the rows of a that b has not, as often as it has not.
func without(a, b []string) []string {
	count := map[string]int{}
	for _, row := range b {
		count[row]++
	}
	var out []string
	for _, row := range a {
		if count[row]--; count[row] < 0 {
			out = append(out, row)
		}
	}
	return out
}
