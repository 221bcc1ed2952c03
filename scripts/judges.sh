#!/usr/bin/env bash
# Installs what judges smelt's tables (DuckDB and a few more, pinned in
# testdata/judge/requirements.txt) into a Python environment of its own:
# $SMELT_JUDGES_DIR, by default ~/.cache/smelt/judges; and what judges its pages:
# Chromium, by apt-get where there is none, and axe-core, by npm; and what judges a
# release: systemd, by apt-get too, and goreleaser's loader, by Go. With --dbt it
# installs dbt and what reads dbt's artefacts (testdata/judge/dbt.txt) instead, into
# $SMELT_DBT_DIR, by default ~/.cache/smelt/dbt, and with --powerbi what reads Power
# BI projects (testdata/judge/powerbi.txt), some of it by npm, into
# $SMELT_POWERBI_DIR, by default ~/.cache/smelt/powerbi. With --airflow it installs
# Airflow with astronomer-cosmos, which run what smelt exports for them
# (testdata/judge/airflow.txt: every package, since Airflow's own requirements let in
# what it does not run with), into $SMELT_AIRFLOW_DIR, by default
# ~/.cache/smelt/airflow. With --spark it installs
# Spark with Delta instead (testdata/bench/spark.txt), which judges Delta tables
# and is measured by the benchmark, into $SMELT_SPARK_DIR, by default
# ~/.cache/smelt/spark. Spark needs Java 17 or newer; Delta's jars come by Maven,
# and are put among Spark's own, so that no program has to name them. Does
# nothing when the environment holds these pins already.
set -euo pipefail
cd "$(dirname "$0")/.."
what=judges pins=testdata/judge/requirements.txt dir=${SMELT_JUDGES_DIR:-$HOME/.cache/smelt/judges}
if [ "${1:-}" = --dbt ]; then
	what=dbt pins=testdata/judge/dbt.txt dir=${SMELT_DBT_DIR:-$HOME/.cache/smelt/dbt}
elif [ "${1:-}" = --powerbi ]; then
	what='Power BI' pins=testdata/judge/powerbi.txt dir=${SMELT_POWERBI_DIR:-$HOME/.cache/smelt/powerbi}
	command -v npm >/dev/null || { echo "Power BI projects are not judged: there is no npm to install what reads them" >&2; exit; }
elif [ "${1:-}" = --airflow ]; then
	what=Airflow pins=testdata/judge/airflow.txt dir=${SMELT_AIRFLOW_DIR:-$HOME/.cache/smelt/airflow}
elif [ "${1:-}" = --spark ]; then
	what=Spark pins=testdata/bench/spark.txt dir=${SMELT_SPARK_DIR:-$HOME/.cache/smelt/spark}
	for program in java mvn; do
		command -v $program >/dev/null || { echo "Spark with Delta needs Java 17 or newer, and Maven: there is no $program" >&2; exit 1; }
	done
fi
if [ "$what" = judges ]; then
	if ! command -v "${SMELT_CHROMIUM:-chromium}" chromium-browser google-chrome >/dev/null; then
		sudo=$([ "$(id -u)" = 0 ] || echo sudo)
		{ $sudo apt-get update -qq && $sudo apt-get install -y -qq chromium; } >/dev/null ||
			echo "the pages are not judged: there is no Chromium, and apt-get could not install it; set SMELT_CHROMIUM" >&2
	fi
	if ! command -v systemd-analyze >/dev/null; then
		sudo=$([ "$(id -u)" = 0 ] || echo sudo)
		{ $sudo apt-get update -qq && $sudo apt-get install -y -qq systemd; } >/dev/null ||
			echo "the systemd units are not judged: apt-get could not install systemd" >&2
	fi
	axe=axe-core@4.14.1
	if command -v npm >/dev/null; then
		[ "$(cat "$dir/node/pin" 2>/dev/null)" = $axe ] || { npm install --silent --no-audit --no-fund --prefix "$dir/node" $axe && echo $axe >"$dir/node/pin"; }
	else
		echo "accessibility is not judged: there is no npm to install $axe" >&2
	fi
fi
if [ "$what" = judges ]; then # Go rebuilds it only when it has to
	go build -C testdata/judge/goreleaser -o "$dir/bin/goreleaser-config" . ||
		echo "goreleaser's configuration is not judged: what loads it could not be built" >&2
fi
stamp=$dir/pins.sha256
want=$(sha256sum <"$pins")
if [ -x "$dir/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
	echo "$what: installed in $dir"
	exit
fi
[ -x "$dir/bin/python" ] || python3 -m venv "$dir"
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$pins"
if [ "$what" = 'Power BI' ]; then
	sed -n 's/^# npm: //p' "$pins" | xargs npm install --silent --no-audit --no-fund --prefix "$dir/node"
	chmod +x "$dir"/lib/python*/site-packages/dotnetcore2/bin/dotnet
elif [ "$what" = Spark ]; then
	jars=$("$dir/bin/python" -c 'import os, pyspark; print(os.path.join(os.path.dirname(pyspark.__file__), "jars"))')
	rm -f "$jars"/delta-*.jar # of other pins
	sed -n 's/^# jar: //p' "$pins" | while read -r jar; do
		mvn --quiet --batch-mode dependency:copy -Dartifact="$jar" -DoutputDirectory="$jars" </dev/null
	done
fi
echo "$want" >"$stamp"
echo "$what: installed in $dir now"
