// Package parquetio reads and writes Apache Parquet files.
//
// NewWriter and Create write one part of a declared table straight from Arrow
// memory: dictionary codes become dictionary pages, integers are delta packed,
// validity bitmaps become definition levels, and no row is ever a Go value.
// Every page has a checksum and an entry in the column index. The same rows
// give the same bytes however they are cut into batches, and whether their text
// is dictionary-encoded or not. Writer.CopyWithout copies a file that smelt wrote
// but for some rows, and makes only the pages of those again.
//
// Open reads any flat Parquet file, whoever wrote it, as a pipeline.Source. Read
// streams the columns of files that smelt wrote, in their own Arrow types; ReadAs
// streams a table's columns in the types that they are wanted in, whoever wrote
// the file again, and only the rows that a pipeline.Where picks; ReadRows also
// says their numbers.
package parquetio
