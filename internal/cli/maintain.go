package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/io/store"
	"github.com/smeltdata/smelt/pipeline"
)

// upkeep is what maintain does with unused files.
type upkeep struct {
	vacuum    bool
	retention time.Duration // 0 = what each table says
	force     bool
}

// results are the folders of what came of checks, which are no tables of the lake
// but some that every run and test appends files to, by what maintain calls them.
var results = []struct {
	name   string
	folder func(lake string) string
}{{"_smelt/test_results", catalog.ResultsFolder}, {"_smelt/test_failures", catalog.FailuresFolder}}

// week is the shortest retention that needs no --force.
const week = 7 * 24 * time.Hour

func (a *app) maintainCommand() *cobra.Command {
	s, u, sel := &shop{}, upkeep{}, selection{}
	cmd := &cobra.Command{
		Use:   "maintain [TABLE...]",
		Short: "Put small files of Delta tables together, and delete what no version needs",
		Long: `Look after Delta tables, all of the lake and the results of checks unless some
are named or selected:
- small files are put together in larger ones, which changes no row: the next run
  reads new files only, as before;
- files that no version of the last seven days needs are listed, and with --vacuum
  deleted; versions that needed them cannot be looked at any more;
- the log gets a checkpoint, and what it no longer needs is removed.

It takes the lake's lock: beside a run it only says so, and none begins meanwhile.
Readers see the same rows all the time.`,
		Example: `  smelt maintain
  smelt maintain --vacuum
  smelt maintain silver.fact_sales --vacuum --retention 720h`,
		RunE: func(cmd *cobra.Command, args []string) error {
			set := given(cmd.Flags(), "retention")
			switch {
			case u.retention < 0:
				return usage(fmt.Sprintf("--retention %s: not a time that files can be kept for", u.retention), "write hours: --retention 168h")
			case set && u.retention < week && !u.force:
				return usage(fmt.Sprintf("--retention %s: readers and writers that take longer lose files that they need", u.retention),
					"keep a week (168h), or add --force where nothing else reads or writes the tables")
			case set && u.retention == 0:
				u.retention = 1 // a nanosecond: 0 means what the table says
			}
			dir, err := s.lakeToRead()
			if err != nil {
				return err
			}
			sel.selected = append(sel.selected, args...)
			return a.maintain(cmd.Context(), dir, sel, u)
		},
	}
	s.configFlag(cmd)
	s.outputFlag(cmd)
	sel.flags(cmd, "tables to look after, beside those named")
	cmd.Flags().BoolVar(&u.vacuum, "vacuum", false, "delete the files that are listed as unused")
	cmd.Flags().DurationVar(&u.retention, "retention", 0, "how long ago files must have become unused (default 168h, or what the table says)")
	cmd.Flags().BoolVar(&u.force, "force", false, "allow a retention of less than a week")
	return cmd
}

// maintained is what was done with a table.
type maintained struct {
	Table       string `json:"table"`
	Version     int64  `json:"version"`      // the newest one now
	FilesBefore int64  `json:"files_before"` // of the newest version
	FilesAfter  int64  `json:"files_after"`
	Unused      int64  `json:"files_unused"`  // that no version of the retention needs
	UnusedBytes int64  `json:"bytes_unused"`  // of them
	Deleted     bool   `json:"files_deleted"` // whether they are gone
}

// maintain looks after tables of a lake: those that are selected.
func (a *app) maintain(ctx context.Context, dir string, sel selection, u upkeep) (err error) {
	all, err := tablesOf(dir) // before the lock, which makes the folder
	if err != nil {
		return err
	}
	selected, err := sel.among(all)
	if err != nil {
		return err
	}
	folders := map[string]string{}
	var names []string
	for _, name := range selected {
		folder, err := store.DeltaFolder(dir, name)
		switch {
		case err == nil:
			folders[name], names = folder, append(names, name)
		case len(sel.selected) > 0:
			return err
		}
	}
	if len(sel.selected) == 0 {
		for _, r := range results {
			if _, err := deltaio.Load(ctx, r.folder(dir)); !errors.Is(err, deltaio.ErrNoTable) {
				folders[r.name], names = r.folder(dir), append(names, r.name)
			}
		}
	}
	if len(names) == 0 {
		return &pipeline.Error{Kind: pipeline.ErrConfig, File: dir, Msg: "there are no Delta tables here, only folders of Parquet files", Hint: "these need no maintenance: each run writes them anew"}
	}
	// A run that replaces rows of files that are put together here would fail.
	lake, err := store.Open(dir)
	if err != nil {
		return err
	}
	defer func() {
		if e := lake.Close(); err == nil {
			err = e
		}
	}()
	var done []maintained
	for _, name := range names {
		m, err := maintainTable(ctx, folders[name], u)
		if err != nil {
			return err
		}
		m.Table = name
		done = append(done, m)
	}
	return a.maintained(done, u)
}

func maintainTable(ctx context.Context, folder string, u upkeep) (m maintained, err error) {
	before, err := deltaio.Load(ctx, folder)
	if err != nil {
		return m, err
	}
	if _, err := deltaio.Compact(ctx, folder, deltaio.CompactOptions{}); err != nil {
		return m, err
	}
	unused, err := deltaio.Vacuum(ctx, folder, deltaio.VacuumOptions{DryRun: !u.vacuum, Retention: u.retention})
	if err != nil {
		return m, err
	}
	after, err := deltaio.Load(ctx, folder)
	if err != nil {
		return m, err
	}
	if after.Version > 0 {
		if _, err := deltaio.Checkpoint(ctx, folder); err != nil {
			return m, err
		}
		if err := deltaio.CleanLog(ctx, folder); err != nil {
			return m, err
		}
	}
	m = maintained{Version: after.Version, FilesBefore: int64(len(before.Files())), FilesAfter: int64(len(after.Files())),
		Unused: int64(len(unused)), Deleted: u.vacuum}
	for _, f := range unused {
		m.UnusedBytes += f.Size
	}
	return m, nil
}

// maintained prints what was done.
func (a *app) maintained(done []maintained, u upkeep) error {
	if a.json {
		e := json.NewEncoder(a.out)
		for _, m := range done {
			if err := e.Encode(m); err != nil {
				return err
			}
		}
		return nil
	}
	g := &grid{header: []string{"table", "version", "files before", "after", "unused files", "size"}, right: []bool{false, true, true, true, true, true}}
	var files, bytes int64
	for _, m := range done {
		g.rows = append(g.rows, []string{m.Table, count(m.Version), count(m.FilesBefore), count(m.FilesAfter), count(m.Unused), size(m.UnusedBytes)})
		files, bytes = files+m.Unused, bytes+m.UnusedBytes
	}
	if err := g.print(a.out); err != nil {
		return err
	}
	text := fmt.Sprintf("%s, %s: deleted", plural(files, "unused file"), size(bytes))
	switch {
	case files == 0:
		text = "no unused files"
	case !u.vacuum:
		text = fmt.Sprintf("%s, %s: smelt maintain --vacuum deletes them", plural(files, "unused file"), size(bytes))
	}
	_, err := fmt.Fprintf(a.out, "\n%s\n", text)
	return err
}
