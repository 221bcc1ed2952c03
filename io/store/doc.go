// Package store keeps the tables of a run in a folder, the lake, and publishes
// them all together or not at all.
//
//	OUT/<layer>/<table>/                       a table: a Delta table, or part-00000.parquet …
//	OUT/_smelt/run.json                        the report of the run that wrote them
//	OUT/_smelt/state/                          what only the next run reads
//	OUT/_smelt/lock                            held by the run that is writing
//	OUT/_smelt/staging/                        what the run has written so far
//	OUT/_smelt/journal.json                    present only while tables are being switched
//	OUT/_smelt/old/                            the replaced folders, until the switch is done
//
// A run writes below staging and Commit switches the tables. Up to the moment
// that the journal is on the disk, the tables of the run before stand
// untouched, and whatever happens they stay. From that moment the new tables
// will stand: if the process is killed or the machine stops in between, the
// next Open or Recover finishes the switch from the journal. Every file and
// folder is synced before a step relies on it. A step that the file system
// refuses is undone, as long as no Delta table has its commit, and Commit returns
// its error with the old tables in place. After that commit the error says that
// the tables are half published, and the next Open or Recover finishes them.
//
// Only tables that the run wrote are replaced; other tables in the lake are
// left as they are. A folder that holds anything other than part files or a Delta
// table is never moved or removed: Create and Commit refuse it.
//
// # What other readers may see: Delta
//
// A Delta table is published by one commit to its log, so each table is atomic: a
// reader sees all of a run in it or nothing, and older versions stay readable
// until they are vacuumed. The tables follow one after the other, which together
// takes some milliseconds: those of bronze, then silver, then gold, then run.json.
//   - Who sees a run in gold finds it in silver and bronze too.
//   - The newest versions of two tables may be of different runs in that time, and
//     after a kill until the next smelt command on the lake.
//   - Each commit of gold has smeltInputs in its commitInfo: by table, the versions
//     of silver that it was computed from. Each commit of a run has its smeltRun.
//     A reader that needs several tables of one run takes the versions that run.json
//     names; a reader of gold and silver those of smeltInputs.
//
// Beside other writers of its tables:
//   - A run builds upon the versions that run.json names. Where another writer has
//     since changed the rows or the schema of one, Last says who, and the run makes
//     all tables anew, without that writer's rows. What it rearranges is no change.
//   - A run that amends tables commits to each only if no row of it has come or gone
//     since: never beside another writer's rows. Otherwise the error is
//     deltaio.ErrConflict and names the commit. Where it is noticed before the
//     first table is committed, as it nearly always is, no table has changed.
//     Otherwise the error names the tables that are published; files of the others
//     are removed, run.json is still the old one, and the next run makes all
//     tables anew. So it is where recovery after a kill meets a conflict.
//   - A run that replaces a table's rows, as each does with gold and as the first one
//     and --full-refresh do with all, replaces those that others have added until
//     then: theirs come first in the order of versions. Another's change of the
//     table's schema or properties at that moment is a conflict.
//   - What others commit to a table after the run did stands until the next run.
//   - Other tables in the lake's folder are not looked at.
//
// After the end of a run or of recovery a table's folder holds no data file that
// no version names, except those of other writers. A kill within a commit may leave
// a hidden file in the log, which no reader looks at and deltaio.Vacuum removes.
//
// # What other readers may see: Parquet
//
// A folder of part files is switched by two renames, and tables are switched one
// after the other. In that time
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
//
// A run that turns a folder of part files into a Delta table moves the folder away
// first: for that moment it is missing. The other way is refused.
package store
