package powerbi

// How a visual names what it shows: expressions of Power BI's query language, and
// filters of it.

// ref is something of the model that a visual names.
type ref struct {
	Field
	kind      refKind
	hierarchy string // of a level, or of the whole way down
}

type refKind uint8

const (
	aColumn refKind = iota
	aMeasure
	anAverage // of a column
	aLevel    // Name is the level's
	aWayDown  // every level of a hierarchy; resolve makes levels of it
)

func col(table, name string) ref  { return ref{Field: Field{table, name}} }
func mean(table, name string) ref { return ref{Field: Field{table, name}, kind: anAverage} }

// down is a way down; a model that has but its first level has no hierarchy of it.
func down(table, hierarchy, first string) ref {
	return ref{Field: Field{table, first}, kind: aWayDown, hierarchy: hierarchy}
}

func figure(name string) ref { return ref{Field: Field{MeasuresTable, name}, kind: aMeasure} }

func figures(names ...string) []ref {
	refs := make([]ref, len(names))
	for i, n := range names {
		refs[i] = figure(n)
	}
	return refs
}

// resolve returns those refs that m has, ways down as their levels.
func resolve(m *Model, refs []ref) []ref {
	var have []ref
	for _, r := range refs {
		way := levels(m, r)
		for _, level := range way {
			have = append(have, ref{Field: Field{r.Table, level}, kind: aLevel, hierarchy: r.hierarchy})
		}
		if way == nil && m.Field(r.Field) == nil {
			if r.kind == aWayDown {
				r = col(r.Table, r.Name)
			}
			have = append(have, r)
		}
	}
	return have
}

// levels returns the levels that r leads down, none where it does not or m lacks them.
func levels(m *Model, r ref) []string {
	if t := m.Table(r.Table); t != nil && r.kind == aWayDown {
		for _, h := range t.Hierarchies {
			if h.Name == r.hierarchy {
				return h.Levels
			}
		}
	}
	return nil
}

// queryRef is the name that a visual knows r by.
func (r ref) queryRef() string {
	switch r.kind {
	case anAverage:
		return "Average(" + r.Table + "." + r.Name + ")"
	case aLevel:
		return r.Table + "." + r.hierarchy + "." + r.Name
	}
	return r.Table + "." + r.Name
}

// title is what people read: measures have their title, columns the lake's name.
func (r ref) title() string {
	switch r.kind {
	case aMeasure:
		return r.Name
	case anAverage:
		return "Average " + Title(r.Name)
	}
	return Title(r.Name)
}

// expr is an expression; exactly one part is set.
type expr struct {
	Column      *property    `json:"Column,omitempty"`
	Measure     *property    `json:"Measure,omitempty"`
	Level       *levelExpr   `json:"HierarchyLevel,omitempty"`
	Hierarchy   *hierarchy   `json:"Hierarchy,omitempty"`
	Aggregation *aggregation `json:"Aggregation,omitempty"`
	Source      *sourceRef   `json:"SourceRef,omitempty"`
	Subquery    *subquery    `json:"Subquery,omitempty"`
}

type property struct {
	Of   expr   `json:"Expression"`
	Name string `json:"Property"`
}

type levelExpr struct {
	Of   expr   `json:"Expression"`
	Name string `json:"Level"`
}

type hierarchy struct {
	Of   expr   `json:"Expression"`
	Name string `json:"Hierarchy"`
}

type aggregation struct {
	Of       expr `json:"Expression"`
	Function int  `json:"Function"`
}

const functionAverage = 1

// sourceRef names a table: Entity in a visual, the alias Source in a filter's query.
type sourceRef struct {
	Entity string `json:"Entity,omitempty"`
	Source string `json:"Source,omitempty"`
}

func entity(table string) expr { return expr{Source: &sourceRef{Entity: table}} }
func alias(name string) expr   { return expr{Source: &sourceRef{Source: name}} }

// of returns r as an expression over the table that from names.
func (r ref) of(from expr) expr {
	switch p := (&property{Of: from, Name: r.Name}); r.kind {
	case aMeasure:
		return expr{Measure: p}
	case anAverage:
		return expr{Aggregation: &aggregation{Of: expr{Column: p}, Function: functionAverage}}
	case aLevel:
		return expr{Level: &levelExpr{Of: expr{Hierarchy: &hierarchy{Of: from, Name: r.hierarchy}}, Name: r.Name}}
	default:
		return expr{Column: p}
	}
}

func (r ref) expr() expr { return r.of(entity(r.Table)) }

// query is what a visual asks the model.
type query struct {
	State map[string]roleState `json:"queryState"`
	Sort  *sortDefinition      `json:"sortDefinition,omitempty"`
}

type roleState struct {
	Projections []projection `json:"projections"`
}

// projection is a field in a role. Active says, of a way down, where it begins.
type projection struct {
	Field   expr   `json:"field"`
	Ref     string `json:"queryRef"`
	Native  string `json:"nativeQueryRef"`
	Display string `json:"displayName,omitempty"`
	Active  bool   `json:"active,omitempty"`
}

type sortDefinition struct {
	Sort []sortBy `json:"sort"`
}

type sortBy struct {
	Field     expr   `json:"field"`
	Direction string `json:"direction"`
}

// The filter that keeps the first n values of a column by a measure.

type filterConfig struct {
	Filters []filter `json:"filters"`
}

type filter struct {
	Name   string           `json:"name"` // unique in the report
	Field  expr             `json:"field"`
	Type   string           `json:"type"`
	Filter filterDefinition `json:"filter"`
}

type filterDefinition struct {
	Version int         `json:"Version"`
	From    []from      `json:"From"`
	Where   []condition `json:"Where"`
}

type from struct {
	Name   string `json:"Name"`
	Entity string `json:"Entity,omitempty"`
	Type   int    `json:"Type"` // 0 a table, 2 a subquery
	Of     *expr  `json:"Expression,omitempty"`
}

type subquery struct {
	Query subqueryBody `json:"Query"`
}

type subqueryBody struct {
	Version int          `json:"Version"`
	From    []from       `json:"From"`
	Select  []selectItem `json:"Select"`
	OrderBy []orderBy    `json:"OrderBy"`
	Top     int          `json:"Top"`
}

type selectItem struct {
	Column *property `json:"Column"`
	Name   string    `json:"Name"`
}

type orderBy struct {
	Direction int  `json:"Direction"` // 1 ascending, 2 descending
	Of        expr `json:"Expression"`
}

type condition struct {
	Condition inCondition `json:"Condition"`
}

type inCondition struct {
	In in `json:"In"`
}

type in struct {
	Expressions []expr `json:"Expressions"`
	Table       expr   `json:"Table"`
}

// topFilter keeps what is best.
func topFilter(name string, b best) *filterConfig {
	c, by := b.of, b.by
	sub := expr{Subquery: &subquery{Query: subqueryBody{
		Version: 2,
		From:    []from{{Name: "c", Entity: c.Table}, {Name: "m", Entity: by.Table}},
		Select:  []selectItem{{Column: c.of(alias("c")).Column, Name: "field"}},
		OrderBy: []orderBy{{Direction: 2, Of: by.of(alias("m"))}},
		Top:     b.n,
	}}}
	return &filterConfig{Filters: []filter{{
		Name: "top_" + name, Field: c.expr(), Type: "TopN",
		Filter: filterDefinition{
			Version: 2,
			From:    []from{{Name: "top", Type: 2, Of: &sub}, {Name: "c", Entity: c.Table}},
			Where:   []condition{{inCondition{in{Expressions: []expr{c.of(alias("c"))}, Table: alias("top")}}}},
		},
	}}}
}
