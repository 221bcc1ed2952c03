package bronze

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

func identified(t *testing.T, known Identity, paths ...string) []*InputFile {
	t.Helper()
	var files []*InputFile
	for _, p := range paths {
		files = append(files, &InputFile{File: pipeline.File{Path: p, Name: filepath.Base(p)}})
	}
	if err := Identify(t.Context(), files, 2, func(*InputFile) Identity { return known }); err != nil {
		t.Fatal(err)
	}
	return files
}

// A file is its content: its name, its time and its size do not matter.
func TestIdentify(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, at time.Time) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		return path
	}
	long := time.Now().Add(-time.Hour)
	a := write("a.csv", "one\n", long)
	b := write("b.csv", "one\n", time.Now())
	c := write("c.csv", "two\n", long)
	files := identified(t, Identity{}, a, b, c)
	if files[0].Hash != files[1].Hash || files[0].Hash == files[2].Hash || len(files[0].Hash) != 64 {
		t.Errorf("hashes %s, %s, %s", files[0].Hash, files[1].Hash, files[2].Hash)
	}
	if files[0].SameAs != "" || files[1].SameAs != "a.csv" || files[2].SameAs != "" {
		t.Errorf("same as %q, %q, %q", files[0].SameAs, files[1].SameAs, files[2].SameAs)
	}

	// Of another source, it is another file.
	files[1].Source = 1
	FindCopies(files)
	if files[1].SameAs != "" {
		t.Errorf("a file of another source is the same as %q", files[1].SameAs)
	}

	// What was changed a moment ago is read again, whatever its times say.
	known := files[0].Identity
	write("a.csv", "two\n", long)
	if now := identified(t, known, a)[0]; now.Hash != files[2].Hash {
		t.Error("another content of the same size and time was not seen")
	}
}

// The shortcut is taken where nobody can have touched the file since.
func TestStamp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte("one\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	modified := time.Now().Add(time.Hour).Truncate(time.Second)
	for _, c := range []struct {
		at   time.Time // when the file was modified
		tick time.Duration
	}{{modified, 3 * time.Second}, {modified.Add(5 * time.Millisecond), 3 * time.Second}, {modified.Add(1234567), 20 * time.Millisecond}} {
		if err := os.Chtimes(path, c.at, c.at); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if settled(info, c.at.Add(c.tick-1)) {
			t.Errorf("modified at %s: settled within %s", c.at, c.tick)
		}
		if !settled(info, c.at.Add(c.tick)) {
			t.Errorf("modified at %s: not settled after %s", c.at, c.tick)
		}
	}
	// Of the two times the later one counts.
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, long, long); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if changed, _ := inodeOf(info); !changed.Equal(long) && settled(info, changed.Add(time.Millisecond)) {
		t.Error("settled within a millisecond of a change of the times")
	}
}

func TestUnchanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte("one\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	f := identified(t, Identity{}, path)[0]
	if err := f.Unchanged(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("one\ntwo\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := f.Unchanged(); !errors.Is(err, pipeline.ErrInput) || !strings.Contains(err.Error(), "a.csv: has changed while it was read") {
		t.Error(err)
	}
}

// Digests change with what decides about the tables, and with nothing else.
func TestDigests(t *testing.T) {
	digest := func(text string) string {
		t.Helper()
		m, err := ParseMapping("smelt.yml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		d, err := Digests(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		return d["smelt.yml"]
	}
	const text = "sources:\n  - table: sales\n    files: a.csv\n    columns: {order_id: A, product_id: B, quantity: C, ordered_at: D}\n"
	base := digest(text)
	for _, same := range []string{"# a comment\n" + text, "output: elsewhere\n" + text, "format: parquet\n" + text, "openlineage: console\n" + text, strings.Replace(text, "a.csv", "[a.csv, b.csv]", 1)} {
		if digest(same) != base {
			t.Errorf("changed by\n%s", same)
		}
	}
	for _, other := range []string{"timezone: Europe/Berlin\n" + text, "currency: EUR\n" + text, strings.Replace(text, "C,", "X,", 1),
		strings.Replace(text, "    files", "    nulls: [NA]\n    files", 1), strings.Replace(text, "    files", "    kind: returns\n    files", 1)} {
		if digest(other) == base {
			t.Errorf("not changed by\n%s", other)
		}
	}
}
