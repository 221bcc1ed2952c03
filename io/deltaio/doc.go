// Package deltaio reads and writes Delta Lake tables: folders of Parquet files
// with a transaction log, which Spark, Databricks, delta-rs, DuckDB, Polars and
// Power BI read. The protocol is Delta's PROTOCOL.md.
//
// Load gives a Snapshot, the table at one version; Scan streams its rows. Write,
// OverwritePartitions, Upsert, AddColumns and Compact change a table; whoever
// needs more prepares a Change of files that Create has written, and commits it.
//
// # What is guaranteed
//
// On a local file system, or one on which a hard link is made once and a synced
// file is kept:
//
//   - Atomic. A commit is one file of the log. It is written aside, synced, and
//     put in place by a link, which fails where another writer was first.
//     Readers see all of a commit or nothing of it, whatever is killed when.
//   - Durable. Commit returns after the data files, their folders, the commit
//     and the log's folder were synced. Where the last sync fails the error says
//     that the commit is in place: committing the Change again confirms it.
//   - Serial. Versions are the order. An Append holds at any version, and an
//     Overwrite replaces what is there when it is committed. An Update with
//     DataChange is committed only if no row was added or removed since its
//     base, and one without only if its files are still there. Where the schema,
//     a property or the protocol was changed since, nothing is committed but
//     ErrConflict returned; the operations of this package then begin anew.
//   - Once. A Change has an ID, which the log keeps: committed again, it writes
//     nothing. A Txn does the same across processes that have no common Change,
//     and survives the clean-up of the log.
//   - Snapshots hold still. Files are never changed and names never used again.
//     Vacuum leaves what was removed from the table less than seven days ago, so
//     a reader has that long.
//
// Not guaranteed: that all conflicts are found on file systems whose links are
// not atomic (some network and cloud mounts), an order among several tables,
// and that the folder's Parquet files without the log are the table.
//
// # What is supported
//
// Tables are written for readers of version 1 and writers of version 2; a column
// of times without a zone makes it 3 and 7 with timestampNtz. Tables of others are
// read with checkpoints of any form, and without deletion vectors, column mapping
// or type widening; those are refused by name, as are, for writing, constraints,
// invariants, generated and identity columns, change data feed, row tracking and
// every feature that is not known. Features that a table allows but does not
// use are no obstacle. Columns with nested types can be left out of a Scan, not read.
//
// An empty text in a partition column is NULL: Delta cannot tell the two apart.
package deltaio
