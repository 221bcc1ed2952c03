package crashtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// scenario is a lake and what is done to it when the kill comes.
type scenario struct {
	name   string
	origin string // folder of the shop, with its lake
	args   []string
	upkeep bool // smelt maintain is killed, not a run
	want   map[string][]string
	took   time.Duration // of an undisturbed run, the fastest of some
	commit time.Duration // of it: between the journal's coming and going
}

// scenarios makes a lake for each of them, and runs it undisturbed.
func scenarios(t *testing.T, tmp string) []*scenario {
	t.Helper()
	s := newShop(t)
	all := []*scenario{
		{name: "first run"},
		{name: "new orders"},
		{name: "corrections"},
		{name: "full refresh", args: []string{"--full-refresh"}},
		{name: "parquet to delta"},
		{name: "maintain", upkeep: true},
	}
	for i, sc := range all {
		sc.origin = filepath.Join(tmp, strconv.Itoa(i))
		put(t, sc.origin, s.first)
		switch sc.name {
		case "first run":
		case "parquet to delta":
			config := filepath.Join(sc.origin, "smelt.yml")
			put(t, sc.origin, map[string]string{"smelt.yml": "format: parquet\n" + s.first["smelt.yml"]})
			mustRun(t, sc.origin)
			if err := os.Remove(config); err != nil {
				t.Fatal(err)
			}
			put(t, sc.origin, s.more)
		case "new orders":
			mustRun(t, sc.origin)
			put(t, sc.origin, s.more)
		case "maintain":
			for _, files := range []map[string]string{s.first, s.more, s.next} {
				put(t, sc.origin, files)
				mustRun(t, sc.origin)
			}
		default:
			mustRun(t, sc.origin)
			put(t, sc.origin, s.next)
		}
		dir := filepath.Join(tmp, "undisturbed")
		sc.took, sc.commit = time.Minute, time.Minute
		for range 3 {
			copyTo(t, sc.origin, dir)
			took, commit := timed(t, dir, sc.command(dir, sc.args))
			sc.took, sc.commit = min(sc.took, took), min(sc.commit, max(commit, 5*time.Millisecond))
		}
		sc.want = tables(t, filepath.Join(dir, "lake"))
		check(t, filepath.Join(dir, "lake"), sc.want)
		full := report(t, filepath.Join(dir, "lake")).Full != ""
		if amends := sc.name == "new orders" || sc.name == "corrections"; full == amends && !sc.upkeep {
			t.Errorf("%s: everything is read: %v", sc.name, full)
		}
		t.Logf("%s: %v, of it %v with a journal", sc.name, sc.took.Round(time.Millisecond), sc.commit.Round(time.Millisecond))
	}
	return all
}

// command returns the arguments of what is killed.
func (sc *scenario) command(dir string, args []string) []string {
	if sc.upkeep {
		return []string{"maintain", "--vacuum", "-o", filepath.Join(dir, "lake")}
	}
	return runArgs(dir, args...)
}

func mustRun(t *testing.T, dir string, more ...string) {
	t.Helper()
	if code, _, stderr := smelt(runArgs(dir, more...)...); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
}

func exists(path string) bool { _, err := os.Lstat(path); return err == nil }

// timed runs smelt, and says how long it took, and how long there was a journal.
func timed(t *testing.T, dir string, args []string) (took, commit time.Duration) {
	t.Helper()
	p := command(t, args...)
	start := time.Now()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { defer close(gone); p.Wait() }()
	journal := filepath.Join(dir, "lake", "_smelt", "journal.json")
	var from, to time.Time
	for running := true; running; {
		select {
		case <-gone:
			running = false
		case <-time.After(100 * time.Microsecond):
		}
		switch there := exists(journal); {
		case there && from.IsZero():
			from = time.Now()
		case !there && !from.IsZero() && to.IsZero():
			to = time.Now()
		}
	}
	if code := p.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("exit code %d: %s", code, p.out.String())
	}
	return time.Since(start), to.Sub(from)
}

// kill starts a run and kills it: anywhere, or while its tables are published.
func (sc *scenario) kill(t *testing.T, r *rand.Rand, dir string, args []string, aimed bool) {
	t.Helper()
	p := command(t, sc.command(dir, args)...)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { defer close(gone); p.Wait() }()
	after := time.Duration(r.Float64() * 1.05 * float64(sc.took))
	if aimed && !sc.upkeep {
		for journal := filepath.Join(dir, "lake", "_smelt", "journal.json"); !exists(journal); {
			select {
			case <-gone:
				return
			case <-time.After(50 * time.Microsecond):
			}
		}
		after = time.Duration(r.Float64() * 1.1 * float64(sc.commit))
	}
	select {
	case <-gone:
	case <-time.After(after):
		_ = p.Process.Kill()
		<-gone
	}
}

// where says how far a killed run came.
func where(t *testing.T, dir string, before map[string]int, runID string) string {
	t.Helper()
	lake := filepath.Join(dir, "lake")
	now := commits(t, lake)
	n := 0
	for name := range now {
		if now[name] > before[name] {
			n++
		}
	}
	r := report(t, lake)
	switch {
	case exists(filepath.Join(lake, "_smelt", "journal.json")) && n == 0:
		return "journal, no commit"
	case exists(filepath.Join(lake, "_smelt", "journal.json")) && r != nil && r.RunID != runID:
		return "journal, all done"
	case exists(filepath.Join(lake, "_smelt", "journal.json")):
		return "between commits"
	case r != nil && r.RunID != runID:
		return "after"
	}
	return "before the journal"
}

// commits counts the versions of a lake's tables.
func commits(t *testing.T, lake string) map[string]int {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(lake, "*", "*", "_delta_log", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, path := range logs {
		n[filepath.Dir(path)]++
	}
	return n
}

// Whenever a run is killed, and the next one too, the one after gives the tables
// of an undisturbed run.
func TestKills(t *testing.T) {
	if testing.Short() {
		t.Skip("killing takes a while")
	}
	kills := 25
	if text := os.Getenv("SMELT_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		kills = n
	}
	tmp := quickDir(t)
	all := scenarios(t, tmp)
	r := rand.New(rand.NewPCG(6, uint64(kills)))
	seen := map[string]int{}
	dir := filepath.Join(tmp, "killed")
	for i := 0; i < kills; {
		sc := all[i%len(all)]
		copyTo(t, sc.origin, dir)
		runID := ""
		if last := report(t, filepath.Join(dir, "lake")); last != nil {
			runID = last.RunID
		}
		before := commits(t, filepath.Join(dir, "lake"))
		how := ""
		args := sc.args
		for again := true; again && i < kills; i++ {
			sc.kill(t, r, dir, args, r.IntN(2) == 0)
			at := "in maintain"
			if !sc.upkeep {
				at = where(t, dir, before, runID)
			}
			seen[at]++
			how += ", killed " + at
			again = r.IntN(4) == 0
			if r.IntN(2) == 0 {
				args = nil // the run that follows a killed refresh is most often a plain one
			}
		}
		code, stdout, stderr := smelt(runArgs(dir)...)
		if sc.upkeep { // files that were put together and not committed are its own to remove
			checkRows(t, filepath.Join(dir, "lake"), sc.want)
			code, stdout, stderr = smelt("maintain", "--vacuum", "--retention", "0s", "--force", "-o", filepath.Join(dir, "lake"))
		}
		if code != 0 && code != 99 {
			t.Errorf("exit code %d: %s%s", code, stdout, stderr)
		} else {
			check(t, filepath.Join(dir, "lake"), sc.want)
		}
		if t.Failed() {
			t.Fatal(fmt.Sprint("kill ", i, ": ", sc.name, how))
		}
	}
	t.Log(seen)
	if kills >= 25 && (seen["before the journal"] == 0 || seen["between commits"]+seen["journal, no commit"] == 0) {
		t.Errorf("the kills do not reach around the commits: %v", seen)
	}
}
