package crashtest

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/internal/synth"
)

// shop is the folder of a small shop at three times: by file, its content.
type shop struct {
	first map[string]string // what the first run reads
	more  map[string]string // a file of new orders has come
	next  map[string]string // so has one with corrections of old lines; one was replaced; customers and products have changed
}

const shopRows = 3000

func newShop(t *testing.T) shop {
	t.Helper()
	dir := t.TempDir()
	if _, err := synth.Generate(t.Context(), dir, synth.Options{Rows: shopRows, Seed: 6, Messy: synth.DefaultMessy}, nil); err != nil {
		t.Fatal(err)
	}
	first := map[string]string{}
	for _, name := range []string{"smelt.yml", "customers.csv", "products.csv", "sales_2023.csv", "sales_2024.csv"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		first[name] = string(text)
	}
	// The last orders come later.
	lines := strings.SplitAfter(first["sales_2024.csv"], "\n")
	cut := len(lines) * 4 / 5
	first["sales_2024.csv"] = strings.Join(lines[:cut], "")
	more := maps.Clone(first)
	more["sales_2025.csv"] = lines[0] + strings.Join(lines[cut:], "")

	next := maps.Clone(more)
	old := strings.SplitAfter(first["sales_2023.csv"], "\n")
	var corrected, replaced strings.Builder
	corrected.WriteString(lines[0])
	for i, line := range old {
		switch {
		case i == 0 || strings.Contains(line, `"`) || strings.Count(line, ",") != 16:
			replaced.WriteString(line)
		case i%40 == 7: // gone
		case i%40 == 9:
			replaced.WriteString(quantity(line, "7"))
		case i%40 == 11:
			corrected.WriteString(quantity(line, "3"))
			replaced.WriteString(line)
		default:
			replaced.WriteString(line)
		}
	}
	next["sales_2023.csv"], next["sales_2026.csv"] = replaced.String(), corrected.String()
	next["products.csv"] = strings.ReplaceAll(first["products.csv"], "Kitchen", "Cooking")
	next["customers.csv"] = strings.ReplaceAll(first["customers.csv"], "home office", "office")
	for name := range first {
		if name != "smelt.yml" && name != "sales_2024.csv" && next[name] == first[name] {
			t.Fatalf("%s has not changed", name)
		}
	}
	return shop{first, more, next}
}

// quantity returns a line of sales with another quantity, changed lately.
func quantity(line, n string) string {
	cells := strings.Split(strings.TrimSpace(line), ",")
	cells[7], cells[16] = n, "2025-06-01 10:00"
	return strings.Join(cells, ",") + "\n"
}

// put makes a folder hold these files.
func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
