package cli

import (
	"errors"
	"fmt"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// suite returns the checks of all tables of a shop: those that they declare, and
// its own, of smelt.yml.
func suite(own []check.Check, config string, scratch *pipeline.Scratch) (*check.Suite, error) {
	tables, checks, err := rules(own)
	if err != nil {
		return nil, err
	}
	s, err := check.New(tables, checks, scratch)
	var e *pipeline.Error
	if errors.As(err, &e) && e.Line > 0 {
		e.File = config
	}
	return s, err
}

// checks prints what came of the checks of a run: those that did not pass, and
// how many there are.
func (a *app) checks(results []pipeline.CheckResult) {
	n := map[string]int64{}
	for _, c := range results {
		n[c.Status]++
		if c.Status == "error" || c.Status == "warn" {
			fmt.Fprintln(a.out, wrap(fmt.Sprintf("%s %s: %s", c.Status, c.Check, check.Wrong(c)), "  ", a.out.room()))
		}
	}
	line := fmt.Sprintf("checks: %d passed", n["pass"])
	for _, status := range []string{"warn", "error", "skipped"} {
		if n[status] > 0 {
			line += fmt.Sprintf(", %d %s", n[status], map[string]string{"warn": "warned", "error": "failed", "skipped": "skipped"}[status])
		}
	}
	fmt.Fprintln(a.out, line)
}
