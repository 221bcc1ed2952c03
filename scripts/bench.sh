#!/usr/bin/env bash
# Generates a shop, plain and shuffled, runs smelt, DuckDB, Polars and, where it
# is installed, Spark on it, and smelt once more when 10,000 lines have come, and
# prints the comparison as Markdown. Fails where smelt needs more than 1 GiB.
#
#     scripts/bench.sh [ROWS] [RUNS] [--readme]     default: 10,000,000 lines, 3 runs each
#
# --readme also writes testdata/bench/RESULTS.md and the README's table. LARGE is a
# number of lines that do not fit into memory: smelt alone makes their tables too,
# within 1 GiB and without a limit, and they must be the same.
# BENCH_DIR holds shops and tables (default: a temporary folder, removed after).
set -euo pipefail
cd "$(dirname "$0")/.."
rows=${1:-10000000} runs=${2:-3}
python=${SMELT_JUDGES_DIR:-$HOME/.cache/smelt/judges}/bin/python
spark=${SMELT_SPARK_DIR:-$HOME/.cache/smelt/spark}/bin/python
dir=${BENCH_DIR:-}
if [ -z "$dir" ]; then
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
fi
mkdir -p "$dir"
go build -o "$dir/smelt" .
[ -d "$dir/shop-$rows" ] || "$dir/smelt" generate --rows "$rows" -o "$dir/shop-$rows"
[ -d "$dir/shuffled-$rows" ] || "$dir/smelt" generate --rows "$rows" --shuffle -o "$dir/shuffled-$rows"
longer=$((rows + 10000))
[ -d "$dir/shop-$longer" ] || "$dir/smelt" generate --rows "$longer" -o "$dir/shop-$longer"
large=()
if [ -n "${LARGE:-}" ]; then
	[ -d "$dir/shop-$LARGE" ] || "$dir/smelt" generate --rows "$LARGE" -o "$dir/shop-$LARGE"
	large=(--large "$dir/shop-$LARGE")
fi
options=("${large[@]}" --runs "$runs" "${@:3}")
if [ -x "$spark" ]; then options+=(--spark "$spark"); fi
"$python" testdata/bench/bench.py "$dir/smelt" "$dir/shop-$rows" "$dir/shuffled-$rows" "$dir/shop-$longer" "$dir/tables" "${options[@]}"
