package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/smeltdata/smelt/bronze"
	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

// dryRun prints what a run would do. The lake is only read.
func (a *app) dryRun(ctx context.Context, m *bronze.Mapping, out string, l limits, how refresh) error {
	opts, err := l.options()
	if err != nil {
		return err
	}
	more, _, err := how.options(m.Checks)
	if err != nil {
		return err
	}
	lake, err := store.Look(out)
	if err != nil {
		return err
	}
	if m.Format == "parquet" {
		lake = nil // its tables are always made of all files
	}
	r, err := gold.DryRun(ctx, m, open, lake, append(opts, more...)...)
	if errors.Is(err, pipeline.ErrNothingNew) {
		return errors.Join(err, a.nothingNew(r, out))
	}
	if err != nil {
		return err
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(r)
	}
	for _, line := range planned(r, out) {
		fmt.Fprintln(a.out, wrap(line, "  ", a.out.room()))
	}
	return nil
}

// planned tells what a run would do.
func planned(r *pipeline.Report, out string) []string {
	how := "the tables that are there would be amended"
	if r.Full != "" {
		how = "everything would be read: " + r.Full
	}
	lines := []string{how}
	for _, k := range []struct {
		what  string
		files []string
	}{{"would be read, of " + plural(int64(len(r.Sources)), "file"), r.Read}, {"earlier contents that would be replaced", r.Dropped}, {"not read, the content is another file's", copies(r)}, {"not there any more, their rows would stay", r.Gone}} {
		if len(k.files) > 0 {
			lines = append(lines, k.what+": "+strings.Join(k.files, ", "))
		}
	}
	var names []string
	for _, t := range r.Tables {
		names = append(names, t.Name)
	}
	which := plural(int64(len(names)), "table")
	if r.Selected != nil {
		which += " only"
	}
	return append(lines, which+" would be published in "+out+": "+strings.Join(names, ", "), "nothing was written (--dry-run)")
}
