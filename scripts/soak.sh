#!/usr/bin/env bash
# The full sizes, which take too long for every change: a million lines judged
# cell by cell, lakes of more than a hundred runs, kills over and over, thousands
# of histories, long fuzzing, and ten million lines with bounded memory beside
# DuckDB and Polars. SOAK_DIR holds the generated shops (default: a new temporary
# folder). With --readme that comparison goes into the README, as in scripts/bench.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
export SMELT_JUDGES=require SMELT_JUDGES_DIR="${SMELT_JUDGES_DIR:-$HOME/.cache/smelt/judges}"
if [ -x "$HOME/.cache/smelt/spark/bin/python" ]; then export SMELT_SPARK_DIR="${SMELT_SPARK_DIR:-$HOME/.cache/smelt/spark}"; fi
dir=${SOAK_DIR:-$(mktemp -d)}

step() { printf '\n=== %s (%ss)\n' "$*" "$SECONDS"; }

step a million lines, judged
SMELT_JUDGE_ROWS=1000000 go test -count 1 -timeout 60m -run 'TestGenerated' ./internal/judge

step lakes of many runs, judged
SMELT_JUDGE_RUNS=110 go test -count 1 -timeout 60m -run 'TestLake' ./internal/judge

step kills
go test -count 20 -timeout 30m -run "TestKilledProcess|TestCrashAnywhere" ./io/store
SMELT_KILLS=300 go test -count 1 -timeout 30m -v ./internal/crashtest
go test -count 10 -timeout 30m -run 'TestScript/bad_(kill|interrupt|two_runs)' ./internal/cli

step random histories
SMELT_HISTORIES=2000 go test -count 1 -timeout 60m ./internal/histories

step fuzz
FUZZTIME="${FUZZTIME:-60s}" scripts/fuzz.sh

step 'ten million lines, and a hundred million in bounded memory' # without Spark, which takes 20 minutes for it
SMELT_SPARK_DIR=none BENCH_DIR="$dir" LARGE=100000000 scripts/bench.sh 10000000 2 "$@"

step all passed
