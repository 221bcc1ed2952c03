package synth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"go.uber.org/goleak"

	"github.com/smeltdata/smelt/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func generate(t *testing.T, o Options) Shop {
	t.Helper()
	shop, err := Generate(context.Background(), t.TempDir(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return shop
}

// hash is of a shop's CSV files, in order.
func hash(t *testing.T, shop Shop) string {
	t.Helper()
	h := sha256.New()
	for _, f := range shop.Files {
		text := read(t, shop, f.Name)
		if int64(len(text)) != f.Bytes {
			t.Errorf("%s has %d bytes, reported %d", f.Name, len(text), f.Bytes)
		}
		fmt.Fprintf(h, "%s %d\n", f.Name, len(text))
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func read(t *testing.T, shop Shop, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(shop.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The bytes of a shop are a promise: figures in the documentation are of them.
// A change here is a new sample shop, and needs the documents to follow.
func TestSameOptionsSameBytes(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Rows: 1, Seed: 7}, "8cd21703909809b3"},
		{Options{Rows: 1000, Seed: 7, Messy: 1}, "2caa3821eae533ee"},
		{DemoOptions, "0f6f826c61b02891"},
		{Options{Rows: 1000, Seed: 7, Messy: 1, Shuffle: true}, "6b8ccb3b6da15426"},
	} {
		for workers := 1; workers <= 4; workers++ {
			c.o.Workers = workers
			if got := hash(t, generate(t, c.o)); got != c.want {
				t.Errorf("%+v: hash %s, want %s", c.o, got, c.want)
			}
		}
	}
	other := DemoOptions
	other.Seed++
	if hash(t, generate(t, other)) == "0f6f826c61b02891" {
		t.Error("another seed gave the same shop")
	}
}

func TestCounts(t *testing.T) {
	for _, rows := range []int64{1, 2, 3, 19, 20, 21, 99, 1000, 25_001, 60_000} {
		for _, messy := range []float64{0, 0.01, 1} {
			shop := generate(t, Options{Rows: rows, Seed: uint64(rows), Messy: messy})
			if n, _ := shop.Sales(); n != rows {
				t.Errorf("rows %d, messy %g: %d sales records", rows, messy, n)
			}
			if len(shop.Files) != 4 || shop.Customers != CustomersOf(rows) || shop.Products != ProductsOf(rows) {
				t.Errorf("rows %d: %+v", rows, shop)
			}
			lines := int64(bytes.Count(read(t, shop, "sales_2023.csv"), []byte("\n")) + bytes.Count(read(t, shop, "sales_2024.csv"), []byte("\n")))
			if want := rows + 2 + shop.Mess[BlankLine]; lines != want {
				t.Errorf("rows %d, messy %g: %d lines in the sales files, want %d", rows, messy, lines, want)
			}
		}
	}
}

// A shuffled shop has the lines of the plain one in another order, and the same
// other files, however many buckets its lines go through.
func TestShuffle(t *testing.T) {
	o := Options{Rows: 5000, Seed: 7, Messy: 0.5}
	plain := generate(t, o)
	o.Shuffle = true
	shuffled := generate(t, o)
	for i, f := range plain.Files {
		was, got := read(t, plain, f.Name), read(t, shuffled, f.Name)
		if i < 2 != bytes.Equal(was, got) {
			t.Errorf("%s: the same bytes: %t", f.Name, i >= 2)
		}
		path := filepath.Join(plain.Dir, f.Name)
		if err := shuffle(context.Background(), path, 10_000, 1); err != nil {
			t.Fatal(err)
		}
		for _, got := range [][]byte{got, read(t, plain, f.Name)} {
			if !bytes.Equal(sortedLines(was), sortedLines(got)) || !bytes.Equal(header(was), header(got)) {
				t.Errorf("%s: other lines than the plain shop's", f.Name)
			}
		}
	}
	if left, err := filepath.Glob(filepath.Join(plain.Dir, "shuffle-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func header(text []byte) []byte {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return line
}

func sortedLines(text []byte) []byte {
	lines := bytes.Split(text, []byte("\n"))
	slices.SortFunc(lines, bytes.Compare)
	return bytes.Join(lines, []byte("\n"))
}

func TestProgress(t *testing.T) {
	var last int64
	_, err := Generate(context.Background(), t.TempDir(), Options{Rows: 50_000}, func(done int64) {
		if done <= last {
			t.Errorf("progress went from %d to %d", last, done)
		}
		last = done
	})
	if err != nil || last != 50_000 {
		t.Errorf("last progress %d, error %v", last, err)
	}
}

func TestBadOptions(t *testing.T) {
	nan := 0.0
	nan /= nan
	for _, o := range []Options{{}, {Rows: -1}, {Rows: 1, Messy: -0.1}, {Rows: 1, Messy: 1.1}, {Rows: 1, Messy: nan}} {
		if _, err := Generate(context.Background(), t.TempDir(), o, nil); !errors.Is(err, pipeline.ErrConfig) {
			t.Errorf("%+v: error %v", o, err)
		}
	}
}

// Files of somebody else are left alone, a sample shop is replaced, and
// nothing is left behind by a run that is stopped.
func TestFolder(t *testing.T) {
	for _, name := range []string{"smelt.yml", "customers.csv", "sales_2024.csv"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Generate(context.Background(), dir, Options{Rows: 10}, nil)
		if !errors.Is(err, pipeline.ErrOutput) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
		if text, _ := os.ReadFile(filepath.Join(dir, name)); string(text) != "mine" {
			t.Errorf("%s was overwritten", name)
		}
	}

	dir := filepath.Join(t.TempDir(), "new", "shop")
	before, err := Generate(context.Background(), dir, Options{Rows: 60_000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	old := hash(t, before)
	ctx, cancel := context.WithCancel(context.Background())
	_, err = Generate(ctx, dir, Options{Rows: 60_000, Seed: 1}, func(int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
	if hash(t, before) != old {
		t.Error("a cancelled run changed the shop")
	}
	after, err := Generate(context.Background(), dir, Options{Rows: 10}, nil)
	if err != nil || hash(t, after) == old {
		t.Errorf("the shop was not replaced: %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 5 {
		t.Errorf("left behind: %v %v", entries, err)
	}

	if runtime.GOOS != "windows" {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Generate(context.Background(), filepath.Join(file, "shop"), Options{Rows: 1}, nil); !errors.Is(err, pipeline.ErrOutput) {
			t.Errorf("a folder that cannot be made: error %v", err)
		}
	}
}

// The mapping is YAML and names every column that the files have.
func TestConfig(t *testing.T) {
	shop := generate(t, Options{Rows: 10, Seed: 42, Messy: 0.5})
	text := read(t, shop, "smelt.yml")
	if !strings.HasPrefix(string(text), configMark+" (smelt generate --rows 10 --seed 42 --messy 0.5)") {
		t.Errorf("begins with %.100s", text)
	}
	var m struct {
		Sources []struct {
			Table, Files string
			Columns      map[string]any
		}
	}
	if err := yaml.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for _, s := range m.Sources {
		files, err := filepath.Glob(filepath.Join(shop.Dir, s.Files))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: no files: %v", s.Files, err)
		}
		for _, f := range files {
			header, _, _ := strings.Cut(string(read(t, shop, filepath.Base(f))), "\n")
			columns := strings.Split(header, ",")
			if len(columns) != len(s.Columns) {
				t.Errorf("%s has %d columns, smelt.yml maps %d", f, len(columns), len(s.Columns))
			}
			for _, c := range columns {
				if s.Columns[c] == nil {
					t.Errorf("%s.%s is not mapped", s.Table, c)
				}
			}
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	dir := b.TempDir()
	var bytes int64
	for b.Loop() {
		shop, err := Generate(context.Background(), dir, Options{Rows: 500_000, Seed: 1, Messy: DefaultMessy}, nil)
		if err != nil {
			b.Fatal(err)
		}
		_, bytes = shop.Sales()
	}
	b.SetBytes(bytes)
	b.ReportMetric(float64(bytes)/500_000, "B/line")
}

func ExampleGenerate() {
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	shop, err := Generate(context.Background(), dir, DemoOptions, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range shop.Files {
		fmt.Println(f.Name, f.Records)
	}
	// Output:
	// customers.csv 2019
	// products.csv 508
	// sales_2023.csv 44276
	// sales_2024.csv 55724
}
