package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/smeltdata/smelt/io/store"
)

// Stamp returns a text that is another one when something has been published in a
// lake, when checks were evaluated, or when one of the files named has changed: then
// a catalog is to be collected again. It only looks at times and sizes, which takes
// well below a millisecond for each table.
func Stamp(lake string, files ...string) string {
	var b strings.Builder
	look := func(path string) bool {
		info, err := os.Stat(path)
		if err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", path, info.ModTime().UnixNano(), info.Size())
		}
		return err == nil
	}
	names, err := store.Tables(lake)
	fmt.Fprintln(&b, err)
	for _, name := range names {
		folder := filepath.Join(lake, filepath.FromSlash(strings.Replace(name, ".", "/", 1)))
		// Each version is a file in the log. Beside it a run that is at work writes files,
		// which are nothing to look at yet; a folder of Parquet files is replaced.
		if !look(filepath.Join(folder, "_delta_log")) {
			look(folder)
		}
	}
	look(filepath.Join(lake, "_smelt", "run.json"))
	look(filepath.Join(ResultsFolder(lake), "_delta_log"))
	for _, path := range files {
		look(path)
	}
	return b.String()
}
