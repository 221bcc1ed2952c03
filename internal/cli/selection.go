package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smeltdata/smelt/gold"
	"github.com/smeltdata/smelt/internal/selector"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// selection is what --select and --exclude say: see package selector.
type selection struct{ selected, excluded []string }

// flags adds the two flags, about what tables or checks are for.
func (s *selection) flags(cmd *cobra.Command, what string) {
	cmd.Flags().StringArrayVar(&s.selected, "select", nil, what+" (default all): silver, gold.customer_metrics, 'gold.*', tag:pii; +x with what it is made of, x+ with what is made of it; a space is or, a comma and")
	cmd.Flags().StringArrayVar(&s.excluded, "exclude", nil, "the same, of which none")
}

// given reports whether anything is selected or excluded.
func (s *selection) given() bool { return len(s.selected)+len(s.excluded) > 0 }

// joined puts what follows --select and --exclude together, so that several may
// be written as arguments: --select silver+ tag:pii. Where a shell asks what may stand
// last, it asks about one of them.
func joined(args []string) (out []string) {
	asked := len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
	for i := 0; i < len(args); i++ {
		out = append(out, args[i])
		if args[i] == "--" {
			return append(out, args[i+1:]...)
		}
		if args[i] != "--select" && args[i] != "--exclude" || i+1 == len(args) {
			continue
		}
		end := i + 2 // the first stands there whatever it is
		for end < len(args) && !strings.HasPrefix(args[end], "-") {
			end++
		}
		if value := args[i+1 : end]; asked && end == len(args) {
			out = append(out, value[len(value)-1])
		} else {
			out = append(out, strings.Join(value, " "))
		}
		i = end - 1
	}
	return out
}

// rules returns the tables of all shops, and their checks with a shop's own.
func rules(own []check.Check) ([]*pipeline.Table, []check.Check, error) {
	tables, err := gold.Declarations()
	if err != nil {
		return nil, nil, err
	}
	checks, err := gold.Checks()
	return tables, append(checks, own...), err
}

// published returns the tables that a run publishes, nil for all, and which of the
// checks count: those about these tables and what they are made of, and between
// any of those.
func (s *selection) published(own []check.Check) (names []string, counts func(c *check.Check) bool, err error) {
	if !s.given() {
		return nil, func(*check.Check) bool { return true }, nil
	}
	tables, checks, err := rules(own)
	if err != nil {
		return nil, nil, err
	}
	space := selector.New(tables, checks)
	if names, err = space.Tables(s.selected, s.excluded); err != nil {
		return nil, nil, err
	}
	of := space.Ancestors(names)
	return names, func(c *check.Check) bool { return of[c.Table] && (c.To == "" || of[c.ToTable()]) }, nil
}

// checks returns which checks are selected, by name, of those of all tables and a
// shop's own.
func (s *selection) checks(own []check.Check) (func(id string) bool, error) {
	_, checks, err := rules(own)
	if err != nil {
		return nil, err
	}
	return s.of(checks)
}

// of returns which of some checks are selected, by name.
func (s *selection) of(checks []check.Check) (func(id string) bool, error) {
	tables, err := gold.Declarations()
	if err != nil {
		return nil, err
	}
	names, err := selector.New(tables, checks).Checks(s.selected, s.excluded)
	return func(id string) bool { return names[id] }, err
}

// among returns which of the tables of a lake are selected.
func (s *selection) among(names []string) ([]string, error) {
	tables, err := gold.Declarations()
	if err != nil {
		return nil, err
	}
	tables = slices.DeleteFunc(tables, func(t *pipeline.Table) bool { return !slices.Contains(names, t.Name) })
	for _, name := range names { // some may be another program's
		if !slices.ContainsFunc(tables, func(t *pipeline.Table) bool { return t.Name == name }) {
			tables = append(tables, &pipeline.Table{Name: name})
		}
	}
	selected, err := selector.New(tables, nil).Tables(s.selected, s.excluded)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(selected, name) }), nil
}
