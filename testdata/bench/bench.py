"""Measures smelt, DuckDB, Polars and Spark at the same job, and prints the comparison as Markdown.

    python testdata/bench/bench.py SMELT SHOP SHUFFLED LONGER OUT [--runs 3] [--spark PYTHON] [--large SHOP] [--readme]

SMELT is the binary; SHOP, SHUFFLED and LONGER are folders of `smelt generate`, the second with --shuffle, the third with
10,000 more lines, which come after the others have been read: see increment.py. OUT takes the tables.
The tools run in turn, one after the other, as many times as --runs says; the figures are medians. Wall and CPU seconds
are those of the whole process and its children, peak memory is that of the largest of them. --large is a shop that does
not fit into memory: smelt makes its tables once within 1 GiB and once without a limit, and they must be the same. Fails
where smelt needs more memory than it should. --readme also writes RESULTS.md and the table of the README.
"""

import argparse
import filecmp
import glob
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

import increment
from common import HERE

ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
LIMIT = 1024  # MiB that smelt may take
LARGE_LIMIT = 1126  # and with --memory 1GiB, 1.1 GiB
BEGIN, END = "<!-- make bench writes this -->\n", "<!-- to here -->\n"


class Entry:
    """A row of the table: a command, and what its runs took. base is the lake that it goes on with, by reading only what is
    new; where that reaches far, smelt may read everything."""

    def __init__(self, name, command, out, base=None, far=False):
        self.name, self.command, self.out, self.base, self.far, self.runs, self.bytes = name, command, out, base, far, [], 0

    def run(self, log):
        shutil.rmtree(self.out, ignore_errors=True)
        had = set()
        if self.base:
            shutil.copytree(self.base, self.out)
            had = set(parts(self.out))
        start = time.monotonic()
        with open(self.out + ".log", "w+", encoding="utf-8") as text:
            child = subprocess.Popen(self.command, stdout=text, stderr=subprocess.STDOUT)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                text.seek(0)
                sys.exit(f"{' '.join(self.command)} failed:\n{text.read()[-4000:]}")
        took = (time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
        self.runs.append(took)
        self.bytes = sum(os.path.getsize(f) for f in parts(self.out) if f not in had)
        why = report(self.out).get("full_refresh") if self.base else ""
        if why and not self.far:
            sys.exit(f"{self.name}: everything was read: {why}")
        log(f"{self.name:52} {took[0]:7.1f} s wall {took[1]:7.1f} CPU-s {took[2]:7.0f} MiB {self.bytes / 1e6:7.0f} MB written")

    def medians(self):
        return [statistics.median(column) for column in zip(*self.runs)]

    def row(self, base):
        """The row, and how many times as much as `base` it took; in per cent where it goes on with a lake."""
        mine, other = self.medians(), base.medians()
        cells = [f"{m:,.{d}f} {unit}" + ("" if self is base else f" ({m / o:.0%})" if self.base else f" ({m / o:.1f}×)")
                 for m, o, d, unit in zip(mine, other, (1, 1, 0), ("s", "s", "MiB"))]
        return f"| {self.name} | {' | '.join(cells)} | {self.bytes / 1e6:,.0f} MB |"


def parts(lake):
    """The Parquet files of a lake's tables, by name."""
    return sorted(glob.glob(os.path.join(glob.escape(lake), "[!_]*", "*", "*.parquet")))


def report(lake):
    """What smelt's last run there says of itself."""
    with open(os.path.join(lake, "_smelt", "run.json"), encoding="utf-8") as f:
        return json.load(f)


def output(*command):
    """What a command prints, or nothing where it cannot be run."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def field(path, name):
    with open(path, encoding="utf-8") as f:
        return next((line.split(":", 1)[1].strip() for line in f if line.startswith(name)), "")


def machine():
    """CPU, cores, memory, system."""
    cpu = field("/proc/cpuinfo", "model name") or platform.machine()
    memory = int(field("/proc/meminfo", "MemTotal").split()[0]) / 2**20
    return f"{cpu}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB of memory, Linux {platform.release().split('-')[0]}"


def versions(smelt, spark):
    """The versions of everything measured."""
    import duckdb
    import polars
    found = [output(smelt, "version").splitlines()[0], f"DuckDB {duckdb.__version__}", f"Polars {polars.__version__}",
             f"Python {platform.python_version()}"]
    if spark:
        found += ["Spark " + output(spark, "-c", "import pyspark; print(pyspark.__version__)"),
                  "Java " + "".join(re.findall(r'version "([^"]+)"', output("java", "-version")))]
    return ", ".join(found)


def entries(args):
    """The rows of the table: on the shop as it is, on the lake that is there already, shuffled, and large."""
    def script(name, python, shop, out):
        return [python, os.path.join(HERE, name), shop, os.path.join(args.out, out), "--threads", str(args.threads), *(["--check"] if args.check else [])]

    def smelt(shop, out, config="smelt.yml"):
        return [args.smelt, "run", "-c", os.path.join(shop, config), "-o", os.path.join(args.out, out)]

    def entry(name, command, out, base=None, far=False):
        return Entry(name, command, os.path.join(args.out, out), base and os.path.join(args.out, base), far)

    with open(os.path.join(args.shop, "smelt.yml"), encoding="utf-8") as f:
        text = f.read()
    with open(os.path.join(args.shop, "parquet.yml"), "w", encoding="utf-8") as f:
        f.write(text + "\nformat: parquet\n")
    plain = [entry("smelt", smelt(args.shop, "smelt"), "smelt"),
             entry("smelt, format: parquet", smelt(args.shop, "smelt-parquet", "parquet.yml"), "smelt-parquet"),
             entry("DuckDB", script("duckdb_bench.py", sys.executable, args.shop, "duckdb"), "duckdb"),
             entry("Polars, streaming", script("polars_bench.py", sys.executable, args.shop, "polars"), "polars")]
    if args.spark:
        plain.append(entry(f"Spark, local[{args.threads}]", script("spark_bench.py", args.spark, args.shop, "spark"), "spark"))
    history, coming = increment.split(args.longer, os.path.join(args.out, "increment"))
    entry("history", smelt(history, "history"), "history").run(lambda line: None)
    lines = {i.name: f"{i.fill():,}" for i in coming}
    what = {"new": "{} new lines", "corrected": "{} lines, some of which correct earlier ones", "cost": "{} new lines and another cost of a product"}
    increments = [entry("smelt, " + what[i.name].format(lines[i.name]), smelt(i.folder, "increment-" + i.name), "increment-" + i.name, "history", i.cost is not None) for i in coming]
    shuffled = [entry("smelt, lines shuffled", smelt(args.shuffled, "smelt-shuffled"), "smelt-shuffled"),
                entry("DuckDB, lines shuffled", script("duckdb_bench.py", sys.executable, args.shuffled, "duckdb-shuffled"), "duckdb-shuffled")]
    large = [entry(f"smelt, {records(args.large):,} lines, --memory 1GiB", smelt(args.large, "large") + ["--memory", "1GiB"], "large"),
             entry(f"smelt, {records(args.large):,} lines", smelt(args.large, "large-unlimited"), "large-unlimited")] if args.large else []
    return plain, increments, shuffled, large


def same(a, b):
    """Fails where two lakes differ in any byte of a table. The names of a Delta table's files differ, but for their number."""
    files = [parts(lake) for lake in (a, b)]
    names = [[re.sub(r"-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", os.path.relpath(f, lake)) for f in found] for found, lake in zip(files, (a, b))]
    if not names[0] or names[0] != names[1]:
        sys.exit(f"{a} and {b} have other parts")
    for x, y in zip(*files):
        if not filecmp.cmp(x, y, shallow=False):
            sys.exit(f"{x} and {y} differ")


def records(shop):
    """How many sales records the shop was made with, by its smelt.yml."""
    with open(os.path.join(shop, "smelt.yml"), encoding="utf-8") as f:
        return int(re.search(r"--rows (\d+)", f.readline())[1])


def table(args, plain, increments, shuffled, large):
    size = sum(os.path.getsize(f) for f in glob.glob(os.path.join(glob.escape(args.shop), "*.csv"))) / 1e6
    runs = "one run each" if args.runs == 1 else f"medians of {args.runs} interleaved runs"
    lines = [f"{records(args.shop):,} sales lines of `smelt generate` ({size:,.0f} MB of CSV), every table of bronze, silver and gold written "
             f"as snappy Parquet, {args.threads} threads, {runs}; in brackets, times as much as smelt took. smelt's tables are Delta tables where nothing else is "
             f"said. The lines that come later come to the tables of as many as there are else, and only what they change is written.", "",
             "| | wall | CPU | peak memory | Parquet written |", "| --- | --- | --- | --- | --- |"]
    lines += [e.row(plain[0]) for e in plain + increments]
    lines += [e.row(shuffled[0]) for e in shuffled]
    lines += [e.row(plain[0]) for e in large]
    lines += ["", f"Machine: {machine()}. {versions(args.smelt, args.spark)}."]
    return "\n".join(lines) + "\n"


def publish(text):
    """Write RESULTS.md, and the README's copy of it."""
    with open(os.path.join(HERE, "RESULTS.md"), "w", encoding="utf-8") as f:
        f.write("# The comparison, as last measured\n\n" + text + "\nREADME.md says what each program does; `make bench` measures again.\n")
    path = os.path.join(ROOT, "README.md")
    with open(path, encoding="utf-8") as f:
        before, rest = f.read().split(BEGIN)
    with open(path, "w", encoding="utf-8") as f:
        f.write(before + BEGIN + text + END + rest.split(END)[1])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("smelt", "shop", "shuffled", "longer", "out"):
        p.add_argument(name)
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--spark", help="a Python that has pyspark")
    p.add_argument("--large", help="a shop that does not fit into 1 GiB of memory")
    p.add_argument("--check", action="store_true", help="compare every cell with testdata/judge's; the figures then include that")
    p.add_argument("--readme", action="store_true", help="write RESULTS.md and the README's table")
    args = p.parse_args()
    log = lambda line: print(line, file=sys.stderr, flush=True)
    if not args.spark:
        log("Spark is not installed (make judges-spark), so it is left out")
    os.makedirs(args.out, exist_ok=True)
    plain, increments, shuffled, large = entries(args)
    load = os.getloadavg()[0]
    if load > 0.5:
        log(f"the machine is busy (load {load:.1f}): compare CPU seconds, not wall seconds")
    for _ in range(args.runs):
        for e in plain + increments + shuffled:
            e.run(log)
    for e in large:
        e.run(log)
    if large:
        same(large[0].out, large[1].out)
        log(f"the tables of {args.large} are the same, with a limit and without")
    text = table(args, plain, increments, shuffled, large)
    print(text, end="")
    if args.readme:
        publish(text)
    for e, limit in [(plain[0], LIMIT), (shuffled[0], LIMIT)] + [(e, LARGE_LIMIT) for e in large[:1]]:
        if max(r[2] for r in e.runs) > limit:
            sys.exit(f"{e.name} took more than {limit} MiB")


if __name__ == "__main__":
    main()
