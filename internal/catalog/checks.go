package catalog

import (
	"context"
	"slices"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// checks lists the rules, and then those that are known only from the newest run
// or test: where a lake is looked at without its smelt.yml, the shop's own. past is
// what was evaluated, the newest first.
func checks(rules []check.Check, past []evaluation, personal pii) []Check {
	out := []Check{}
	at := map[string]int{} // positions in out, by name
	for i := range rules {
		r := &rules[i]
		c := Check{Name: r.ID(), Table: r.Table, Columns: r.Columns, Kind: string(r.Kind), Says: r.Says(), Doc: r.Doc, Severity: string(r.Severity), Results: []Result{}, Rule: r}
		if r.Severity == "" {
			c.Severity = string(check.Error)
		}
		at[c.Name], out = len(out), append(out, c)
	}
	for i, e := range past[:min(len(past), maxResults)] {
		for _, r := range e.results {
			n, ok := at[r.Check]
			switch {
			case !ok && i > 0:
				continue // it was a check once
			case !ok:
				n = len(out)
				at[r.Check], out = n, append(out, Check{Name: r.Check, Table: r.Table, Columns: r.Columns, Kind: r.Kind, Says: r.Says, Severity: r.Severity, Results: []Result{}})
			}
			told := slices.ContainsFunc(out[n].Results, func(r Result) bool { return r.Status != "skipped" })
			out[n].Results = append(out[n].Results, result(&e, &r, !told, personal))
		}
	}
	return out
}

// result is what came of a check in an evaluation. Samples are kept of the newest
// only that has looked at rows: somebody has to look at them now.
func result(e *evaluation, r *pipeline.CheckResult, newest bool, personal pii) Result {
	out := Result{Run: e.run, At: e.at, Status: r.Status, Rows: r.Rows, Failures: r.Failures, Message: address.ReplaceAllString(r.Message, masked)}
	if newest {
		for _, s := range r.Samples[:min(len(r.Samples), maxRows)] {
			out.Samples = append(out.Samples, personal.maskSample(r.Table, s))
		}
	}
	return out
}

// withFailures adds the failing rows that are shown, see result.
func withFailures(ctx context.Context, lake string, past []evaluation) error {
	told := map[string]bool{}
	for i := range past {
		wanted := false
		for _, c := range past[i].results {
			if !told[c.Check] && c.Status != "skipped" {
				told[c.Check] = true
				wanted = wanted || c.Failures > 0
			}
		}
		if wanted {
			if err := addFailures(ctx, lake, &past[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
