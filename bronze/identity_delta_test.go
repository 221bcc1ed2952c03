package bronze

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// The newest commit says which version of which table is in a folder; other files
// in the log do not matter, unless they are all that is left of it.
func TestIdentifyDelta(t *testing.T) {
	dir := t.TempDir()
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
	seen := map[string]string{}
	identity := func(what string) Identity {
		t.Helper()
		id, err := identifyDelta(dir)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if was := seen[id.Hash]; was != "" {
			t.Errorf("%s looks like %s", what, was)
		}
		seen[id.Hash] = what
		return id
	}
	same := func(what string, want Identity) {
		t.Helper()
		if id, err := identifyDelta(dir); id.Hash != want.Hash || err != nil {
			t.Errorf("%s makes it another version: %v", what, err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "_delta_log"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := identifyDelta(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty log: %v", err)
	}
	write("_delta_log/00000000000000000009.json", "nine")
	nine := identity("version 9")
	write("a=1/part-0.parquet", "12345")
	same("a file that no commit names yet", nine)
	if id, _ := identifyDelta(dir); id.Size != 5 {
		t.Errorf("%d bytes", id.Size)
	}
	write("_delta_log/_last_checkpoint", "{}")
	write("_delta_log/00000000000000000009.checkpoint.parquet", "all")
	write("_delta_log/.tmp-00000000000000000011.json", "half")
	write("_delta_log/00000000000000000009.crc", "sum")
	same("what a log holds besides", nine)
	write("_delta_log/00000000000000000009.json", "another nine")
	identity("another table's version 9")
	write("_delta_log/00000000000000000010.json", "nine")
	ten := identity("version 10")
	if err := os.Remove(filepath.Join(dir, "_delta_log/00000000000000000009.json")); err != nil {
		t.Fatal(err)
	}
	same("a clean-up of the log", ten)
	write("_delta_log/00000000000000000012.checkpoint.0000000001.0000000001.parquet", "all")
	identity("a checkpoint whose commit is gone")
}
