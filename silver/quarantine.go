package silver

import . "github.com/smeltdata/smelt/pipeline"

// Quarantined is one bronze row that silver could not use.
type Quarantined struct {
	Table      Code   `col:"table" doc:"Bronze table of the row: customers, products or sales." check:"not_null"`
	Reason     Code   `col:"reason" doc:"The first reason that applies, in the order of the contract." check:"not_null"`
	Values     string `col:"values" doc:"JSON object of the row's non-NULL bronze columns, in declared order, as strings." check:"not_null"`
	SourceFile Code   `col:"source_file" doc:"File that the row came from." check:"not_null"`
	SourceRow  int64  `col:"source_row" doc:"1-based number of the record in its file." check:"not_null"`
}

// Quarantine is the table silver.quarantine.
var Quarantine = Declare[Quarantined]("silver.quarantine", "Bronze rows that silver could not use, each with its reason.", "table", "source_file", "source_row")
