// Package judge holds no code, only tests: the smelt binary runs on the demo,
// on generated, public and hand-made shops, and DuckDB recomputes silver and
// gold from each run's bronze tables with SQL written from the contract alone
// (testdata/judge). Every cell must agree.
//
// Lakes of many runs are read by delta-rs, Polars, DuckDB and Spark, which must
// see what smelt shows, at every version; delta-rs and Spark then change tables,
// and the next run must go on from there or make everything anew.
//
// The tests need Python with a few packages, which `make judges` installs into
// $SMELT_JUDGES_DIR, and Spark with Delta, which `make judges-spark` installs
// into $SMELT_SPARK_DIR. Without them they are skipped, unless SMELT_JUDGES=require.
package judge
