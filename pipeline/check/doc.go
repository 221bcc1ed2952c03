// Package check says what must be so of a table's rows, and finds out whether it
// is while the rows are written: a Suite wraps a run's Sink, looks at every batch
// on its way, and publishes the tables only when no check has failed.
//
// A Check is declared with the table (the tags of its Go declaration: Declared) or
// built by hand. Those of rows alone (not_null, accepted_values, range, regex,
// expression) look at each row once; unique and relationships are exact, and keep
// what they have to remember in temporary files once memory is short; sum_equals,
// row_count and freshness look at the table as a whole.
package check
