#!/usr/bin/env bash
# Runs smelt and DuckDB (testdata/bench) on the same generated shop, in turn,
# and prints wall and CPU seconds and peak memory of each run. Fails where smelt
# needs more than 1 GiB.
#
#     scripts/compare.sh DIR [ROWS] [RUNS]     default: 1,000,000 lines, 3 runs each
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$1 rows=${2:-1000000} runs=${3:-3}
python=${SMELT_JUDGES_DIR:-$HOME/.cache/smelt/judges}/bin/python
mkdir -p "$dir"
go build -o "$dir/smelt" .
shop=$dir/shop-$rows
[ -d "$shop" ] || "$dir/smelt" generate --rows "$rows" -o "$shop"
du -Lbc "$shop"/*.csv | awk 'END { printf "%.0f MB of CSV\n", $1 / 1e6 }'

measure() { # NAME COMMAND…
	local name=$1; shift
	"$python" - "$name" "$@" <<'PY'
import resource, subprocess, sys, time
start = time.monotonic()
done = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
wall, used = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
if done.returncode:
    sys.exit(done.stderr.decode())
print(f"{sys.argv[1]:8} {wall:7.1f} s wall {used.ru_utime + used.ru_stime:7.1f} CPU-s {used.ru_maxrss / 1024:7.0f} MiB", flush=True)
if sys.argv[1] == "smelt" and used.ru_maxrss > 1 << 20:
    sys.exit("smelt took more than 1 GiB")
PY
}

for _ in $(seq "$runs"); do
	measure smelt "$dir/smelt" run -c "$shop/smelt.yml" -o "$dir/lake"
	rm -rf "$dir/duckdb"
	measure DuckDB "$python" testdata/bench/duckdb.py "$shop" "$dir/duckdb"
done
