package bronze

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Whatever may change the tables changes the signature; nothing else does.
func TestSignature(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "smelt.yml")
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("smelt.yml", `
lookups: {brand: {files: brands.csv, key: Item}}
returns: {orders: [{files: back.csv, columns: {order_id: Order}}]}
sources:
  - {table: products, files: [products.csv, more_*.csv], columns: {product_id: Id}}
  - {table: sales, files: fact, columns: {order_id: Order, ordered_at: Date, product_id: Id, quantity: Q, unit_price: P}}
`)
	m, err := LoadMapping(config)
	if err != nil {
		t.Fatal(err)
	}
	was := ""
	differs := func(what string, want bool) time.Time {
		t.Helper()
		now, latest, err := Signature(m)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if (now != was) != want {
			t.Errorf("%s: another signature: %v", what, now != was)
		}
		was = now
		return latest
	}
	if latest := differs("no file at all", true); !latest.IsZero() {
		t.Errorf("no file is of %v", latest)
	}
	for _, name := range []string{"products.csv", "more_1.csv", "brands.csv", "back.csv"} {
		write(name, "Id\n")
		differs(name+" comes", true)
		write(name, "Id\nA\n")
		differs(name+" grows", true)
	}
	old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, name := range []string{"products.csv", "more_1.csv", "brands.csv", "back.csv"} {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if latest := differs("other times", true); !latest.Equal(old) {
		t.Errorf("the latest change is of %v", latest)
	}
	write("other.csv", "Id\n")
	differs("a file that nobody names", false)
	write("fact/_delta_log/00000000000000000000.json", "{}")
	differs("a Delta table", true)
	write("fact/part-0.parquet", "half")
	differs("a file of it that no commit names", false)
	write("fact/_delta_log/00000000000000000001.json", "{}")
	if latest := differs("a version of it", true); !latest.Equal(old) {
		t.Errorf("a commit is waited for, as if it could be half there: %v", latest)
	}
	if err := os.Remove(filepath.Join(dir, "more_1.csv")); err != nil {
		t.Fatal(err)
	}
	differs("a file goes", true)
	write("smelt.yml", "sources: []")
	differs("smelt.yml", true)
}
