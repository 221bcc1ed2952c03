package gold

import (
	"fmt"
	"slices"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// selectTables tells the sink which tables are published.
func (r *run) selectTables() error {
	if len(r.selected) == 0 {
		return nil
	}
	tables, err := Declarations(r.specs...)
	if err != nil {
		return err
	}
	var names []string
	for _, t := range tables {
		names = append(names, t.Name)
	}
	for _, name := range r.selected {
		if !slices.Contains(names, name) {
			return &pipeline.Error{Kind: pipeline.ErrConfig, Table: name, Msg: "there is no such table to be published", Hint: "the tables are " + strings.Join(names, ", ")}
		}
	}
	if !slices.ContainsFunc(names, func(name string) bool { return !r.publishes(name) }) {
		r.selected = nil
		return nil
	}
	if r.sink == nil {
		return nil // of a dry run
	}
	sink, ok := r.sink.(pipeline.Selective)
	if !ok {
		return &pipeline.Error{Kind: pipeline.ErrConfig, Msg: fmt.Sprintf("only %s is to be published, and the sink publishes all tables or none", strings.Join(r.selected, ", "))}
	}
	return sink.Only(r.publishes)
}

// publishes reports whether the run publishes a table.
func (r *run) publishes(table string) bool {
	return len(r.selected) == 0 || slices.Contains(r.selected, table)
}

// current reports whether the tables that the run publishes are all of the run of a
// report: then it has nothing to do where that run's files have not changed.
func (r *run) current(last *pipeline.Report) bool {
	if last.Selected == nil {
		return true
	}
	there := map[string]bool{}
	for _, t := range last.Tables {
		there[t.Name] = t.Behind == ""
	}
	return len(r.selected) > 0 && !slices.ContainsFunc(r.selected, func(name string) bool { return !there[name] })
}

// wholeRun returns the report of the run that the next one builds upon, and why it
// cannot; "" where it can. Where a run has published some tables only, the others
// and what is saved beside them are of an earlier one, and all of these must be:
// but for gold's, which are made anew each time.
func wholeRun(last *pipeline.Report) (*pipeline.Report, string) {
	if last.Selected == nil {
		return last, ""
	}
	if last.Base == nil {
		return nil, "no run has published all tables yet"
	}
	for _, t := range last.Tables {
		if t.Behind != last.Base.RunID && !strings.HasPrefix(t.Name, "gold.") {
			return last.Base, t.Name + " was published by itself"
		}
	}
	return last.Base, ""
}
