package bronze

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// Signature returns a text that is another one when files that the mapping names,
// itself and lookups included, come or go, grow or are written, as far as their
// names, sizes and times show; and the time of the latest change. Files that are
// not there are no error. Of a Delta table the newest version counts.
func Signature(m *Mapping) (text string, latest time.Time, err error) {
	var b strings.Builder
	add := func(patterns []string, read pipeline.File) error {
		files, err := expand(m.Dir, patterns, read, true)
		if err != nil {
			return err
		}
		for _, f := range files {
			info, err := os.Stat(f.Path)
			if err != nil {
				continue // it was there a moment ago, or it is no file
			}
			if f.Format == "delta" {
				// A commit is complete once it is there; the files around it do not matter.
				id, err := identifyDelta(f.Path)
				fmt.Fprintf(&b, "%s %s %v\n", f.Path, id.Hash, err)
				continue
			}
			fmt.Fprintf(&b, "%s %d %d\n", f.Path, info.Size(), info.ModTime().UnixNano())
			if info.ModTime().After(latest) {
				latest = info.ModTime()
			}
		}
		return nil
	}
	for _, s := range m.Sources {
		if err := add(s.Files, s.Read); err != nil {
			return "", latest, err
		}
	}
	for _, ref := range m.references() {
		if err := add(ref.files, ref.read); err != nil {
			return "", latest, err
		}
	}
	if info, err := os.Stat(m.File); err == nil {
		fmt.Fprintf(&b, "%d %d\n", info.Size(), info.ModTime().UnixNano())
	}
	return b.String(), latest, nil
}
