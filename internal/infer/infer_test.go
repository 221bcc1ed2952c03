package infer

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/io/csvio"
)

// Whatever the files hold, the text is the same each time, and is a mapping or
// stops at a line that says what is open.
func TestAnyFiles(t *testing.T) {
	var spoken []string
	for _, spellings := range spellingsOf {
		spoken = append(spoken, strings.Fields(spellings)...)
	}
	slices.Sort(spoken)
	odd := []string{"a: b", "# c", "{d}", "[e]", `"f"`, "g,h", "'i'", "true", "007", "- j", "naïve °", "%", "a\tb"}
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 7))
		pick := func(list []string) string { return list[r.IntN(len(list))] }
		dir := t.TempDir()
		for range 1 + r.IntN(4) {
			var header []string
			for range 2 + r.IntN(8) {
				h := pick(spoken)
				if r.IntN(2) == 0 {
					h += " " + pick([]string{"id", "name", "date", "price", "quantity", "status"})
				}
				if r.IntN(8) == 0 {
					h = pick(odd)
				}
				header = append(header, h)
			}
			kinds := make([]int, len(header))
			for i := range kinds {
				kinds[i] = r.IntN(9)
			}
			if r.IntN(3) > 0 { // mostly lines of sales, so that there is something to map
				header = append(header, pick([]string{"Order No", "Bestellnr", "invoice"}), pick([]string{"SKU", "Artikelnummer"}), "Menge", "Date", "Price")
				kinds = append(kinds, r.IntN(2), 1, 1, []int{8, 8, 2}[r.IntN(3)], []int{3, 6}[r.IntN(2)])
			}
			var b bytes.Buffer
			row := func(fields []string) {
				for i, f := range fields {
					if i > 0 {
						b.WriteByte(',')
					}
					fmt.Fprintf(&b, `"%s"`, strings.ReplaceAll(f, `"`, `""`))
				}
				b.WriteByte('\n')
			}
			row(header)
			for n := range r.IntN(40) {
				var fields []string
				for _, k := range kinds {
					fields = append(fields, []string{
						fmt.Sprint(n), fmt.Sprint(r.IntN(5)), fmt.Sprintf("%d/%d/2024", 1+r.IntN(12), 1+r.IntN(12)), fmt.Sprintf("%d.%02d", r.IntN(100), r.IntN(100)),
						pick([]string{"returned", "sale", "yes", "no", "nan"}), pick(odd), fmt.Sprintf("%d,%03d €", r.IntN(9), r.IntN(999)), "", fmt.Sprintf("2024-01-%02d 10:00", 1+r.IntN(28)),
					}[k])
				}
				row(fields)
			}
			name := pick(spoken) + pick([]string{"s", "_lines", "_2024", " x", ""}) + ".csv"
			if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		o := Options{Dir: dir, Target: filepath.Join(dir, "smelt.yml"), Open: csvio.Open}
		first, err := Infer(t.Context(), o)
		if err != nil {
			continue // none of the files has a header
		}
		again, err := Infer(t.Context(), o)
		if err != nil || !bytes.Equal(first.Text, again.Text) {
			t.Fatalf("seed %d: another text the second time: %v", seed, err)
		}
		_, err = bronze.ParseMapping("smelt.yml", first.Text)
		switch {
		case first.Open == 0 && err != nil:
			t.Errorf("seed %d: %v\n%s", seed, err, first.Text)
		case first.Open > 0 && err != nil && !strings.Contains(err.Error(), "has no value") && !strings.Contains(err.Error(), "no source is given"):
			t.Errorf("seed %d: %v\n%s", seed, err, first.Text)
		}
		o.Ask = func(q Question) int { return len(q.Choices) - 1 }
		asked, err := Infer(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bronze.ParseMapping("smelt.yml", asked.Text); asked.Open == 0 && err != nil {
			t.Errorf("seed %d, asked: %v\n%s", seed, err, asked.Text)
		}
	}
}
