package export

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smeltdata/smelt/pipeline"
)

func TestWrite(t *testing.T) {
	read := func(dir string) (all []string) {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				data, _ := os.ReadFile(path)
				rel, _ := filepath.Rel(dir, path)
				all = append(all, filepath.ToSlash(rel)+"="+strings.TrimSpace(string(data)))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	write := func(path, text string) {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "new")
	if err := Write(dir, []File{{"a.pbip", []byte("1")}, {"m/x.tmdl", []byte("x")}, {"r/p/page.json", []byte("p")}}); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(dir, "m", ".pbi", "cache"), "mine")
	if err := Write(dir, []File{{"a.pbip", []byte("2")}, {"m/x.tmdl", []byte("x")}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{".smelt-export=a.pbip\nm/x.tmdl", "a.pbip=2", "m/.pbi/cache=mine", "m/x.tmdl=x"}, read(dir)); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(filepath.Join(dir, "r")); err == nil {
		t.Error("an empty folder stays")
	}
	before := read(dir)
	if err := Write(dir, []File{{"a.pbip", []byte("3")}, {"m/.pbi/cache", []byte("ours")}}); !errors.Is(err, pipeline.ErrOutput) || !strings.Contains(err.Error(), "former export") {
		t.Errorf("a file of someone else: %v", err)
	}
	write(filepath.Join(dir, listed), "../outside\n")
	if err := Write(dir, []File{{"a.pbip", []byte("3")}}); !errors.Is(err, pipeline.ErrOutput) {
		t.Errorf("a list that leads outside: %v", err)
	}
	write(filepath.Join(dir, listed), "a.pbip\nm/x.tmdl\n")
	if !slices.Equal(before, read(dir)) {
		t.Error("a refused export changed the folder")
	}
	other := t.TempDir()
	write(filepath.Join(other, "thesis.txt"), "years of work")
	if err := Write(other, []File{{"a.pbip", []byte("1")}}); !errors.Is(err, pipeline.ErrOutput) || len(read(other)) != 1 {
		t.Errorf("a folder with other content: %v, %v", err, read(other))
	}
	if err := Write(filepath.Join(other, "thesis.txt"), []File{{"a.pbip", []byte("1")}}); !errors.Is(err, pipeline.ErrOutput) {
		t.Errorf("a file: %v", err)
	}
}
