package judge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/pipeline"
)

// history is a shop that gets files over many runs, its lake, and what smelt
// showed of every version of every table.
type history struct {
	*testing.T
	shop, want string   // folders
	pieces     [][]byte // sales files still to come
	n          int      // pieces that came
}

// runs is how many runs a lake's history has: more than ten, so that tables have
// checkpoints; SMELT_JUDGE_RUNS for more.
func runs(t *testing.T) int {
	if text := os.Getenv("SMELT_JUDGE_RUNS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 12 {
			t.Fatalf("SMELT_JUDGE_RUNS: %q is no number of 12 or more", text)
		}
		return n
	}
	return 13
}

// newHistory makes the shop, and its lake by that many runs: new sales, lines that
// correct earlier ones, a file with another content, another cost of a product,
// another country of a customer. Sales for three more runs are left.
func newHistory(t *testing.T, runs int) *history {
	dir := t.TempDir()
	h := &history{T: t, shop: filepath.Join(dir, "shop"), want: filepath.Join(dir, "want")}
	if err := os.Mkdir(h.want, 0o777); err != nil {
		t.Fatal(err)
	}
	smelt(t, dir, "generate", "--rows", strconv.Itoa(400*(runs+3)), "--seed", "11", "--messy", "0.02", "-o", h.shop)
	last := h.path("sales_2024.csv")
	header, lines, _ := bytes.Cut(h.read(last), []byte("\n"))
	rows := bytes.SplitAfter(lines, []byte("\n"))
	size := len(rows)/(runs+2) + 1
	for rows := range slices.Chunk(rows, size) {
		h.pieces = append(h.pieces, slices.Concat(header, []byte("\n"), bytes.Join(rows, nil)))
	}
	if err := os.Remove(last); err != nil {
		t.Fatal(err)
	}
	h.run("")
	for i := 1; i < runs; i++ {
		h.next()
		switch i % 5 {
		case 1:
			h.edit(h.piece(h.n), 3, 7, "17") // a quantity: other orders came with the old one
		case 2:
			h.edit("products.csv", 1+i%20, 5, strconv.Itoa(i)+".25") // a cost
		case 3:
			h.edit("customers.csv", 1+i%20, 11, []string{"Spain", "Kenya", "Chile"}[i%3])
		case 4:
			h.edit(h.piece(h.n-1), 2, 7, strconv.Itoa(20+i)) // of a file that was read
			earlier := bytes.SplitAfter(h.read(h.path(h.piece(1))), []byte("\n"))[4]
			h.write(h.piece(h.n), slices.Concat(h.read(h.path(h.piece(h.n))), corrected(earlier)))
		}
		h.run("")
	}
	return h
}

// corrected is a sales line with another quantity and a later time of change.
func corrected(line []byte) []byte {
	fields := strings.Split(strings.TrimSuffix(string(line), "\n"), ",")
	fields[7], fields[len(fields)-1] = "9", "2025-06-30 12:00"
	return []byte(strings.Join(fields, ",") + "\n")
}

func (h *history) path(name string) string { return filepath.Join(h.shop, filepath.FromSlash(name)) }
func (h *history) piece(n int) string      { return fmt.Sprintf("sales_2024_%03d.csv", n) }

func (h *history) read(path string) []byte {
	h.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		h.Fatal(err)
	}
	return text
}

func (h *history) write(name string, text []byte) {
	h.Helper()
	if err := os.WriteFile(h.path(name), text, 0o666); err != nil {
		h.Fatal(err)
	}
}

// next writes the next sales file.
func (h *history) next() {
	h.Helper()
	h.n++
	h.write(h.piece(h.n), h.pieces[h.n-1])
}

// edit sets a field of the first line at or after a line that has no quotes.
func (h *history) edit(name string, line, field int, value string) {
	h.Helper()
	lines := strings.SplitAfter(string(h.read(h.path(name))), "\n")
	for strings.Contains(lines[line], `"`) || strings.Count(lines[line], ",") != strings.Count(lines[0], ",") {
		line++
	}
	fields := strings.Split(lines[line], ",")
	fields[field] = value
	lines[line] = strings.Join(fields, ",")
	h.write(name, []byte(strings.Join(lines, "")))
}

// smelt runs the binary in the shop's folder and returns what it says and its exit code.
func (h *history) smelt(args ...string) (string, int) {
	h.Helper()
	path, err := binary()
	if err != nil {
		h.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = h.shop
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		h.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// run runs smelt, and keeps what it shows of every new version of a table. The
// run must be a full refresh for a reason that holds full, or an increment where
// that is "".
func (h *history) run(full string) *pipeline.Report {
	h.Helper()
	out, code := h.smelt("run")
	if code != 0 {
		h.Fatalf("smelt run exits %d:\n%s", code, out)
	}
	r := h.report()
	if first := h.n == 0; !first && (r.Full == "") != (full == "") || !strings.Contains(r.Full, full) {
		h.Fatalf("everything was read: %q, want %q", r.Full, full)
	}
	for name := range r.Versions {
		h.keep(name)
	}
	return r
}

func (h *history) report() *pipeline.Report {
	h.Helper()
	r := new(pipeline.Report)
	if err := json.Unmarshal(h.read(h.path("lake/_smelt/run.json")), r); err != nil {
		h.Fatal(err)
	}
	return r
}

// keep writes what smelt shows of a table, named by the version that the last
// run made, and returns the file.
func (h *history) keep(name string) string {
	h.Helper()
	path := filepath.Join(h.want, fmt.Sprintf("%s@v%d.csv", name, h.report().Versions[name].Version))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.WriteFile(path, []byte(h.show(name, "lake")), 0o666); err != nil {
		h.Fatal(err)
	}
	return path
}

func (h *history) show(table, lake string, args ...string) string {
	h.Helper()
	out, code := h.smelt(append([]string{"show", table, "-o", h.path(lake), "--format", "csv"}, args...)...)
	if code != 0 {
		h.Fatalf("smelt show %s exits %d:\n%s", table, code, out)
	}
	return out
}

var batchID = regexp.MustCompile(`""_batch_id"":""[0-9a-f]+""`)

// fresh checks that the lake holds what a first run makes of the same files,
// bronze's _batch_id apart, which the rows in the quarantine have too.
func (h *history) fresh() {
	h.Helper()
	if err := os.RemoveAll(h.path("fresh")); err != nil {
		h.Fatal(err)
	}
	if out, code := h.smelt("run", "-o", "fresh"); code != 0 {
		h.Fatalf("smelt run exits %d:\n%s", code, out)
	}
	for _, name := range h.tables() {
		var args []string
		if header, _, _ := strings.Cut(h.show(name, "fresh", "-n", "1"), "\n"); strings.Contains(header, "_batch_id") {
			args = []string{"--columns", strings.Replace(header, ",_batch_id", "", 1)}
		}
		rows := func(lake string) []string { return lines(batchID.ReplaceAllString(h.show(name, lake, args...), "")) }
		got, want := rows("lake"), rows("fresh")
		if !slices.Equal(got, want) {
			i := 0
			for i < min(len(got), len(want))-1 && got[i] == want[i] {
				i++
			}
			h.Errorf("%s: %d rows, want %d; the first other row is\n%s, want\n%s", name, len(got)-1, len(want)-1, got[i], want[i])
		}
	}
}

func (h *history) tables() []string { return slices.Sorted(maps.Keys(h.report().Versions)) }

// lines returns the lines of a table, sorted.
func lines(text string) []string {
	out := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	slices.Sort(out)
	return out
}

// python runs one of the judge's scripts.
func (h *history) python(script string, args ...string) string {
	h.Helper()
	python := judgetest.Python(h.T, "deltalake", "duckdb", "pyarrow", "polars")
	out, err := exec.Command(python, append([]string{"-B", abs(h.T, "../../testdata/judge/"+script)}, args...)...).CombinedOutput()
	h.Logf("%s", out)
	if err != nil {
		h.Fatalf("%s: %v", script, err)
	}
	return string(out)
}

// TestLake has delta-rs, Polars and DuckDB read a lake of many runs: every cell
// of every table, at every version. DuckDB then recomputes gold's versions from
// the versions of silver that they name.
func TestLake(t *testing.T) {
	t.Parallel()
	judgetest.Python(t, "deltalake", "duckdb", "pyarrow", "polars")
	n := runs(t)
	h := newHistory(t, n)
	if v := h.report().Versions["gold.regional_sales"].Version; v != int64(n-1) {
		t.Errorf("gold.regional_sales is at version %d after %d runs", v, n)
	}
	h.fresh()
	kept, err := filepath.Glob(filepath.Join(h.want, "*.csv"))
	if err != nil || len(kept) < 8*n {
		t.Fatalf("%d versions of tables: %v", len(kept), err)
	}
	for i := 0; i < len(kept); i += max(1, len(kept)/60) {
		if name := strings.TrimSuffix(filepath.Base(kept[i]), ".csv"); h.show(name, "lake") != string(h.read(kept[i])) {
			t.Errorf("smelt show %s does not show what it showed when that was the last version", name)
		}
	}
	h.python("lake.py", h.path("lake"), h.want)
	h.python("reproduce.py", h.path("lake"), h.path("smelt.yml"))

	// One cell that is another must not pass.
	python := judgetest.Python(t, "deltalake", "duckdb", "pyarrow", "polars")
	want := h.keep("gold.regional_sales")
	for _, change := range [][2]string{{".0000,", ".0001,"}, {",,", `,"",`}, {"Germany", "germany"}, {".0000,", ".000,"}} {
		dir := t.TempDir()
		text := strings.Replace(string(h.read(want)), change[0], change[1], 1)
		if text == string(h.read(want)) {
			t.Fatalf("gold.regional_sales has no %q", change[0])
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(want)), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(python, "-B", abs(t, "../../testdata/judge/lake.py"), h.path("lake"), dir).CombinedOutput(); err == nil || !strings.Contains(string(out), "cells differ") {
			t.Errorf("%q for %q: %v\n%s", change[1], change[0], err, out)
		}
	}
}
