// Package judge holds no code, only a test: the smelt binary runs on the demo,
// on generated, public and hand-made shops, and DuckDB recomputes silver and
// gold from each run's bronze tables with SQL written from the contract alone
// (testdata/judge). Every cell must agree.
//
// The test needs Python with a few packages, which `make judges` installs into
// $SMELT_JUDGES_DIR. Without them it is skipped, unless SMELT_JUDGES=require.
package judge
