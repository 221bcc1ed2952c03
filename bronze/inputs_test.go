package bronze

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/smeltdata/smelt/pipeline"
)

// write makes files in a new folder.
func write(t testing.TB, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Files come in the order of the mapping, a glob's in natural order, each once.
func TestOpenInputsOrder(t *testing.T) {
	dir := write(t, map[string]string{
		"sales_10.csv": "Id\n10", "sales_9.csv": "Id\n9", "sales_09.csv": "Id\n09", "sales_1.csv": "Id\n1", "sales_x/in.csv": "Id\nx",
		"sales_folder.csv/deep.csv": "Id\nd", "b[1].csv": "Id\nb", "old/a.csv": "Id\na", "new/a.csv": "Id\nn",
	})
	m := parse(t, `sources: [{table: products, files: [sales_10.csv, "memory://x?y[1]*", "sales_*.csv", "b[1].csv", "*/a.csv", ./old/a.csv, "memory://x?y[1]*"], columns: {product_id: Id}},
		{table: products, files: sales_1.csv, columns: {product_id: Id}}]`)
	m.Dir = dir
	f := files{"memory://x?y[1]*": "Id\nm"}
	got, err := readAll(t, m, f, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"product_id=10 @sales_10.csv:1", "product_id=m @memory://x?y[1]*:1", "product_id=1 @sales_1.csv:1", "product_id=9 @sales_9.csv:1",
		"product_id=09 @sales_09.csv:1", "product_id=b @b[1].csv:1", "product_id=n @new/a.csv:1", "product_id=a @old/a.csv:1", "product_id=1 @sales_1.csv:1",
	}
	if diff := cmp.Diff(want, got.rows[0]); diff != "" {
		t.Error(diff)
	}
	// The data folder's name is no part of a file's, nor does a relative one matter.
	t.Chdir(filepath.Dir(dir))
	m.Dir = filepath.Base(dir)
	if again, err := readAll(t, m, f, 0, nil); err != nil || !slices.Equal(again.rows[0], want) {
		t.Errorf("%v %v", err, again.rows)
	}
	t.Chdir(dir)
	m.Dir = ""
	if again, err := readAll(t, m, f, 0, nil); err != nil || !slices.Equal(again.rows[0], want) {
		t.Errorf("%v %v", err, again.rows)
	}
}

func TestMissingFiles(t *testing.T) {
	dir := write(t, map[string]string{"a.csv": "Id", "in/b.csv": "Id"})
	for files_, want := range map[string]string{
		"sales.csv":    "sales.csv: no such file\n  the data folder is DIR; it holds a.csv, in",
		"sales_*.csv":  "sales_*.csv: no file matches\n  the data folder is DIR; it holds a.csv, in",
		"in/sales.csv": "in/sales.csv: no such file\n  the data folder is DIR; DIR/in holds b.csv",
		"no/sales.csv": "no/sales.csv: no such file\n  the data folder is DIR; DIR/no cannot be listed",
		"[a":           "[a: not a valid pattern: syntax error in pattern",
		"memory://x":   "memory://x: no such table: file does not exist",
	} {
		m := parse(t, `sources: [{table: products, files: "`+files_+`", columns: {product_id: Id}}]`)
		m.Dir = dir
		inputs, err := OpenInputs(context.Background(), m, files{}.open)
		if err == nil || len(inputs) != 0 {
			t.Errorf("%s: no error", files_)
			continue
		}
		if got := strings.ReplaceAll(err.Error(), filepath.ToSlash(dir), "DIR"); got != want || errors.Is(err, pipeline.ErrConfig) != (files_ == "[a") {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestNaturalCompare(t *testing.T) {
	want := []string{"", "a", "a1", "a01", "a1b", "a2", "a10", "a010", "a10a", "a18446744073709551616", "aa", "ab1", "b"}
	for i, a := range want {
		for j, b := range want {
			if c := NaturalCompare(a, b); (c < 0) != (i < j) || (c > 0) != (i > j) {
				t.Errorf("%q and %q compare as %d", a, b, c)
			}
		}
	}
	name := rapid.StringOfN(rapid.SampledFrom([]rune("01a-")), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) { // it is an order
		a, b, c := name.Draw(t, "a"), name.Draw(t, "b"), name.Draw(t, "c")
		ab, ba, bc, ac := NaturalCompare(a, b), NaturalCompare(b, a), NaturalCompare(b, c), NaturalCompare(a, c)
		if (ab < 0) != (ba > 0) || (ab == 0) != (a == b) || ab < 0 && bc < 0 && ac >= 0 {
			t.Fatalf("%q %q %q: %d %d %d %d", a, b, c, ab, ba, bc, ac)
		}
	})
}

func TestBatchID(t *testing.T) {
	big := make([]byte, 5<<20)
	for i := range big {
		big[i] = byte(i * 7919 >> 8)
	}
	texts := map[string]string{"a.csv": "Id\n1", "big.csv": string(big), "empty.csv": ""}
	id := func(change func(dir string, inputs []*Input)) string {
		t.Helper()
		dir := write(t, texts)
		var inputs []*Input
		for _, name := range []string{"a.csv", "big.csv", "empty.csv"} {
			inputs = append(inputs, &Input{InputFile: &InputFile{Spec: &SourceSpec{Table: "sales"}, File: pipeline.File{Path: filepath.Join(dir, name), Name: name}}})
		}
		inputs = append(inputs, &Input{InputFile: &InputFile{Spec: &SourceSpec{Table: "sales"}, File: pipeline.File{Path: "memory://x", Name: "memory://x"}}})
		change(dir, inputs)
		id, err := BatchID(inputs)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	same := id(func(string, []*Input) {})
	if len(same) != 16 {
		t.Errorf("id %q", same)
	}
	edit := func(name string, at int) func(string, []*Input) {
		return func(dir string, _ []*Input) {
			b := []byte(texts[name])
			b[at] ^= 1
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if again := id(func(dir string, _ []*Input) { // when and where do not matter
		if err := os.Chtimes(filepath.Join(dir, "a.csv"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}); again != same {
		t.Errorf("the same input: %s and %s", same, again)
	}
	seen := map[string]string{same: "as it is"}
	for what, change := range map[string]func(string, []*Input){
		"a byte of a small file": edit("a.csv", 3), "the first byte": edit("big.csv", 0), "the last byte": edit("big.csv", len(big)-1),
		"a byte in the middle": edit("big.csv", (len(big)-64<<10)*7/15+100),
		"longer":               func(dir string, _ []*Input) { os.WriteFile(filepath.Join(dir, "empty.csv"), []byte("x"), 0o644) },
		"another name":         func(_ string, in []*Input) { in[0].File.Name = "b.csv" },
		"another table":        func(_ string, in []*Input) { in[0].Spec.Table = "products" },
		"another kind":         func(_ string, in []*Input) { in[0].Spec.Kind = "returns" },
		"another order":        func(_ string, in []*Input) { in[0], in[1] = in[1], in[0] },
		"a virtual name":       func(_ string, in []*Input) { in[3].File.Path, in[3].File.Name = "memory://y", "memory://y" },
	} {
		got := id(change)
		if other, ok := seen[got]; ok {
			t.Errorf("%s has the id of %s", what, other)
		}
		seen[got] = what
	}
	_, err := BatchID([]*Input{{InputFile: &InputFile{Spec: &SourceSpec{}, File: pipeline.File{Path: filepath.Join(t.TempDir(), "gone.csv"), Name: "gone.csv"}}}})
	if !errors.Is(err, os.ErrNotExist) || !errors.Is(err, pipeline.ErrInput) || !strings.HasPrefix(err.Error(), "gone.csv: cannot be read") {
		t.Error(err)
	}
}
