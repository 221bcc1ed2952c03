package catalog

import (
	"os"
	"path/filepath"
	"testing"
)

func TestStamp(t *testing.T) {
	for _, format := range []string{"delta", "parquet"} {
		t.Run(format, func(t *testing.T) {
			dir := demo(t, 50)
			lake, config := filepath.Join(dir, "lake"), filepath.Join(dir, "smelt.yml")
			m := mapping(t, dir, "\nformat: "+format+"\n")
			last := Stamp(lake, config)
			changes := func(what string, want bool) {
				t.Helper()
				now := Stamp(lake, config)
				if (now != last) != want {
					t.Errorf("after %s: changed %v\n%s", what, !want, now)
				}
				last = now
			}
			changes("nothing", false)
			if err := run(t, m, lake); err != nil {
				t.Fatal(err)
			}
			changes("a run", true)
			changes("nothing", false)
			collect(t, Options{Lake: lake, Mapping: m})
			changes("a look", false)
			keep(t, lake, "x", "pass")
			changes("a test", true)
			text, err := os.ReadFile(config)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(config, append(text, "# more\n"...), 0o666); err != nil {
				t.Fatal(err)
			}
			changes("an edit", true)
			changes("nothing", false)
		})
	}
}
