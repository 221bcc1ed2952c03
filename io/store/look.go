package store

import (
	"path/filepath"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/pipeline"
)

// Look returns a lake that can only be read: it takes no lock, makes no folder, and
// what would write fails. A lake whose tables were being switched when a run was
// killed is an error of kind pipeline.ErrInput, as only writing brings it to order.
func Look(dir string) (pipeline.Lake, error) {
	l := &Lake{dir: dir}
	if exists(l.journal()) {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: filepath.Clean(dir), Msg: "a run is publishing its tables, or was killed while it did",
			Hint: "wait for it, or let any other command, such as smelt show, bring the lake to order"}
	}
	d := &delta{snapshots: map[string]*deltaio.Snapshot{}}
	d.sink = &sink{lake: l, delta: d, done: "the lake is only looked at"}
	return d, nil
}
