// Package celltext writes the values of tables as plain text.
package celltext

import "github.com/smeltdata/smelt/pipeline"

// Cell appends the value of a row, which is not NULL, as plain text.
type Cell = pipeline.Cell

// Of returns how the values of a column are written.
var Of = pipeline.CellsOf
