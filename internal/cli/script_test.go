package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/charmap"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/io/store"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"smelt": func() { os.Exit(Main()) }})
}

// TestScript runs each of testdata/script/*.txtar through the binary.
// UPDATE=1 rewrites what they compare with.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Condition: func(cond string) (bool, error) {
			if cond == "tmpfs" {
				return exec.Command("unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt").Run() == nil, nil
			}
			return false, errors.New("unknown condition " + cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "until": until, "latin1": latin1, "bytes": writeBytes, "cut": cut, "longline": longline, "peak": peak, "empty": empty, "same": same, "tree": tree, "catalog": catalogServer, "get": getPage, "events": followEvents, "columns": sortedColumns,
		},
	})
}

// exits CODE PROGRAM [ARG…] runs a program that must exit with the code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, not %s", code, args[0])
	}
}

// until PATTERN [TEXT] waits for a file that matches, and has a line that matches TEXT.
func until(ts *testscript.TestScript, _ bool, args []string) {
	line := regexp.MustCompile("")
	if len(args) > 1 {
		line = regexp.MustCompile("(?m)" + args[1])
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		found, err := filepath.Glob(ts.MkAbs(args[0]))
		if err != nil || len(found) == 0 {
			continue
		}
		if len(args) == 1 {
			return
		}
		if text, err := os.ReadFile(found[0]); err == nil && line.Match(text) {
			return
		}
	}
	ts.Fatalf("no %s within a minute", strings.Join(args, " with "))
}

// latin1 FILE… turns UTF-8 files into Latin-1.
func latin1(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		text, err := charmap.ISO8859_1.NewEncoder().String(ts.ReadFile(name))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o666))
	}
}

// bytes FILE TEXT… writes lines, in which \x00 and the like stand for bytes.
func writeBytes(ts *testscript.TestScript, _ bool, args []string) {
	var out bytes.Buffer
	for _, line := range args[1:] {
		text, err := strconv.Unquote(`"` + strings.ReplaceAll(line, `"`, `\"`) + `"`)
		ts.Check(err)
		out.WriteString(text + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o666))
}

// cut FROM [TO] writes the first half of a file, in its place where there is no
// TO. FROM may be a pattern that matches one file.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("%d files match %s", len(found), args[0])
	}
	to := found[0]
	if len(args) > 1 {
		to = ts.MkAbs(args[1])
	}
	text := ts.ReadFile(found[0])
	ts.Check(os.WriteFile(to, []byte(text[:len(text)/2]), 0o666))
}

// longline FILE MB appends a line of so many megabytes.
func longline(ts *testscript.TestScript, _ bool, args []string) {
	mb, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	defer f.Close()
	w := bufio.NewWriter(f)
	for range mb {
		_, _ = w.Write(bytes.Repeat([]byte("smelt, ore "), 1_000_000/11))
	}
	_ = w.WriteByte('\n')
	ts.Check(w.Flush())
}

// empty DIR fails where a folder holds anything.
func empty(ts *testscript.TestScript, _ bool, args []string) {
	files, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) > 0 {
		ts.Fatalf("%s holds %s and %d more", args[0], files[0].Name(), len(files)-1)
	}
}

// same LAKE LAKE compares the tables of two lakes, byte by byte: the files of
// their newest versions, whose names are chance.
func same(ts *testscript.TestScript, _ bool, args []string) {
	var files [2][]string
	for i, lake := range args {
		lake = ts.MkAbs(lake)
		names, err := store.Tables(lake)
		ts.Check(err)
		for _, name := range names {
			dir := filepath.Join(lake, filepath.FromSlash(strings.Replace(name, ".", "/", 1)))
			s, err := deltaio.Load(context.Background(), dir)
			ts.Check(err)
			for _, f := range s.Files() {
				files[i] = append(files[i], filepath.Join(dir, f.Path))
			}
		}
	}
	if len(files[0]) == 0 || len(files[0]) != len(files[1]) {
		ts.Fatalf("%d files and %d", len(files[0]), len(files[1]))
	}
	for i, a := range files[0] {
		if b := files[1][i]; filepath.Dir(a[len(ts.MkAbs(args[0])):]) != filepath.Dir(b[len(ts.MkAbs(args[1])):]) || ts.ReadFile(a) != ts.ReadFile(b) {
			ts.Fatalf("%s and %s differ", a, b)
		}
	}
}

// tree DIR FILE writes to FILE what a folder holds: names, and contents as a hash.
func tree(ts *testscript.TestScript, _ bool, args []string) {
	var out bytes.Buffer
	root := ts.MkAbs(args[0])
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			fmt.Fprintln(&out, path)
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(&out, "%s %x\n", path, sha256.Sum256(text))
		return err
	}))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out.Bytes(), 0o666))
}

// peak MB smelt [ARG…] runs smelt, which must succeed within so much memory.
func peak(ts *testscript.TestScript, _ bool, args []string) {
	limit, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	out, err := cmd.CombinedOutput()
	if err != nil {
		ts.Fatalf("%v\n%s", err, out)
	}
	ts.Logf("%s", out)
	if used := peakMemory(cmd.ProcessState) / 1e6; used > limit {
		ts.Fatalf("it took %d MB of memory", used)
	} else {
		ts.Logf("%d MB of memory", used)
	}
}
