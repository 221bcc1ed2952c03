package histories

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// forgetful returns a smelt that has not noticed some news: of the files that
// the pattern matches it goes on reading what it read first, or, where it is
// blind, only those of its first run.
func forgetful(t *testing.T, pattern string, blind bool) func() subject {
	return func() subject {
		seen := t.TempDir() // the folder as it knows it
		first := true
		return func(dir string, args []string) result {
			files, err := filepath.Glob(filepath.Join(dir, "*.*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				name := filepath.Base(file)
				known := filepath.Join(seen, name)
				_, err := os.Stat(known)
				if match, _ := filepath.Match(pattern, name); match && (err == nil || blind && !first) {
					continue
				}
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(known, text, fs.ModePerm); err != nil {
					t.Fatal(err)
				}
			}
			first = false
			return smelt(append(args, "-c", filepath.Join(seen, "smelt.yml"), "-o", filepath.Join(dir, "lake"))...)
		}
	}
}

// byArrival returns a smelt for which the order of records is that in which the
// files arrived, and not that of their names.
func byArrival(t *testing.T) func() subject {
	return func() subject {
		config := filepath.Join(t.TempDir(), "smelt.yml")
		var arrived []string
		return func(dir string, args []string) result {
			files, err := filepath.Glob(filepath.Join(dir, "*_*.csv"))
			if err != nil {
				t.Fatal(err)
			}
			lists := map[string][]string{}
			for _, file := range files {
				if name := filepath.Base(file); !slices.Contains(arrived, name) {
					arrived = append(arrived, name)
				}
			}
			for _, name := range arrived {
				source, _, _ := strings.Cut(name, "_")
				lists[source] = append(lists[source], name)
			}
			text, err := os.ReadFile(filepath.Join(dir, "smelt.yml"))
			if err != nil {
				return honest(dir, args)
			}
			for source, names := range lists {
				glob := strconv.Quote(source + "_*.csv")
				text = bytes.ReplaceAll(text, []byte(glob), []byte("["+strings.Join(names, ", ")+"]"))
			}
			if err := os.WriteFile(config, text, 0o666); err != nil {
				t.Fatal(err)
			}
			return smelt(append(args, "-c", config, "--data", dir, "-o", filepath.Join(dir, "lake"))...)
		}
	}
}

// TestMutants proves that the histories catch a smelt that is wrong.
func TestMutants(t *testing.T) {
	for _, m := range []struct {
		what    string
		pattern string // files that must come after the first run
		mutant  func() subject
	}{
		{"the order of names", "*_*.csv", byArrival(t)},
		{"new sales", "sales_*", forgetful(t, "sales_*", true)},
		{"new web sales", "web_*", forgetful(t, "web_*", true)},
		{"new returns", "returns_*", forgetful(t, "returns_*", true)},
		{"new customers", "customers_*", forgetful(t, "customers_*", true)},
		{"new products", "products_*", forgetful(t, "products_*", true)},
		{"sales that come again", "sales_*", forgetful(t, "sales_*", false)},
		{"customers that come again", "customers_*", forgetful(t, "customers_*", false)},
		{"products that come again", "products_*", forgetful(t, "products_*", false)},
		{"another smelt.yml", "smelt.yml", forgetful(t, "smelt.yml", false)},
		{"another lookup", "stores.csv", forgetful(t, "stores.csv", false)},
		{"another list of returns", "returned.csv", forgetful(t, "returned.csv", false)},
	} {
		t.Run(strings.ReplaceAll(m.what, " ", "_"), func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= 100; seed++ {
				h := newHistory(seed)
				if !h.again(m.pattern) {
					continue
				}
				f, err := play(h, m.mutant())
				if err != nil {
					t.Fatal(err)
				}
				if f != nil {
					t.Logf("history %d: %s", seed, f.kind)
					return
				}
			}
			t.Errorf("none of 100 histories notices that smelt does not notice %s", m.what)
		})
	}
}

// again reports whether files that a pattern matches are written after the first run.
func (h history) again(pattern string) bool {
	for _, st := range h[1:] {
		for _, w := range st.writes {
			if match, _ := filepath.Match(pattern, w.path); match {
				return true
			}
		}
	}
	return false
}

// TestShrink proves that a history that fails is cut down to what it fails by.
func TestShrink(t *testing.T) {
	if testing.Short() {
		t.Skip("shrinking takes a while")
	}
	for seed := uint64(1); seed <= 100; seed++ {
		h := newHistory(seed)
		if !h.again("customers_*") {
			continue
		}
		// Shrinking plays many histories with one subject, so it must have no memory.
		first := func(dir string, args []string) result {
			files, err := filepath.Glob(filepath.Join(dir, "customers_*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files[min(1, len(files)):] {
				if err := os.Rename(file, file+"~"); err != nil {
					t.Fatal(err)
				}
				defer os.Rename(file+"~", file)
			}
			return honest(dir, args)
		}
		f, err := play(h, first)
		if err != nil {
			t.Fatal(err)
		}
		if f == nil {
			continue
		}
		small, g := shrink(h, *f, first, 1000)
		if g.kind != f.kind || len(small) != 1 || len(small[0].writes) > 3 || len(small.lines()) > 10 {
			t.Errorf("history %d failed by two files of customers and was shrunk to\n%s%s", seed, small, g.detail)
		}
		t.Logf("%s%s", small, g.detail)
		return
	}
	t.Error("no history failed")
}
