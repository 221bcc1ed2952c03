package powerbi

import (
	"regexp"
	"strings"

	"github.com/smeltdata/smelt/pipeline"
)

// Check returns an error where the model names something that it does not have:
// in a relationship, a hierarchy, an order or a measure's DAX, or where two of its
// things have one name, which Power BI would not open.
func (m *Model) Check() error {
	taken := map[string]bool{}
	unique := func(name, table, what string) error {
		if key := strings.ToLower(name); !taken[key] {
			taken[key] = true
			return nil
		}
		return &pipeline.Error{Kind: pipeline.ErrConfig, Table: table, Value: what, Msg: "the model has two things of this name", Hint: "Power BI compares names without case"}
	}
	for _, t := range m.Tables {
		if err := unique("table "+t.Name, "", t.Name); err != nil {
			return err
		}
		for _, c := range t.Columns {
			if err := unique("field "+t.Name+"["+c.Name, t.Name, c.Name); err != nil {
				return err
			}
			if c.SortBy != "" {
				if err := m.Field(Field{t.Name, c.SortBy}); err != nil {
					return err
				}
			}
		}
		for _, x := range t.Measures {
			if err := unique("field "+t.Name+"["+x.Name, t.Name, x.Name); err != nil {
				return err
			}
			if err := unique("measure "+x.Name, t.Name, x.Name); err != nil {
				return err
			}
			if err := m.checkDAX(x); err != nil {
				return err
			}
		}
		for _, h := range t.Hierarchies {
			if err := unique("field "+t.Name+"["+h.Name, t.Name, h.Name); err != nil {
				return err
			}
			for _, level := range h.Levels {
				if m.Column(Field{t.Name, level}) == nil {
					return m.Field(Field{t.Name, level})
				}
			}
		}
	}
	return m.checkRelationships()
}

func (m *Model) checkRelationships() error {
	for _, r := range m.Relationships {
		for _, f := range []Field{r.From, r.To} {
			if m.Column(f) == nil {
				return m.Field(f)
			}
		}
		if from, to := m.Column(r.From), m.Column(r.To); from.Type != to.Type {
			return &pipeline.Error{Kind: pipeline.ErrConfig, Table: r.From.Table, Column: r.From.Name, Value: string(from.Type), Msg: "is related to " + r.To.String() + ", which is " + string(to.Type)}
		}
	}
	return nil
}

var (
	daxText   = regexp.MustCompile(`"[^"]*"`)
	daxColumn = regexp.MustCompile(`'([^']+)'\[([^\]]+)\]`)
	daxTable  = regexp.MustCompile(`'([^']+)'`)
	daxName   = regexp.MustCompile(`\[([^\]]+)\]`)
)

// checkDAX returns an error where a measure names what the model does not have.
// DAX here writes tables in quotes, and columns with their table.
func (m *Model) checkDAX(x Measure) error {
	rest := daxText.ReplaceAllString(x.DAX, "")
	for _, match := range daxColumn.FindAllStringSubmatch(rest, -1) {
		f := Field{match[1], match[2]}
		if m.Column(f) == nil {
			return m.missing(x, f.String())
		}
	}
	rest = daxColumn.ReplaceAllString(rest, "")
	for _, match := range daxTable.FindAllStringSubmatch(rest, -1) {
		if m.Table(match[1]) == nil {
			return m.missing(x, match[0])
		}
	}
	for _, match := range daxName.FindAllStringSubmatch(rest, -1) {
		if m.Measure(match[1]) == nil {
			return m.missing(x, match[0])
		}
	}
	return nil
}

func (m *Model) missing(x Measure, name string) error {
	return &pipeline.Error{Kind: pipeline.ErrConfig, Table: MeasuresTable, Column: x.Name, Value: name, Msg: "the measure's DAX names what the model does not have"}
}
