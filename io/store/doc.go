// Package store keeps the tables of a run in a folder, the lake, and publishes
// them all together or not at all.
//
//	OUT/<layer>/<table>/part-00000.parquet …   the published tables
//	OUT/_smelt/run.json                        the report of the run that wrote them
//	OUT/_smelt/lock                            held by the run that is writing
//	OUT/_smelt/staging/                        what the run has written so far
//	OUT/_smelt/journal.json                    present only while tables are being switched
//	OUT/_smelt/old/                            the replaced tables, until the switch is done
//
// A run writes below staging and Commit switches the tables. Up to the moment
// that the journal is on the disk, the tables of the run before stand
// untouched, and whatever happens they stay. From that moment the new tables
// will stand: if the process is killed or the machine stops in between, the
// next Open or Recover finishes the switch from the journal. Every file and
// folder is synced before a step relies on it. A rename that the file system
// refuses is undone, and Commit returns its error with the old tables in place.
//
// Only tables that the run wrote are replaced; other tables in the lake are
// left as they are. A folder that holds anything other than part files is
// never moved or removed: Create and Commit refuse it.
//
// # What other readers may see
//
// A table is switched by two renames of its folder, and tables are switched one
// after the other, which together takes some milliseconds. In that time
//   - one table's folder may be missing, between its two renames;
//   - some tables are the new run's and others the old one's;
//   - run.json, which is switched last, is still the old one.
//
// No reader ever sees a part of a table, a table of mixed runs or a file that
// is still being written. A reader that listed a folder before its switch may
// find its files gone afterwards; where files can be removed while they are
// open, as on Unix, one that has opened them reads the old table to its end. A
// reader that needs several tables of one run reads run.json before and after,
// and starts again if it changed or if journal.json was there. After a kill the
// state in the middle lasts until the next smelt command on the lake.
package store
