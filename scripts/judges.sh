#!/usr/bin/env bash
# Installs what judges smelt's tables (DuckDB and a few more, pinned in
# testdata/judge/requirements.txt) into a Python environment of its own:
# $SMELT_JUDGES_DIR, by default ~/.cache/smelt/judges. With --spark it installs
# Spark for the benchmark instead (testdata/bench/spark.txt) into
# $SMELT_SPARK_DIR, by default ~/.cache/smelt/spark; Spark needs Java 17 or
# newer. Does nothing when the environment holds these pins already.
set -euo pipefail
cd "$(dirname "$0")/.."
what=judges pins=testdata/judge/requirements.txt dir=${SMELT_JUDGES_DIR:-$HOME/.cache/smelt/judges}
if [ "${1:-}" = --spark ]; then
	what=Spark pins=testdata/bench/spark.txt dir=${SMELT_SPARK_DIR:-$HOME/.cache/smelt/spark}
	command -v java >/dev/null || { echo "Spark needs Java 17 or newer" >&2; exit 1; }
fi
stamp=$dir/pins.sha256
want=$(sha256sum <"$pins")
if [ -x "$dir/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
	echo "$what: installed in $dir"
	exit
fi
[ -x "$dir/bin/python" ] || python3 -m venv "$dir"
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$pins"
echo "$want" >"$stamp"
echo "$what: installed in $dir now"
