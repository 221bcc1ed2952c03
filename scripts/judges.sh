#!/usr/bin/env bash
# Installs what judges smelt's tables (DuckDB and a few more, pinned in
# testdata/judge/requirements.txt) into a Python environment of its own:
# $SMELT_JUDGES_DIR, by default ~/.cache/smelt/judges. Does nothing when the
# environment holds these pins already.
set -euo pipefail
cd "$(dirname "$0")/.."
pins=testdata/judge/requirements.txt
dir=${SMELT_JUDGES_DIR:-$HOME/.cache/smelt/judges}
stamp=$dir/pins.sha256
want=$(sha256sum <"$pins")
if [ -x "$dir/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
	echo "judges are in $dir"
	exit
fi
[ -x "$dir/bin/python" ] || python3 -m venv "$dir"
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$pins"
echo "$want" >"$stamp"
echo "judges installed in $dir"
