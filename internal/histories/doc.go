// Package histories holds no code, only a test: files of random small shops
// arrive over several runs, and after each run the lake must be what a fresh run
// of the same folder makes of it.
//
// A history (history_test.go) is drawn from a seed: a shop (shop_test.go,
// columns_test.go), its lines dealt over files, the files over runs, in any
// order; files that come again with other content, or as a copy under another
// name; a smelt.yml, a lookup and a list of returns that change. It is played
// through the command line only (play_test.go), so it holds for every format of
// the lake that `smelt show` reads.
//
// What is expected of each run:
//   - its exit code is a fresh run's, but 99 where no file that smelt.yml names has
//     other content than before; where only copies came, 0 or 99;
//   - every table has a fresh run's rows, _batch_id apart, and gold their order;
//   - where it publishes some tables only, these have a fresh run's rows, and so has
//     each that its report does not call behind, while the others stay; a run of all
//     after it leaves none behind;
//   - its report counts what a fresh run's counts, and accounts for every record;
//   - where a fresh run fails it fails too, and leaves the tables as they were.
//
// So names make the order of records, not arrival: a file that sorts before
// another is older than it, and of files of a source with the same content the
// first by name counts, even where it came last. Files do not vanish, because
// their rows stay, unlike in a fresh run; testdata/script/incremental.txtar has that.
//
// A history that fails is cut down (shrink_test.go) to the files, lines and runs
// that still fail, and printed as a shell script. The test is tested as well: a
// smelt that does not notice some kind of news must be caught (mutants_test.go).
//
// SMELT_HISTORIES sets how many there are: 200 by default, 30 in a short test.
// `go test -run TestHistories/17$ ./internal/histories` plays one of them, whose
// number is its seed.
package histories
