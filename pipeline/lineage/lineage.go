// Package lineage tells which columns a column is made from, and how.
package lineage

// Kind says how a column takes part in another one's value. The words are those
// of OpenLineage's columnLineage facet: the first three are direct (the value is
// made of it), the others indirect (it decides which rows count, or where).
type Kind string

const (
	Identity       Kind = "identity"       // the value as it is
	Transformation Kind = "transformation" // computed, cast, renamed to a rule
	Aggregation    Kind = "aggregation"    // summed, counted, the least of, …
	Join           Kind = "join"           // rows are matched by it
	GroupBy        Kind = "group_by"       // rows are put together by it
	Filter         Kind = "filter"         // it decides which rows count
	Sort           Kind = "sort"           // it decides which row comes first, or wins
)

// Direct reports whether values are made of the column's values.
func (k Kind) Direct() bool { return k == Identity || k == Transformation || k == Aggregation }

// Column is a column of a table, or of a source's files, whose table begins with
// "source.".
type Column struct {
	Table  string `json:"table"`
	Column string `json:"column"`
}

// Edge says that the column To is made from the column From.
type Edge struct {
	From Column `json:"from"`
	To   Column `json:"to"`
	Kind Kind   `json:"kind"`
}
