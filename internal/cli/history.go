package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/io/deltaio"
	"github.com/smeltdata/smelt/io/store"
)

func (a *app) historyCommand() *cobra.Command {
	s, rows := &shop{}, 0
	cmd := &cobra.Command{
		Use:   "history TABLE",
		Short: "List the versions of a Delta table",
		Long: `List the versions of a Delta table that its log still tells of, the newest first:
when each was committed, what it did, how many rows and files it added and
removed, who wrote it, and the run that it is of. A version of gold names the
versions of silver that it was computed from. ? is a number that the log does
not say.

With --json each version is an object on a line of its own.

A version can be looked at with smelt show TABLE@v3, or by its time.`,
		Example: `  smelt history silver.fact_sales
  smelt show silver.fact_sales@v3`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if rows < 0 {
				return usage("-n: the number of versions is negative", "0 lists all of them")
			}
			dir, err := s.lakeToRead()
			if err != nil {
				return err
			}
			name, err := find(args[0], dir)
			if err != nil {
				return err
			}
			folder, err := store.DeltaFolder(dir, name)
			if err != nil {
				return err
			}
			versions, err := deltaio.History(cmd.Context(), folder)
			if err != nil {
				return err
			}
			all := len(versions)
			if rows > 0 && rows < all {
				versions = versions[:rows]
			}
			if err := a.history(versions); err != nil {
				return err
			}
			if len(versions) < all {
				a.log("note", fmt.Sprintf("%s of %s; -n 0 lists all", count(int64(len(versions))), plural(int64(all), "version")))
			} else if first := versions[all-1].Version; first > 0 {
				a.log("note", fmt.Sprintf("the log begins with version %d: what was before has been cleaned up", first))
			}
			return nil
		},
	}
	s.configFlag(cmd)
	s.outputFlag(cmd)
	cmd.Flags().IntVarP(&rows, "rows", "n", 20, "versions to list, 0 for all")
	return cmd
}

// versionJSON is what --json tells of one; null is a number that the log does not say.
type versionJSON struct {
	Version         int64             `json:"version"`
	Time            string            `json:"time"`
	Operation       string            `json:"operation"`
	Parameters      map[string]string `json:"parameters,omitempty"`
	RowsAdded       *int64            `json:"rows_added"`
	RowsRemoved     *int64            `json:"rows_removed"`
	FilesAdded      int64             `json:"files_added"`
	FilesRemoved    int64             `json:"files_removed"`
	DataChanged     bool              `json:"data_changed"` // false: rows were only moved from file to file
	MetadataChanged bool              `json:"metadata_changed"`
	Engine          string            `json:"engine"`
	Run             string            `json:"run,omitempty"`
	Inputs          map[string]int64  `json:"inputs,omitempty"` // table → version that it was computed from
	UserMetadata    string            `json:"user_metadata,omitempty"`
}

// history prints versions of a table.
func (a *app) history(versions []deltaio.CommitInfo) error {
	if a.json {
		e := json.NewEncoder(a.out)
		for _, c := range versions {
			run, inputs := origin(c)
			v := versionJSON{Version: c.Version, Time: commitTime(c), Operation: c.Operation, Parameters: c.Parameters,
				FilesAdded: c.FilesAdded, FilesRemoved: c.FilesRemoved, DataChanged: c.DataChanged, MetadataChanged: c.MetadataChanged,
				Engine: c.Engine, Run: run, Inputs: inputs, UserMetadata: c.UserMetadata}
			if c.RowsAdded >= 0 {
				v.RowsAdded = &c.RowsAdded
			}
			if c.RowsRemoved >= 0 {
				v.RowsRemoved = &c.RowsRemoved
			}
			if err := e.Encode(v); err != nil {
				return err
			}
		}
		return nil
	}
	g := &grid{header: []string{"version", "time", "operation", "+ rows", "− rows", "+ files", "− files", "by", "note"},
		right: []bool{true, false, false, true, true, true, true, false, false}}
	known := func(n int64) string {
		if n < 0 {
			return "?"
		}
		return count(n)
	}
	for _, c := range versions {
		g.rows = append(g.rows, []string{count(c.Version), commitTime(c), clip(c.Operation, cellWidth), known(c.RowsAdded), known(c.RowsRemoved),
			count(c.FilesAdded), count(c.FilesRemoved), clip(c.Engine, cellWidth), note(c)})
	}
	return g.print(a.out)
}

// commitTime is a commit's time, which show takes as TABLE@TIME.
func commitTime(c deltaio.CommitInfo) string {
	return c.Time.UTC().Format("2006-01-02T15:04:05.000Z")
}

// origin returns the run that made a version, and the versions of silver that a
// version of gold is computed from; nothing where another program made it.
func origin(c deltaio.CommitInfo) (run string, inputs map[string]int64) {
	_ = json.Unmarshal(c.Info["smeltRun"], &run) // others may write there what they like
	_ = json.Unmarshal(c.Info["smeltInputs"], &inputs)
	return run, inputs
}

// note says where a version comes from, and what is special about it.
func note(c deltaio.CommitInfo) string {
	out := c.UserMetadata // of smelt's own: which run, and for gold of which versions of silver
	add := func(text string) {
		if out != "" {
			out += ", "
		}
		out += text
	}
	if !c.DataChanged && c.FilesAdded+c.FilesRemoved > 0 {
		add("the rows are the same")
	}
	if c.MetadataChanged && c.Version > 0 {
		add("columns or properties changed")
	}
	return printable(out)
}
