package selector

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// atom is a part of a selection without spaces and commas.
type atom struct {
	text     string // as it was written
	name     string // without operators
	up, down int    // steps; 0 = none
	at       bool
}

var atomText = regexp.MustCompile(`^(@|[0-9]*\+)?([^+@]+)(\+[0-9]*)?$`)

func (s *Space) parse(text string) (atom, error) {
	if len(s.where(func(c *check.Check) bool { return c.ID() == text })) > 0 {
		return atom{text: text, name: text}, nil // of several columns, which a + joins
	}
	m := atomText.FindStringSubmatch(text)
	if m == nil || m[1] == "@" && m[3] != "" {
		return atom{}, wrong(text, "is not a selection", "write silver, gold.customer_metrics, gold.*, tag:pii, kind:unique or severity:warn; a + before or behind it is what it is made of, or what is made of it, and an @ before it is both")
	}
	a := atom{text: text, name: m[2], at: m[1] == "@"}
	for _, o := range []struct {
		text  string
		steps *int
	}{{m[1], &a.up}, {m[3], &a.down}} {
		switch digits := strings.Trim(o.text, "+"); {
		case o.text == "" || a.at:
		case digits == "":
			*o.steps = unbounded
		default:
			n, err := strconv.Atoi(digits)
			if err != nil || n > unbounded {
				n = unbounded
			}
			*o.steps = n
		}
	}
	return a, nil
}

// meaning is what an atom means: tables, or checks where tables is nil.
type meaning struct{ tables, checks set }

// resolve finds out what an atom means; it is not empty.
func (s *Space) resolve(a atom) (meaning, error) {
	m, err := s.named(a)
	if err != nil || !a.at && a.up == 0 && a.down == 0 {
		return m, err
	}
	if m.tables == nil {
		return m, wrong(a.text, "+ and @ follow what tables are made of, and these are checks", "name a table")
	}
	g := s.graph
	around := maps.Clone(m.tables)
	if a.at {
		around = g.walk(g.walk(m.tables, g.to, unbounded), g.from, unbounded)
	}
	maps.Copy(around, g.walk(m.tables, g.from, a.up))
	maps.Copy(around, g.walk(m.tables, g.to, a.down))
	return meaning{tables: around}, nil
}

// named finds out what an atom's name means.
func (s *Space) named(a atom) (meaning, error) {
	if method, value, ok := strings.Cut(a.name, ":"); ok {
		return s.method(a, method, value)
	}
	if strings.ContainsAny(a.name, "*?[") {
		if _, err := path.Match(a.name, ""); err != nil {
			return meaning{}, wrong(a.text, "is not a pattern", "* stands for any text, ? for a character, [ab] for one of some")
		}
		if m, ok := s.matching(func(name string) bool { return match(a.name, name) || match(a.name, base(name)) }); ok {
			return m, nil
		}
		return meaning{}, wrong(a.text, "no table and no check matches the pattern", s.there())
	}
	if m, ok := s.matching(func(name string) bool { return name == a.name }); ok {
		return m, nil
	}
	layer, short := set{}, set{}
	var names []string
	full := map[string]string{} // of a table, by its part after the dot
	for _, t := range s.tables {
		names = append(names, t.Name, t.Layer(), t.Base())
		full[t.Base()] = t.Name
		if t.Layer() == a.name {
			layer[t.Name] = true
		}
		if t.Base() == a.name {
			short[t.Name] = true
		}
	}
	switch {
	case len(layer) > 0:
		return meaning{tables: layer}, nil
	case len(short) == 1:
		return meaning{tables: short}, nil
	case len(short) > 1:
		return meaning{}, wrong(a.text, "there are several tables of this name", "say which: "+strings.Join(slices.Sorted(maps.Keys(short)), ", "))
	}
	for i := range s.checks {
		names = append(names, s.checks[i].ID())
	}
	hint := s.there()
	if near := pipeline.Nearest(a.name, names); near != "" {
		hint = fmt.Sprintf("did you mean %s? %s", cmp.Or(full[near], near), hint)
	}
	return meaning{}, wrong(a.text, "there is no such layer, table or check", hint)
}

// matching returns the tables whose name matches, else the checks; false for neither.
func (s *Space) matching(matches func(name string) bool) (meaning, bool) {
	tables := set{}
	for _, t := range s.tables {
		if matches(t.Name) {
			tables[t.Name] = true
		}
	}
	if len(tables) > 0 {
		return meaning{tables: tables}, true
	}
	checks := s.where(func(c *check.Check) bool { return matches(c.ID()) })
	return meaning{checks: checks}, len(checks) > 0
}

// method finds out what method:value means.
func (s *Space) method(a atom, method, value string) (meaning, error) {
	checks := func(of func(c *check.Check) string) (meaning, error) {
		m := meaning{checks: s.where(func(c *check.Check) bool { return of(c) == value })}
		switch {
		case len(m.checks) > 0:
			return m, nil
		case len(s.checks) == 0:
			return m, notTables(a)
		}
		values := set{}
		for i := range s.checks {
			values[of(&s.checks[i])] = true
		}
		return m, wrong(a.text, "no check is so", method+": is one of "+strings.Join(slices.Sorted(maps.Keys(values)), ", "))
	}
	switch method {
	case "kind":
		return checks(func(c *check.Check) string { return string(c.Kind) })
	case "severity":
		return checks(severity)
	case "tag":
		tables := set{}
		for _, t := range s.tables {
			if value == "pii" && slices.ContainsFunc(t.Columns, func(c pipeline.Column) bool { return c.PII != "" }) {
				tables[t.Name] = true
			}
		}
		if len(tables) == 0 {
			return meaning{}, wrong(a.text, "no table has this tag", "tag:pii are the tables with a column that tells of a person")
		}
		return meaning{tables: tables}, nil
	}
	return meaning{}, wrong(a.text, fmt.Sprintf("nothing is selected by %q", method), "write tag:pii, kind:unique or severity:warn")
}

// notTables is the error of checks that are selected where tables are.
func notTables(a atom) error {
	return wrong(a.text, "selects checks, and tables are meant", "name a table or a layer")
}

// severity is what a check's failing means.
func severity(c *check.Check) string {
	if c.Severity == check.Warn {
		return string(check.Warn)
	}
	return string(check.Error)
}

// where returns the names of some of the checks.
func (s *Space) where(wanted func(c *check.Check) bool) set {
	out := set{}
	for i := range s.checks {
		if wanted(&s.checks[i]) {
			out[s.checks[i].ID()] = true
		}
	}
	return out
}

// there says what can be selected.
func (s *Space) there() string {
	layers, names := set{}, []string{}
	for _, t := range s.tables {
		layers[t.Layer()] = true
		names = append(names, t.Name)
	}
	hint := "there are the layers " + strings.Join(slices.Sorted(maps.Keys(layers)), ", ") + " and the tables " + strings.Join(names, ", ")
	if len(s.checks) > 0 {
		hint += "; and checks, which smelt test --json lists"
	}
	return hint
}

func base(name string) string {
	_, base, _ := strings.Cut(name, ".")
	return base
}

func match(pattern, name string) bool {
	ok, _ := path.Match(pattern, name)
	return ok
}

func wrong(value, msg, hint string) error {
	return &pipeline.Error{Kind: pipeline.ErrConfig, Value: value, Msg: msg, Hint: hint}
}
