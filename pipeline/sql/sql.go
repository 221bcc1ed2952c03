// Package sql holds rules and formulas as SQL, for engines that take over what
// smelt does. A rule's Macro stands beside the rule's Go and means exactly that.
//
// Text is written as dbt reads it: {{ value }} stands for a macro's argument and
// {{ clean_text('city') }} for another macro. Expand replaces all of that, so one
// text serves dbt projects, which keep the names, and plain SQL.
package sql

import (
	"fmt"
	"strings"
)

// Dialect is an engine's SQL.
type Dialect string

// The dialects. Databricks speaks Spark's.
const (
	DuckDB Dialect = "duckdb" // 2.0
	Spark  Dialect = "spark"  // 4.0 and later, ANSI mode
)

// Macro is an expression with a name and arguments, which are expressions too.
// Macros are immutable and safe for concurrent use.
type Macro struct {
	Name string   // "clean_text": the only macro of that name, none of dbt's
	Doc  string   // one sentence: what it gives, its type, when NULL
	Args []string // "value"

	Body          string // the expression, where all engines agree
	DuckDB, Spark string // else: one for each
}

// In returns the macro's text in a dialect.
func (m *Macro) In(d Dialect) string {
	switch {
	case d == DuckDB && m.DuckDB != "":
		return m.DuckDB
	case d == Spark && m.Spark != "":
		return m.Spark
	}
	return m.Body
}

// Call writes a call of the macro, "{{ clean_text('city') }}". Arguments are SQL
// expressions, given as they are.
func (m *Macro) Call(args ...string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		if strings.Contains(a, "'") {
			quoted[i] = `"` + a + `"`
		} else {
			quoted[i] = "'" + a + "'"
		}
	}
	return "{{ " + m.Name + "(" + strings.Join(quoted, ", ") + ") }}"
}

// Scope is what names between {{ and }} mean.
type Scope struct {
	Dialect Dialect
	Macros  map[string]*Macro
	// Call gives the text of what is not a macro: ref('fact_sales') and source('files', 'sales').
	Call func(name string, args []string) (string, error)
}

// Expand replaces each {{ call }} of a text, and what those lead to. Arguments are
// texts in quotes, numbers, or, inside a macro, names of its arguments. A name that
// is not known, or a wrong number of arguments, is an error: text is written by
// smelt, so it is a bug.
func (s *Scope) Expand(text string) (string, error) { return s.expand(text, nil) }

func (s *Scope) expand(text string, args map[string]string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		inner, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return "", fmt.Errorf("sql: {{ without }} in %q", text)
		}
		value, err := s.value(strings.TrimSpace(inner), args)
		if err != nil {
			return "", err
		}
		out.WriteString(value)
		text = after
	}
}

// value is what one {{ … }} stands for.
func (s *Scope) value(inner string, args map[string]string) (string, error) {
	name, list, call := strings.Cut(inner, "(")
	if !call {
		v, ok := args[inner]
		if !ok {
			return "", fmt.Errorf("sql: %q is no argument here", inner)
		}
		return v, nil
	}
	given, err := arguments(strings.TrimSuffix(list, ")"), args)
	if err != nil {
		return "", fmt.Errorf("%w in %q", err, inner)
	}
	m := s.Macros[name]
	if m == nil {
		if s.Call == nil {
			return "", fmt.Errorf("sql: there is no macro %q", name)
		}
		return s.Call(name, given)
	}
	if len(given) != len(m.Args) {
		return "", fmt.Errorf("sql: %s takes %d arguments, not %d", name, len(m.Args), len(given))
	}
	inside := map[string]string{}
	for i, a := range m.Args {
		inside[a] = given[i]
	}
	return s.expand(m.In(s.Dialect), inside)
}

// arguments reads "'a', \"b\", 4, value".
func arguments(list string, args map[string]string) (out []string, err error) {
	for list = strings.TrimSpace(list); list != ""; list = strings.TrimSpace(list) {
		var arg string
		if q := list[:1]; q == "'" || q == `"` {
			text, rest, closed := strings.Cut(list[1:], q)
			if !closed {
				return nil, fmt.Errorf("sql: a quote is not closed")
			}
			arg, list = text, strings.TrimSpace(rest)
		} else {
			word, _, _ := strings.Cut(list, ",")
			list = list[len(word):]
			word = strings.TrimSpace(word)
			v, known := args[word]
			switch {
			case known:
				arg = v
			case strings.Trim(word, "0123456789") == "":
				arg = word
			default:
				return nil, fmt.Errorf("sql: %q is no argument here", word)
			}
		}
		out = append(out, arg)
		if list != "" {
			if list[0] != ',' {
				return nil, fmt.Errorf("sql: a comma is missing")
			}
			list = list[1:]
		}
	}
	return out, nil
}
