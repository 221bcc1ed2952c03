package crashtest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
