package dbt

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/smeltdata/smelt/internal/models"
	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/sql"
)

// code is a table's SQL: as a dbt project has it, and in DuckDB's words alone. It
// means what smelt does in Go. Steps between tables, of which a lake has none, are
// a part of it, as dbt has it of ephemeral models.
type code struct{ raw, compiled string }

// sqlOf returns the SQL of the tables by name: of none where no mapping is known, or
// where SQL cannot express it.
func (p *project) sqlOf() (map[string]code, error) {
	if p.Mapping == nil {
		return nil, nil
	}
	m, err := models.New(p.name, p.Mapping, sql.DuckDB)
	if errors.Is(err, pipeline.ErrConfig) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := map[string]code{}
	for _, model := range m.Models {
		if model.Table == nil || p.models[model.Table.Name] == nil {
			continue
		}
		text, err := p.compile(m, model)
		if err != nil {
			return nil, err
		}
		out[model.Table.Name] = code{raw: filter.ReplaceAllString(model.SQL, ""), compiled: text}
	}
	return out, nil
}

// with begins a query's steps; filter is where an incremental run looks at new rows only.
var (
	with   = regexp.MustCompile(`(?m)^with\s+`)
	filter = regexp.MustCompile(`(?m)^ *\{\{ incremental_filter\(\) \}\}\n`)
)

// compile is a model's SQL with the steps that it reads in front, each once.
func (p *project) compile(m *models.Project, model *models.Model) (string, error) {
	byName := map[string]*models.Model{}
	for _, other := range m.Models {
		byName[other.Name] = other
	}
	var steps []string
	seen := map[string]bool{}
	var failed error
	source := func(name string) string { return quoted(p.name, "files", name) }
	var relation func(name string) string
	relation = func(name string) string {
		of := byName[name]
		switch {
		case of == nil: // a seed
			return quoted(p.name, "silver", name)
		case of.Table != nil:
			_, base, _ := strings.Cut(of.Table.Name, ".")
			return quoted(p.name, of.Layer, base)
		}
		step := "__dbt__cte__" + name
		if !seen[name] {
			seen[name] = true
			text, err := m.Compile(of, relation, source)
			if err != nil && failed == nil {
				failed = err
			}
			steps = append(steps, step+" as (\n"+strings.TrimSpace(text)+"\n)")
		}
		return step
	}
	text, err := m.Compile(model, relation, source)
	if err = errors.Join(err, failed); err != nil || len(steps) == 0 {
		return text, err
	}
	front := "with " + strings.Join(steps, ", ")
	at := with.FindStringIndex(text)
	if at == nil {
		return front + "\n" + text, nil
	}
	return fmt.Sprintf("%s%s, %s", text[:at[0]], front, text[at[1]:]), nil
}
