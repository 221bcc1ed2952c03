// Package register makes the tables of a lake known to catalogs: as SQL for
// Databricks, in Databricks itself through its SQL Statement Execution API, and
// in an open-source Unity Catalog server.
//
// Tables says what a lake holds. A catalog gets external tables: it learns
// where the files lie and what they mean; the files are not touched by smelt.
// Registering is repeatable: what stands already stays. A table whose data a
// catalog would delete with it is refused, never replaced; Databricks' other
// tables of the same names are, too.
//
// Tokens and secrets are sent to the host that they belong to and appear in no
// error, note or file.
package register
