"""Reads Pollock's polluted files with DuckDB, Polars and pandas, and scores them
as io/csvio's tests score smelt: exact (the clean table), loud (an error, or each
record is right or listed as rejected), silently wrong (anything else).

    SMELT_SCORES=scores.tsv go test -run 'TestPollock$' ./io/csvio
    python testdata/judge/pollock.py ../shared/data/pollock scores.tsv

prints the table of docs/csv.md. -v lists what is silently wrong.
"""

import csv
import json
import os
import sys
import warnings

import duckdb
import pandas as pd
import polars as pl

csv.field_size_limit(1 << 30)
warnings.simplefilter("ignore")


def clean(folder, name):
    with open(os.path.join(folder, "clean", name), newline="", encoding="utf-8") as f:
        return list(csv.reader(f))


def parameters(folder, name):
    with open(os.path.join(folder, "parameters", name + "_parameters.json"), encoding="utf-8") as f:
        return json.load(f)


def text(v):
    return "" if v is None or v != v else str(v)


def score(read, rows, headed):
    """read returns the columns, the records and how many were rejected."""
    want, header = (rows[1:], rows[0]) if headed and rows else (rows, None)
    try:
        columns, got, rejected = read()
    except Exception as e:  # whatever it is, it is said
        return "loud", f"{type(e).__name__}: {e}"
    got = [[text(v) for v in r] for r in got]
    named = header is None or list(columns) == header
    if not rejected:
        if named and got == want:
            return "exact", ""
        return "silent", f"{len(got)} records, want {len(want)}; columns {list(columns)[:4]}"
    rest = iter(want)
    if (named or not got) and all(any(r == w for w in rest) for r in got):
        return "loud", f"{rejected} rejected"
    return "silent", f"{rejected} rejected, and others are wrong"


def read_duckdb(path, options):
    con = duckdb.connect()
    args = ", ".join(["?"] + ["all_varchar = true"] + [f"{k} = {v}" for k, v in options.items()])
    rel = con.execute(f"SELECT * FROM read_csv({args})", [path])
    columns, got = [d[0] for d in rel.description], rel.fetchall()
    rejected = 0
    if "store_rejects" in options:
        rejected = con.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()[0]
    return columns, got, rejected


def read_polars(path, **options):
    df = pl.read_csv(path, infer_schema=False, **options)
    return df.columns, df.rows(), 0


def read_pandas(path, **options):
    df = pd.read_csv(path, dtype=str, keep_default_na=False, **options)
    return df.columns, df.values.tolist(), 0


def quoted(s):
    return "'" + s.replace("'", "''") + "'"


def renamed(read, p):
    """A header of several records counts as read where the records are: none of
    the three joins names."""
    columns, got, rejected = read()
    return p["column_names"] if p["header_lines"] > 1 else columns, got, rejected


def readers(path, p):
    """The ways to read a file: name, dialect, function."""
    header = p["header_lines"] > 0
    skip = p["preamble_lines"]
    delimiter, quote, escape = p["delimiter"] or ",", p["quotechar"] or '"', p["escapechar"]
    known = {"delim": quoted(delimiter), "quote": quoted(quote), "header": str(header).lower(), "skip": str(skip + max(0, p["header_lines"] - 1))}
    if escape:
        known["escape"] = quoted(escape)
    rejects = {"store_rejects": "true"}
    for dialect, options in ("detected", {}), ("given", known):
        yield "DuckDB", dialect, lambda o=options: renamed(lambda: read_duckdb(path, o), p)
        yield "DuckDB, store_rejects", dialect, lambda o=options: renamed(lambda: read_duckdb(path, o | rejects), p)
    polars = {"separator": delimiter, "quote_char": quote, "has_header": header, "skip_rows": skip + max(0, p["header_lines"] - 1)}
    if p["row_delimiter"] == "\r":
        polars["eol_char"] = "\r"
    yield "Polars", "detected", lambda: read_polars(path)
    yield "Polars", "given", lambda: renamed(lambda: read_polars(path, **polars), p)
    pandas = {"sep": delimiter, "quotechar": quote, "header": list(range(p["header_lines"])) if p["header_lines"] > 1 else 0 if header else None, "skiprows": skip}
    if len(delimiter) > 1:
        pandas["engine"] = "python"
    if escape and escape != quote:
        pandas |= {"escapechar": escape}
    yield "pandas", "detected", lambda: read_pandas(path, sep=None, engine="python")
    yield "pandas", "given", lambda: renamed(lambda: read_pandas(path, **pandas), p)


def main():
    verbose = "-v" in sys.argv
    folder, scores = [a for a in sys.argv[1:] if a != "-v"]
    totals = {}

    def add(system, dialect, s):
        totals.setdefault((system, dialect), {"exact": 0, "loud": 0, "silent": 0})[s] += 1

    with open(scores, encoding="utf-8") as f:
        for name, given, detected in csv.reader(f, delimiter="\t"):
            add("smelt", "given", given.split()[0].replace("silently", "silent"))
            add("smelt", "detected", detected.split()[0].replace("silently", "silent"))
            rows, p = clean(folder, name), parameters(folder, name)
            for system, dialect, read in readers(os.path.join(folder, "csv", name), p):
                s, why = score(read, rows, p["header_lines"] > 0)
                add(system, dialect, s)
                if verbose and s == "silent":
                    print(f"{name}: {system}, {dialect}: {why}", file=sys.stderr)
    print("| | dialect | exact | loud | silently wrong |")
    print("| --- | --- | ---: | ---: | ---: |")
    for (system, dialect), n in sorted(totals.items(), key=lambda x: (x[0][0] != "smelt", x[0][0].lower(), x[0][1])):
        print(f"| {system} | {dialect} | {n['exact']} | {n['loud']} | {n['silent']} |")


main()
