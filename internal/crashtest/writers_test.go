package crashtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smeltdata/smelt/internal/judgetest"
	"github.com/smeltdata/smelt/io/deltaio"
)

// Two runs at once: one does the work; the other comes too early and is told so,
// or too late and has nothing to do.
func TestTwoRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("starting processes takes a while")
	}
	tmp := quickDir(t)
	s := newShop(t)
	origin, dir := filepath.Join(tmp, "origin"), filepath.Join(tmp, "dir")
	put(t, origin, s.first)
	mustRun(t, origin)
	put(t, origin, s.next)
	copyTo(t, origin, dir)
	mustRun(t, dir)
	want := tables(t, filepath.Join(dir, "lake"))
	seen := map[string]int{}
	for round := range 6 {
		copyTo(t, origin, dir)
		runs := []*process{command(t, runArgs(dir)...), command(t, runArgs(dir)...)}
		for _, p := range runs {
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(round) * 5 * time.Millisecond)
		}
		var codes []int
		for _, p := range runs {
			code := p.exitCode(t)
			codes = append(codes, code)
			if code == 1 && (!strings.Contains(p.out.String(), "another smelt run") || !strings.Contains(p.out.String(), "wait for it")) {
				t.Errorf("exit code 1: %s", p.out.String())
			}
		}
		slices.Sort(codes)
		if codes[0] != 0 || codes[1] != 1 && codes[1] != 99 {
			t.Errorf("exit codes %v:\n%s\n%s", codes, runs[0].out.String(), runs[1].out.String())
		}
		seen[fmt.Sprint(codes)]++
		check(t, filepath.Join(dir, "lake"), want)
	}
	t.Log(seen)
}

// delta-rs keeps appending to a table while smelt runs. To another table: both
// get what they want. To one of the lake's own: the run makes all tables anew, or
// fails and says who stands against it, and delta-rs may be told the same; a run
// that is left alone after that gives the tables of an undisturbed one. Every
// commit of either is a version that delta-rs can read.
func TestDeltaRSBeside(t *testing.T) {
	python := judgetest.Python(t, "deltalake", "pyarrow")
	script, err := filepath.Abs(filepath.Join("testdata", "writer.py"))
	if err != nil {
		t.Fatal(err)
	}
	tmp := quickDir(t)
	s := newShop(t)
	origin, dir := filepath.Join(tmp, "origin"), filepath.Join(tmp, "dir")
	put(t, origin, s.first)
	mustRun(t, origin)
	put(t, origin, s.next)
	copyTo(t, origin, dir)
	mustRun(t, dir)
	want := tables(t, filepath.Join(dir, "lake"))
	lake := filepath.Join(dir, "lake")
	for _, table := range []string{"other.notes", "bronze.sales", "silver.fact_sales", "gold.regional_sales"} {
		t.Run(table, func(t *testing.T) {
			copyTo(t, origin, dir)
			folder := filepath.Join(lake, strings.ReplaceAll(table, ".", "/"))
			from := folder
			if table == "other.notes" {
				from = filepath.Join(lake, "gold", "regional_sales")
			}
			stop := filepath.Join(dir, "stop")
			rs := exec.CommandContext(t.Context(), python, "-B", script, "append", folder, from, "60", stop)
			pipe, err := rs.StdoutPipe()
			if err == nil {
				err = rs.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			out := bufio.NewScanner(pipe)
			if !out.Scan() || out.Text() != "ready" {
				t.Fatalf("delta-rs says %q", out.Text())
			}
			var runs []string
			for i := range 4 {
				args := runArgs(dir)
				if i == 2 {
					args = runArgs(dir, "--full-refresh")
				}
				p := command(t, args...)
				if err := p.Start(); err != nil {
					t.Fatal(err)
				}
				code := p.exitCode(t)
				said := p.out.String()
				if code != 0 && code != 99 && !(code == 1 && strings.Contains(said, "on which this change depends") && strings.Contains(said, "delta-rs")) {
					t.Errorf("exit code %d: %s", code, said)
				}
				how := fmt.Sprint(code)
				if r := report(t, lake); code == 0 {
					how += " " + r.Full
				}
				runs = append(runs, how)
			}
			if err := os.WriteFile(stop, nil, 0o666); err != nil {
				t.Fatal(err)
			}
			var appended, refused int
			if !out.Scan() {
				t.Fatal("delta-rs does not say how often it appended")
			}
			if _, err := fmt.Sscan(out.Text(), &appended, &refused); err != nil {
				t.Fatal(err)
			}
			if err := rs.Wait(); err != nil {
				t.Fatal(err)
			}
			t.Logf("delta-rs appended %d times and refused %d times; runs: %q", appended, refused, runs)

			code, _, stderr := smelt(runArgs(dir)...)
			if code != 0 && code != 99 {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			if appended < 3 {
				t.Error("delta-rs was too slow to stand in the way")
			}
			if refused > 0 && table == "other.notes" {
				t.Error("smelt stands in the way of delta-rs")
			}
			checkRows(t, lake, want)
			orphans, err := Orphans(lake)
			if err != nil || len(orphans) > refused { // delta-rs leaves its file where it is refused
				t.Errorf("left over: %v, %v", orphans, err)
			}
			history, err := deltaio.History(t.Context(), folder)
			if err != nil {
				t.Fatal(err)
			}
			others := 0
			for _, c := range history {
				if !strings.HasPrefix(c.Engine, "smelt/") {
					others++
				}
			}
			if others != appended {
				t.Errorf("the log has %d commits of delta-rs, which has made %d", others, appended)
			}
			loaded, err := exec.Command(python, "-B", script, "load", lake).CombinedOutput()
			if err != nil {
				t.Errorf("delta-rs cannot read every version: %s", loaded)
			}
			t.Logf("delta-rs reads %s versions", strings.TrimSpace(string(loaded)))
		})
	}
}
