package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"github.com/smeltdata/smelt/internal/web"
	"github.com/smeltdata/smelt/pipeline"
)

// pass is what came of the pass that a run of a DAG has made, as the lake keeps it for
// the DAG's other tasks: the newest one.
type pass struct {
	DAGRun     string                 `json:"dag_run"`
	Told       []string               `json:"told"` // tasks that have heard of it
	NothingNew bool                   `json:"nothing_new,omitempty"`
	Error      string                 `json:"error,omitempty"` // why there is nothing to tell of tables
	Rows       map[string]int64       `json:"rows,omitempty"`  // by table
	Checks     []pipeline.CheckResult `json:"checks,omitempty"`
}

// failed returns the tables that a check failed for.
func (p *pass) failed() (out []string) {
	for _, c := range p.Checks {
		if c.Status == "error" && !slices.Contains(out, c.Table) {
			out = append(out, c.Table)
		}
	}
	return out
}

const passFile = "dbt_run.json"

// task returns the run of a DAG that this process is of, and the task in it, as
// Airflow says in the environment; "" where it is of none.
func task() (dagRun, task string) {
	dag, run := os.Getenv("AIRFLOW_CTX_DAG_ID"), os.Getenv("AIRFLOW_CTX_DAG_RUN_ID")
	if dag == "" || run == "" {
		return "", ""
	}
	return dag + " " + run, os.Getenv("AIRFLOW_CTX_TASK_ID")
}

// passed returns the pass of this run of the DAG, nil where there is none.
func passed(lake string) (*pass, error) {
	path := filepath.Join(lake, "_smelt", passFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	p := &pass{}
	if err == nil {
		err = json.Unmarshal(text, p)
	}
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrInput, File: path, Msg: "cannot be read", Hint: "delete it: a task then makes another pass", Err: err}
	}
	if dagRun, _ := task(); dagRun == "" || p.DAGRun != dagRun {
		return nil, nil
	}
	return p, nil
}

// pass makes the one pass of this run of the DAG, or waits for the task that makes it.
// A task that has heard of the pass and comes again makes another: it failed, or
// somebody wants it so. What fails of the pass stands in it.
func (a *app) pass(ctx context.Context, s *shop, how refresh) (*pass, error) {
	m, err := s.mapping()
	if err != nil {
		return nil, err
	}
	lake := s.lake(m)
	state := filepath.Join(lake, "_smelt")
	lock := flock.New(filepath.Join(state, "dbt.lock"), flock.SetPermissions(0o666))
	if err = os.MkdirAll(state, 0o777); err == nil {
		_, err = lock.TryLockContext(ctx, 50*time.Millisecond)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrOutput, File: lock.Path(), Msg: "cannot lock the folder of the tables", Err: err}
	}
	defer lock.Close()

	before, err := passed(lake)
	if err != nil {
		return nil, err
	}
	dagRun, name := task()
	p := before
	if p == nil || slices.Contains(p.Told, name) {
		report, err := a.reported(ctx, s, m, lake, "", func() (*pipeline.Report, error) { return a.pipeline(ctx, m, lake, defaultLimits(), how) })
		if ctx.Err() != nil {
			return nil, ctx.Err() // no outcome: the next one makes it
		}
		p = &pass{DAGRun: dagRun, Rows: map[string]int64{}}
		if report != nil {
			p.Checks = report.Checks
			for _, t := range report.Tables {
				p.Rows[t.Name] = t.Rows
			}
		}
		switch {
		case err == nil:
			err = a.summary(report, lake)
			if err != nil {
				return nil, err
			}
		case errors.Is(err, pipeline.ErrNothingNew) && before != nil && before.Error == "" && len(before.failed()) == 0:
			p, p.Told = before, nil // this run of the DAG has made the tables, and they are as new as can be
		case errors.Is(err, pipeline.ErrNothingNew):
			p.NothingNew = true
		case !errors.Is(err, pipeline.ErrCheck) || len(p.failed()) == 0:
			p.Error = err.Error()
		}
	}
	p.Told = append(p.Told, name)
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	return p, web.WriteFile(state, passFile, text)
}
