package openlineage

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/lineage"
)

// Reporter makes the events of a shop's runs. It is not changed once in use.
type Reporter struct {
	Job          JobID        // of the whole; those of the tables and the test are named after it
	Version      string       // of smelt
	Parent, Root *RunID       // who started smelt, and what that was started by at first; nil = nobody that is known
	Send         func(*Event) // where events go, in their order
}

// Run is a run of a job that has begun, and must be ended once.
type Run struct {
	of    *Reporter
	id    RunID
	start time.Time
	run   facets // that all its events have
	job   facets
}

// Outcome is how a run ended, and what it made.
type Outcome struct {
	Err     error            // pipeline.ErrNothingNew is none; context.Canceled: it was stopped
	Report  *pipeline.Report // nil where the run came to none
	Sources []Source
	Tables  []Table // all of the lake, in the order that they are published
	Edges   []lineage.Edge
}

// Source is one source of smelt.yml.
type Source struct {
	Name  string // the table of its columns in Outcome.Edges: "source.sales"
	Files []Files
}

// Files are the files that one path or glob of a source names: one dataset, so
// that it stays the same as files come.
type Files struct {
	Path    string   // absolute; may be a glob
	Read    []string // absolute paths of those that the run has read; none where it read none
	Records int64    // in these
	Bytes   int64    // of these
}

// Table is a table of the lake.
type Table struct {
	*pipeline.Table
	Path    string // absolute
	Delta   bool   // else it is a folder of Parquet files
	Version int64  // of a Delta table; -1 = none
	Written bool   // the run has written it; what follows is zero otherwise
	Rows    int64  // that were written
	Bytes   int64  // of the files that were written
	Files   int64
	Change  string // CREATE, OVERWRITE; "" = rows were added or replaced
}

// Begin reports that a run has begun.
func (r *Reporter) Begin(at time.Time) *Run {
	return r.begin("", "JOB", "Makes the bronze, silver and gold tables of the shop.", r.Parent, r.Root, at)
}

// BeginTest reports that a test of the tables that are there has begun.
func (r *Reporter) BeginTest(at time.Time) *Run {
	return r.begin(".test", "TEST", testDoc, r.Parent, r.Root, at)
}

const testDoc = "Checks the tables: keys, references, ranges, sums and the shop's own rules."

func (r *Reporter) begin(suffix, kind, doc string, parent, root *RunID, at time.Time) *Run {
	job := JobID{r.Job.Namespace, r.Job.Name + suffix}
	x := &Run{of: r, id: RunID{job, newUUID(at)}, start: at}
	x.job = facets{
		"jobType":       jobType{r.base("facets/2-0-4/JobTypeJobFacet.json"), "BATCH", "SMELT", kind},
		"documentation": documentation{r.base("facets/1-1-0/DocumentationJobFacet.json"), doc},
	}
	x.run = facets{"processing_engine": processingEngine{r.base("facets/1-1-1/ProcessingEngineRunFacet.json"), r.Version, "smelt"}}
	if parent != nil {
		if root == nil {
			root = parent
		}
		x.run["parent"] = parentRun{base: r.base("facets/1-2-0/ParentRunFacet.json"), Run: runOf{ID: parent.ID}, Job: jobOf{JobID: parent.Job},
			Root: rootRun{runOf{ID: root.ID}, jobOf{JobID: root.Job}}}
	}
	x.send(at, Start, nil, nil, nil)
	return x
}

// below begins a run of a job of the shop's, as a part of this run.
func (x *Run) below(suffix, kind, doc string) *Run {
	root := x.of.Root
	if root == nil {
		root = x.of.Parent
	}
	return x.of.begin(suffix, kind, doc, &x.id, root, x.start)
}

func (x *Run) send(at time.Time, s State, more facets, inputs, outputs []dataset) {
	run := facets{}
	for _, from := range []facets{x.run, more} {
		for k, f := range from {
			run[k] = f
		}
	}
	x.of.Send(&Event{
		Time: at.UTC().Format("2006-01-02T15:04:05.000Z"), Producer: x.of.producer(), Schema: spec + "2-0-2/OpenLineage.json#/$defs/RunEvent", State: s,
		Run: runOf{x.id.ID, run}, Job: jobOf{x.id.Job, x.job}, Inputs: append([]dataset{}, inputs...), Outputs: append([]dataset{}, outputs...), // never null
	})
}

// producer is the URI of this smelt.
func (r *Reporter) producer() string {
	const home = "https://github.com/smeltdata/smelt"
	if strings.HasPrefix(r.Version, "v") {
		return home + "/tree/" + r.Version
	}
	return home
}

// base is what a facet with the schema at an address below spec has.
func (r *Reporter) base(address string) base {
	name := strings.TrimSuffix(address[strings.LastIndexByte(address, '/')+1:], ".json")
	if name == "BaseSubsetDatasetFacet" {
		name = "InputSubsetInputDatasetFacet" // one of two that its schema has
	}
	return base{r.producer(), spec + address + "#/$defs/" + name}
}

// End reports what the run has written and checked, and how it ended.
func (x *Run) End(at time.Time, o Outcome) {
	nothing := errors.Is(o.Err, pipeline.ErrNothingNew)
	if r := o.Report; r != nil && !nothing {
		if o.Err == nil {
			for i := range o.Tables {
				if o.Tables[i].Written {
					x.table(at, &o, &o.Tables[i])
				}
			}
		}
		if len(r.Checks) > 0 {
			x.below(".test", "TEST", testDoc).EndTest(at, r.Checks, o.Tables, nil)
		}
	}
	more := facets{}
	if t := x.about(o.Report, nothing); t != nil {
		more["tags"] = tags{x.of.base("facets/1-0-0/TagsRunFacet.json"), t}
	}
	x.end(at, o.Err, more, nil)
}

// end reports the state that an error stands for.
func (x *Run) end(at time.Time, err error, more facets, inputs []dataset) {
	switch {
	case err == nil, errors.Is(err, pipeline.ErrNothingNew):
		x.send(at, Complete, more, inputs, nil)
	case errors.Is(err, context.Canceled):
		x.send(at, Abort, more, inputs, nil)
	default:
		more["errorMessage"] = errorMessage{x.of.base("facets/1-0-1/ErrorMessageRunFacet.json"), message(err), "GO"}
		x.send(at, Fail, more, inputs, nil)
	}
}

// message is an error's text without the value of the shop's data that it is
// about: events go to other people than the messages of a run.
func message(err error) string {
	var e *pipeline.Error
	if errors.As(err, &e) {
		copied := *e
		copied.Value = ""
		return copied.Error()
	}
	return err.Error()
}

// about says which of smelt's runs this was, as _smelt/run.json has it.
func (x *Run) about(r *pipeline.Report, nothing bool) []tag {
	if nothing {
		return []tag{{Key: "nothing_new", Value: "true", Source: "SMELT"}}
	}
	if r == nil {
		return nil
	}
	out := []tag{{Key: "run_id", Value: r.RunID, Source: "SMELT"}, {Key: "batch_id", Value: r.BatchID, Source: "SMELT"}}
	if r.Full != "" {
		out = append(out, tag{Key: "full_refresh", Value: r.Full, Source: "SMELT"})
	}
	return out
}

// EndTest reports what came of checks of tables: a check of severity error that
// fails has failed the test. Those that were skipped are left out, for an assertion
// holds or does not. err is why nothing was checked, or nil.
func (x *Run) EndTest(at time.Time, results []pipeline.CheckResult, tables []Table, err error) {
	var inputs []dataset
	failed := 0
	for i := range tables {
		t := &tables[i]
		var all []assertion
		for _, c := range results {
			if c.Table != t.Name || c.Status == "skipped" {
				continue
			}
			a := assertion{Kind: c.Kind, Success: c.Status == "pass", Severity: c.Severity, Name: c.Check, Description: c.Says,
				Params: map[string]any{"rows": c.Rows, "failures": c.Failures}}
			if len(c.Columns) == 1 {
				a.Column = c.Columns[0]
			} else if len(c.Columns) > 1 {
				a.Params["columns"] = c.Columns
			}
			if !a.Success {
				if a.Actual = c.Message; a.Actual == "" {
					a.Actual = strconv.FormatInt(c.Failures, 10) + " rows fail"
				}
			}
			if c.Status == "error" {
				failed++
			}
			all = append(all, a)
		}
		if all != nil {
			d := t.asInput(x.of)
			d.Input = facets{"dataQualityAssertions": assertions{x.of.base("facets/1-1-0/DataQualityAssertionsDatasetFacet.json"), all}}
			inputs = append(inputs, d)
		}
	}
	if err == nil && failed > 0 {
		err = errors.New(strconv.Itoa(failed) + " of " + strconv.Itoa(len(results)) + " checks failed")
	}
	x.end(at, err, facets{}, inputs)
}
