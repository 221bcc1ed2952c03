package bronze

import . "github.com/smeltdata/smelt/pipeline"

// Reject is a record that could not be split into fields.
type Reject struct {
	SourceTable Code   `col:"source_table" doc:"Bronze table that the record was meant for: customers, products or sales." check:"not_null"`
	SourceFile  Code   `col:"source_file" doc:"File that the record came from, relative to the data folder." check:"not_null"`
	SourceRow   int64  `col:"source_row" doc:"1-based number of the record in its file." check:"not_null"`
	ByteOffset  int64  `col:"byte_offset" doc:"Where the record starts in its (decompressed) file, in bytes." check:"not_null"`
	Error       string `col:"error" doc:"Why the record could not be read." check:"not_null"`
	Raw         Bytes  `col:"raw" doc:"The record's bytes, at most the first 64 KiB." check:"not_null" pii:"possible"`
}

// Rejects is the table bronze.rejects.
var Rejects = Declare[Reject]("bronze.rejects", "Records that could not be split into fields at all.", "source_table", "source_file", "source_row")
