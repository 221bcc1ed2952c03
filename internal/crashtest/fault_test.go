package crashtest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// faulty runs smelt by a shell script, to which "$@" is smelt and its arguments,
// and which makes writing fail for it.
func faulty(t *testing.T, script string, args ...string) (code int, out string) {
	t.Helper()
	p := command(t, args...)
	p.Cmd.Args = append([]string{"sh", "-c", script, "sh", p.Path}, args...)
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	p.Path = sh
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p.exitCode(t), p.out.String()
}

// faultLakes returns a shop with a lake and more to come, that lake's tables, and
// those of an undisturbed run after it.
func faultLakes(t *testing.T, tmp string) (origin string, old, want map[string][]string) {
	t.Helper()
	if testing.Short() {
		t.Skip("filling disks takes a while")
	}
	s := newShop(t)
	origin, dir := filepath.Join(tmp, "origin"), filepath.Join(tmp, "dir")
	put(t, origin, s.first)
	mustRun(t, origin)
	put(t, origin, s.next)
	copyTo(t, origin, dir)
	mustRun(t, dir)
	return origin, tables(t, filepath.Join(origin, "lake")), tables(t, filepath.Join(dir, "lake"))
}

// afterFault checks what a run has left that could not write: the old tables,
// unless it says that they are half published. A plain run then ends well.
func afterFault(t *testing.T, dir, out string, old, want map[string][]string) {
	t.Helper()
	lake := filepath.Join(dir, "lake")
	if strings.Contains(out, "half published") != exists(filepath.Join(lake, "_smelt", "journal.json")) {
		t.Errorf("a journal is there, or not, other than smelt says: %s", out)
	}
	if !strings.Contains(out, "half published") {
		check(t, lake, old)
	}
	if code, _, stderr := smelt(runArgs(dir)...); code != 0 && code != 99 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	check(t, lake, want)
}

// Files may not grow beyond a limit: a write is cut short, the next one fails.
func TestShortWrites(t *testing.T) {
	tmp := quickDir(t)
	origin, old, want := faultLakes(t, tmp)
	dir := filepath.Join(tmp, "fault")
	for _, blocks := range []int{0, 1, 3, 9, 20, 40, 70} { // of 512 bytes
		copyTo(t, origin, dir)
		code, out := faulty(t, fmt.Sprintf(`ulimit -f %d; exec "$@"`, blocks), runArgs(dir)...)
		if code != 1 || !strings.Contains(out, "file too large") {
			t.Fatalf("%d blocks: exit code %d: %s", blocks, code, out)
		}
		afterFault(t, dir, out, old, want)
		if t.Failed() {
			t.Fatalf("limited to %d blocks of 512 bytes: %s", blocks, out)
		}
	}
}

// Writes take as long as they like: a run is stopped again and again wherever it
// is, and goes on later. Meanwhile readers see each table as it was or as it will
// be, no layer before the one below, and another run is turned away.
func TestSlowWrites(t *testing.T) {
	tmp := quickDir(t)
	origin, old, want := faultLakes(t, tmp)
	dir := filepath.Join(tmp, "fault")
	lake := filepath.Join(dir, "lake")
	r := rand.New(rand.NewPCG(6, 7))
	seen := map[string]int{}
	journal := filepath.Join(lake, "_smelt", "journal.json")
	for round := range 6 {
		copyTo(t, origin, dir)
		p := command(t, runArgs(dir)...)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan int, 1)
		go func() { ended <- p.exitCode(t) }()
		// Every second run is stopped somewhere, the others where tables are published.
		pauses := []time.Duration{time.Duration(r.Int64N(int64(200 * time.Millisecond)))}
		if round%2 == 1 {
			for !exists(journal) && len(ended) == 0 {
				time.Sleep(100 * time.Microsecond)
			}
			pauses = nil
			for range 4 {
				pauses = append(pauses, time.Duration(r.Int64N(int64(3*time.Millisecond))))
			}
		}
		for i, pause := range pauses {
			time.Sleep(pause)
			if p.Process.Signal(syscall.SIGSTOP) != nil {
				break // it has ended
			}
			awaitStop(p.Process.Pid)
			seen[between(t, lake, old, want)]++
			if i == 0 {
				code, _, stderr := smelt(runArgs(dir)...)
				if code != 0 && code != 99 && !strings.Contains(stderr, "another smelt run") {
					t.Errorf("a second run ends with %d: %s", code, stderr)
				}
			}
			if err := p.Process.Signal(syscall.SIGCONT); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
		}
		code := <-ended
		if code != 0 && code != 99 {
			t.Errorf("exit code %d: %s", code, p.out.String())
		}
		if check(t, lake, want); t.Failed() {
			t.Fatalf("round %d, %v", round, seen)
		}
	}
	t.Log(seen)
	if seen["in between"] == 0 {
		t.Errorf("no run was stopped while it published its tables: %v", seen)
	}
}

// awaitStop returns when no thread of a process runs any more: a signal to stop is
// sent before it has stopped all of them. Where the system does not tell, it waits a moment.
func awaitStop(pid int) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(tasks) == 0 {
		time.Sleep(10 * time.Millisecond)
		return
	}
	for _, path := range tasks {
		for {
			// pid (name) state …: T is stopped, Z and X have ended.
			stat, err := os.ReadFile(path)
			state := stat[min(len(stat), bytes.LastIndexByte(stat, ')')+1):]
			if err != nil || len(state) < 2 || strings.IndexByte("TZX", state[1]) >= 0 {
				break
			}
			time.Sleep(100 * time.Microsecond)
		}
	}
}

// between says whether the tables of a lake are the old ones, the new ones, or
// something in between, and fails the test where this is not one that readers may see.
func between(t *testing.T, lake string, old, want map[string][]string) string {
	t.Helper()
	// As other readers see it: smelt's own would wait for the run.
	copied := lake + "-copied"
	copyTo(t, lake, copied)
	if err := errors.Join(os.RemoveAll(filepath.Join(copied, "_smelt", "journal.json")), os.RemoveAll(filepath.Join(copied, "_smelt", "lock"))); err != nil {
		t.Fatal(err)
	}
	lake = copied
	last := map[string]string{} // by layer: a table that is as it was, or is new
	has := map[string]bool{}
	for name := range want {
		rows, err := rowsOf(lake, name)
		if err != nil {
			t.Errorf("while a run is stopped: %v", err)
			continue
		}
		isOld, isNew := slices.Equal(rows, old[name]), slices.Equal(rows, want[name])
		layer, _, _ := strings.Cut(name, ".")
		switch {
		case isOld && isNew:
		case isOld:
			last[layer+" old"], has["old"] = name, true
		case isNew:
			last[layer+" new"], has["new"] = name, true
		default:
			t.Errorf("%s is neither as it was nor as it will be", name)
		}
	}
	for _, l := range [][2]string{{"bronze", "silver"}, {"silver", "gold"}, {"bronze", "gold"}} {
		if below, above := last[l[0]+" old"], last[l[1]+" new"]; below != "" && above != "" {
			t.Errorf("%s is new while %s is not", above, below)
		}
	}
	switch {
	case has["old"] && has["new"]:
		return "in between"
	case has["new"]:
		return "new tables"
	}
	return "old tables"
}

// The disk is full, sooner or later in the run.
func TestFullDisk(t *testing.T) {
	tmp := quickDir(t)
	disk := filepath.Join(tmp, "disk")
	if err := os.Mkdir(disk, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", disk).Run(); err != nil {
		t.Skipf("no rights to mount a small disk: %v", err)
	}
	origin, old, want := faultLakes(t, tmp)
	have, need := pages(t, origin), pages(t, filepath.Join(tmp, "dir"))
	need += (need - have) / 4
	seen := map[string]int{}
	dir := filepath.Join(tmp, "fault")
	const rounds = 16
	for i := range rounds {
		size := have + (need-have)*i/rounds
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		script := fmt.Sprintf(`mount -t tmpfs -o size=%dk tmpfs %[2]s && cp -r %[3]s/. %[2]s || exit 9
"$@"; code=$?; cp -r %[2]s %[4]s || exit 9; exit $code`, size*4, disk, origin, dir)
		code, out := faulty(t, "exec unshare -m sh -c '"+script+`' sh "$@"`, runArgs(disk)...)
		switch {
		case code == 0:
			check(t, filepath.Join(dir, "lake"), want)
		case code != 1 || !strings.Contains(out, "no space left on device"):
			t.Fatalf("%d pages: exit code %d: %s", size, code, out)
		default:
			afterFault(t, dir, out, old, want)
		}
		if t.Failed() {
			t.Fatalf("%d pages more than before: %s", size-have, out)
		}
		how := "old tables"
		switch {
		case code == 0:
			how = "done"
		case strings.Contains(out, "half published"):
			how = "half published"
		}
		seen[how]++
	}
	t.Log(seen)
	if seen["old tables"] == 0 {
		t.Error("the disk was never full")
	}
}

// pages counts the pages of 4 KiB that a folder takes, with some for the file system.
func pages(t *testing.T, dir string) int {
	t.Helper()
	n := 8
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			n += int(info.Size()+4095) / 4096
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
