package dbt

import (
	"fmt"

	"github.com/smeltdata/smelt/internal/catalog"
)

// runResults is run_results.json: what came of the tables and of the checks in
// the newest run. smelt run is dbt's build, smelt test its test.
func (p *project) runResults() object {
	which, seconds := "build", 0.0
	results := []object{}
	if run := p.newest(); run != nil {
		seconds = run.Seconds
		if run.Command == "test" {
			which = "test"
		} else {
			results = append(results, p.modelResults(run)...)
		}
		for _, t := range p.checks {
			if r := resultOf(t.Check, run); r != nil {
				results = append(results, testResult(t, r))
			}
		}
	}
	return object{
		"metadata": p.metadata("run-results/v6"), "results": results, "elapsed_time": seconds,
		"args": object{"which": which, "invocation_command": "smelt " + map[string]string{"build": "run", "test": "test"}[which], "vars": object{}, "full_refresh": p.newest() != nil && p.newest().Full != ""},
	}
}

// resultOf returns what came of a check in a run, nil where it was not checked.
func resultOf(c *catalog.Check, run *catalog.Run) *catalog.Result {
	for i := range c.Results {
		if c.Results[i].Run == run.ID {
			return &c.Results[i]
		}
	}
	return nil
}

// modelResults says what became of each table. All are made in one pass, so each
// took as long as the run. Where a check fails nothing is published: its table is
// in error, the others are skipped.
func (p *project) modelResults(run *catalog.Run) []object {
	failed := map[string]int{}
	for _, t := range p.checks {
		if r := resultOf(t.Check, run); r != nil && r.Status == "error" {
			failed[t.Table]++
		}
	}
	var out []object
	for i := range p.Tables {
		m := p.models[p.Tables[i].Name]
		n, counted := run.Rows[m.table.Name]
		status, message, timing, seconds, response := "success", fmt.Sprintf("%d rows", n), timing(run), run.Seconds, object{"rows_affected": n, "_message": fmt.Sprintf("%d rows", n)}
		switch {
		case run.Published && !counted:
			continue // no table of this run
		case run.Published:
		case failed[m.table.Name] > 0:
			status, message, response = "error", fmt.Sprintf("not published: failed checks: %d", failed[m.table.Name]), object{}
		default:
			status, message, timing, seconds, response = "skipped", "not published: the run's checks, or the run, failed", []object{}, 0, object{}
		}
		out = append(out, result(m.id, status, message, timing, seconds, nil, response, m.relation))
	}
	return out
}

// testResult says what came of a check. It is evaluated while its table is
// written, and has no time of its own.
func testResult(t *test, r *catalog.Result) object {
	status, failures, message := r.Status, any(r.Failures), orNil(r.Message)
	switch r.Status {
	case "error":
		status = "fail" // dbt's error is a test that could not run
	case "skipped":
		failures = nil
	}
	return result(t.id, status, message, []object{}, 0, failures, object{"_message": fmt.Sprintf("%d rows looked at", r.Rows)}, nil)
}

func result(id, status string, message any, timing []object, seconds float64, failures any, response object, relation any) object {
	return object{
		"status": status, "timing": timing, "thread_id": "smelt", "execution_time": seconds, "adapter_response": response, "message": message,
		"failures": failures, "unique_id": id, "compiled": false, "compiled_code": nil, "relation_name": relation, "batch_results": nil,
	}
}

// timing is the run's, of which dbt's readers take the beginning and the end.
func timing(run *catalog.Run) []object {
	from, to := span(run)
	return []object{{"name": "execute", "started_at": stamp(from), "completed_at": stamp(to)}}
}
