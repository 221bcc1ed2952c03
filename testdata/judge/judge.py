"""Judges a lake: recomputes silver and gold from its bronze tables and compares every cell.

    python judge.py LAKE --config smelt.yml [--data DIR] [--want FILE]
    python judge.py LAKE --rules rules.json [--want FILE]

Prints a line per table, the first rows that differ, and what else is wrong; exits 1 if anything differs.
FILE holds lines `SQL => value`: facts about the lake known from elsewhere (schemas lake_bronze, lake_silver, lake_gold).
"""

import argparse
import glob
import json
import os
import sys
import tempfile
import time

import duckdb
import pyarrow
import pyarrow.parquet as pq
from deltalake import DeltaTable

import contract
import recompute
import rules as shop

SHOWN = 5  # differing rows shown of a table


class Judge:
    def __init__(self, lake, rules):
        self.lake, self.rules, self.faults, self.temporary = lake, rules, 0, tempfile.TemporaryDirectory()
        self.con = duckdb.connect(config={"threads": os.environ.get("SMELT_JUDGE_THREADS", "2")})
        recompute.connect(self.con)

    def one(self, sql, *args):
        return self.con.execute(sql, list(args)).fetchone()[0]

    def fault(self, text):
        self.faults += 1
        print("  DIFFERS " + text)

    def folder(self, table):
        return os.path.join(self.lake, *table.split("."))

    def delta(self, table):
        """The Delta table that delta-rs finds, or None where it is a folder of part files."""
        return DeltaTable(self.folder(table)) if DeltaTable.is_deltatable(self.folder(table)) else None

    def parts(self, table):
        """The files that the table consists of; those of a Delta table's newest version only."""
        delta = self.delta(table)
        return sorted(delta.file_uris() if delta else glob.glob(os.path.join(glob.escape(self.folder(table)), "part-*.parquet")))

    def empty(self, table):
        """A file without rows, of the columns that the log of a Delta table without files says."""
        path = os.path.join(self.temporary.name, table + ".parquet")
        pq.write_table(pyarrow.schema(self.delta(table).schema().to_arrow()).empty_table(), path)
        return path

    def read(self):
        """Check the files' schemas, and lay views over them: bronze.*, lake_bronze.*, lake_silver.*, lake_gold.*."""
        for layer in ("bronze", "silver", "gold"):
            self.con.execute(f"CREATE SCHEMA lake_{layer}")
        return all([self.lay(table) for table in contract.TABLES])

    def lay(self, table):
        """Check one table's schema and lay its views; say whether they could be."""
        parts = self.parts(table)
        if not parts and self.delta(table):
            parts = [self.empty(table)]
        if not parts:
            self.fault(f"{table}: no part-*.parquet in {self.lake}")
            return False
        faults = set()
        for part in parts:
            rows = self.con.execute("SELECT * FROM parquet_schema(?)", [part])
            names = [d[0] for d in rows.description]
            faults.update(contract.schema_faults(table, [dict(zip(names, r)) for r in rows.fetchall()][1:]))
        for f in sorted(faults):
            self.fault(f"{table}: {f}")
        if any(f.startswith("columns") for f in faults):
            return False
        listed = "[" + ", ".join(quote(p) for p in parts) + "]"
        self.con.execute(f"CREATE OR REPLACE VIEW lake_{table} AS SELECT * FROM read_parquet({listed})")
        self.con.execute(f"CREATE OR REPLACE VIEW lake_{table}_ordered AS SELECT *, row_number() OVER () AS _place "
                         f"FROM (SELECT * EXCLUDE (filename, file_row_number) FROM read_parquet({listed}, "
                         f"filename = true, file_row_number = true) ORDER BY filename, file_row_number)")
        if table.startswith("bronze.") and table != "bronze.rejects":
            self.con.execute(f"CREATE OR REPLACE VIEW {table} AS FROM lake_{table}")
        return True

    def compare(self, table):
        """Compare one table of silver or gold, and its row order."""
        columns = contract.columns(table)
        kinds = {n: contract.DUCKDB[k] for n, k, _ in columns}
        listed = ", ".join(f"{ident(n)}::{kinds[n]} AS {ident(n)}" for n in kinds)
        self.con.execute(f"CREATE OR REPLACE TABLE work.want AS SELECT {listed} FROM {table}")
        self.con.execute(f"CREATE OR REPLACE TABLE work.got AS SELECT {listed} FROM lake_{table}")
        if table == "silver.quarantine":
            self.canonical("work.want")
            self.canonical("work.got")
        want, got = self.one("SELECT count(*) FROM work.want"), self.one("SELECT count(*) FROM work.got")
        self.con.execute("CREATE OR REPLACE TABLE work.missing AS FROM work.want EXCEPT ALL FROM work.got")
        self.con.execute("CREATE OR REPLACE TABLE work.extra AS FROM work.got EXCEPT ALL FROM work.want")
        missing, extra = (self.one(f"SELECT count(*) FROM work.{t}") for t in ("missing", "extra"))
        disorder = self.disorder(table)
        verdict = "ok" if not missing and not extra and want == got and not disorder else "DIFFERS"
        print(f"{table:30} {got:>10} rows  {verdict}")
        if verdict == "ok":
            return
        self.faults += 1
        if want != got:
            print(f"    {got} rows, the judge has {want}")
        if disorder:
            print(f"    {disorder} rows out of order, first {self.first_disorder}")
        if missing or extra:
            self.explain(table, list(kinds), missing, extra)

    def canonical(self, table):
        """Rewrite quarantine's JSON in one form, so that it compares as parsed."""
        rows = self.con.execute(f"SELECT DISTINCT values FROM {table}").fetchall()
        forms = []
        for (text,) in rows:
            try:
                pairs = json.loads(text, object_pairs_hook=list)
                form = json.dumps(pairs, ensure_ascii=False)
            except ValueError as e:
                form = f"not JSON ({e}): {text}"
            forms.append((text, form))
        name = "work.forms"
        self.con.execute(f"DROP TABLE IF EXISTS {name}")
        recompute.insert(self.con, name, "text VARCHAR, form VARCHAR", forms)
        self.con.execute(f"UPDATE {table} t SET values = f.form FROM {name} f WHERE f.text = t.values")

    def disorder(self, table):
        """Count the rows that do not come after the one before them."""
        keys = contract.KEYS[table]
        source = f"lake_{table}_ordered t"
        order = [f"coalesce({ident(k)}::VARCHAR, '')" if k == "state" else f"t.{ident(k)}" for k in keys]
        if table == "silver.fact_sales":
            source += " JOIN rules.source_files f ON f.table_name = 'sales' AND f.file = t._source_file"
            order = ["f.number", "t._source_row", "t.line_type"]
        if table == "silver.quarantine":
            source += ' JOIN rules.source_files f ON f.table_name = t."table" AND f.file = t.source_file'
            order = ['t."table"', "f.number", "t.source_row"]
        rows = self.con.execute(f"""
            WITH placed AS (SELECT row({', '.join(order)}) AS key, _place FROM {source}),
                 pairs AS (SELECT _place, key, lag(key) OVER (ORDER BY _place) AS before FROM placed)
            SELECT count(*), min_by(before::VARCHAR || ' before ' || key::VARCHAR, _place) FROM pairs WHERE before >= key
            """).fetchone()
        self.first_disorder = rows[1]
        return rows[0]

    def explain(self, table, names, missing, extra):
        """Print which columns differ in which rows."""
        keys = contract.KEYS[table]
        on = " AND ".join(f"m.{ident(k)} IS NOT DISTINCT FROM e.{ident(k)}" for k in keys)
        differ = [n for n in names if n not in keys]
        tests = ", ".join(f"count(*) FILTER (m.{ident(n)} IS DISTINCT FROM e.{ident(n)})" for n in differ)
        counts = self.con.execute(f"SELECT {tests} FROM work.missing m JOIN work.extra e ON {on}").fetchone()
        for name, n in zip(differ, counts):
            if n:
                print(f"    {name}: {n} rows differ")
                shown = self.con.execute(
                    f"SELECT {', '.join('m.' + ident(k) for k in keys)}, m.{ident(name)}::VARCHAR, e.{ident(name)}::VARCHAR "
                    f"FROM work.missing m JOIN work.extra e ON {on} "
                    f"WHERE m.{ident(name)} IS DISTINCT FROM e.{ident(name)} ORDER BY ALL LIMIT {SHOWN}").fetchall()
                for *key, want, got in shown:
                    print(f"        {' | '.join(map(str, key))}: {show(got)}, the judge has {show(want)}")
        for label, one, other in (("only the judge has", "missing", "extra"), ("only the lake has", "extra", "missing")):
            rows = self.con.execute(
                f"SELECT COLUMNS(m.*)::VARCHAR FROM work.{one} m WHERE NOT EXISTS (FROM work.{other} e WHERE {on}) "
                f"ORDER BY ALL LIMIT {SHOWN}")
            for row in rows.fetchall():
                print(f"    {label}: " + ", ".join(f"{n}={v}" for n, v in zip(names, row) if v is not None))

    def countries(self):
        """Say which spellings of a country the two sides read differently: the usual cause of a difference there."""
        rows = self.con.execute("""
            SELECT DISTINCT s.country AS spelling, c.country, c.country_code, l.country, l.country_code
            FROM work.sale_records s
            JOIN lake_silver.fact_sales l USING (_source_file, _source_row)
            JOIN work.countries c ON c.spelling = s.country
            WHERE (c.country, coalesce(c.country_code, '')) <> (l.country, coalesce(l.country_code, ''))
            ORDER BY ALL LIMIT 20""").fetchall()
        for spelling, name, code, got, got_code in rows:
            print(f"  country {spelling!r}: the lake has {got!r} ({got_code}), the judge {name!r} ({code})")

    def bronze(self):
        """Check that bronze and rejects hold each record of each file once, in order, under one batch id."""
        for table in ("customers", "products", "sales"):
            files = [f["file"] for f in self.rules["files"] if f["table"] == table]
            strangers = self.con.execute(
                f"SELECT DISTINCT _source_file FROM bronze.{table} WHERE NOT list_contains(?, _source_file)",
                [files]).fetchall()
            if strangers:
                self.fault(f"bronze.{table}: files that smelt.yml does not list: {strangers}")
            bad = self.con.execute(f"""
                WITH numbered AS (
                    SELECT _source_file AS file, _source_row AS n FROM bronze.{table}
                    UNION ALL SELECT source_file, source_row FROM lake_bronze.rejects WHERE source_table = '{table}')
                SELECT file, count(*), count(DISTINCT n), min(n), max(n) FROM numbered GROUP BY file
                HAVING count(*) <> count(DISTINCT n) OR min(n) <> 1 OR max(n) <> count(*)""").fetchall()
            for row in bad:
                self.fault(f"bronze.{table}: records of %s are not 1…n once each: %d rows, %d numbers, %d…%d" % row)
            out = self.one(f"""
                WITH placed AS (SELECT _place, row(f.number, t._source_row) AS key FROM lake_bronze.{table}_ordered t
                                JOIN rules.source_files f ON f.table_name = '{table}' AND f.file = t._source_file),
                     pairs AS (SELECT key, lag(key) OVER (ORDER BY _place) AS before FROM placed)
                SELECT count(*) FROM pairs WHERE before >= key""")
            if out:
                self.fault(f"bronze.{table}: {out} rows out of record order")
        ids = self.one("""SELECT count(DISTINCT id) FROM (SELECT _batch_id AS id FROM bronze.customers
            UNION ALL SELECT _batch_id FROM bronze.products UNION ALL SELECT _batch_id FROM bronze.sales)""")
        if ids > 1:
            self.fault(f"bronze: {ids} batch ids in one run")

    def conservation(self):
        """Check the run's report against the tables: records = bronze + rejects, bronze = silver + quarantined + …"""
        path = os.path.join(self.lake, "_smelt", "run.json")
        try:
            with open(path, encoding="utf-8") as f:
                report = json.load(f)
        except (OSError, ValueError) as e:
            self.fault(f"run.json: {e}")
            return
        stated = {c["table"].removeprefix("bronze."): c for c in report.get("conservation") or []}
        for table, silver in (("customers", "dim_customers"), ("products", "dim_products"), ("sales", "fact_sales")):
            counts = {
                "bronze": self.one(f"SELECT count(*) FROM bronze.{table}"),
                "rejected": self.one("SELECT count(*) FROM lake_bronze.rejects WHERE source_table = ?", table),
                "silver": self.one(f"SELECT count(*) FROM lake_silver.{silver}"),
                "quarantined": self.one("SELECT count(*) FROM lake_silver.quarantine WHERE \"table\" = ?", table),
            }
            counts["records"] = counts["bronze"] + counts["rejected"]
            if table == "sales":
                counts["deduplicated"] = self.one("SELECT count(*) FILTER (reason IS NULL) FROM work.lines") - \
                    self.one("SELECT count(*) FROM work.kept_lines")
                counts["added"] = self.one("""SELECT count(*) FROM lake_silver.fact_sales r WHERE line_type = 'return' AND
                    EXISTS (FROM lake_silver.fact_sales s WHERE s.line_type = 'sale' AND s._source_file = r._source_file
                            AND s._source_row = r._source_row)""")
            else:
                key = table[:-1] + "_id"
                counts["deduplicated"] = self.one(f"SELECT count({key}) - count(DISTINCT {key}) FROM work.{table[:-1]}_records")
                counts["added"] = self.one(
                    f"SELECT count(*) FROM lake_silver.{silver} WHERE is_inferred OR NOT getvariable('{table}_have_files')")
            reasons = dict(self.con.execute(
                "SELECT reason, count(*) FROM lake_silver.quarantine WHERE \"table\" = ? GROUP BY reason", [table]).fetchall())
            if counts["bronze"] != counts["silver"] - counts["added"] + counts["quarantined"] + counts["deduplicated"]:
                self.fault(f"conservation of {table} does not hold: {counts}")
            said = stated.get(table)
            if said is None:
                self.fault(f"run.json: no conservation of {table}")
                continue
            for name, n in counts.items():
                if said.get(name, 0) != n:
                    self.fault(f"run.json: {table} {name} {said.get(name)}, the tables say {n}")
            if {k: n for k, n in (said.get("reasons") or {}).items() if n} != reasons:
                self.fault(f"run.json: {table} reasons {said.get('reasons')}, the tables say {reasons}")
            if said.get("holds") is not True:
                self.fault(f"run.json: {table} holds is {said.get('holds')}")
        self.sources(report)
        sizes = {t["name"]: t for t in report.get("tables") or []}
        for table in contract.TABLES:
            want = (self.one(f"SELECT count(*) FROM lake_{table}"), sum(os.path.getsize(p) for p in self.parts(table)),
                    len(self.parts(table)))
            said = sizes.get(table, {})
            if (said.get("rows"), said.get("bytes"), said.get("parts")) != want:
                self.fault(f"run.json: {table} {said}, the files say rows, bytes, parts {want}")

    def sources(self, report):
        """Check the report's files against bronze and rejects."""
        said = {}
        for s in report.get("sources") or []:
            key = (s["table"].removeprefix("bronze."), s["file"])
            n = said.get(key, (0, 0))
            said[key] = (n[0] + s["records"], n[1] + s["rejected"])
        found = {}
        for table in ("customers", "products", "sales"):
            for file in [f["file"] for f in self.rules["files"] if f["table"] == table]:
                rejected = self.one("SELECT count(*) FROM lake_bronze.rejects WHERE source_table = ? AND source_file = ?",
                                    table, file)
                rows = self.one(f"SELECT count(*) FROM bronze.{table} WHERE _source_file = ?", file)
                found[table, file] = (rows + rejected, rejected)
        for key, counts in found.items():
            if said.get(key) != counts:
                self.fault(f"run.json: {key} records, rejected {said.get(key)}, the tables say {counts}")

    def notes(self):
        """Say where the contract cannot be kept to the letter, so that nobody has to find out."""
        n = self.one("""SELECT count(*) FROM (SELECT 1 FROM silver.fact_sales WHERE line_number IS NOT NULL
            GROUP BY order_id, line_number, line_type HAVING count(*) > 1)""")
        if n:
            print(f"  note: {n} keys (order_id, line_number, line_type) occur more than once: a mirrored return beside a "
                  "return document of the same line")
        n = self.one("SELECT count(DISTINCT currency) FROM silver.fact_sales")
        if n > 1:
            self.fault(f"{n} currencies in fact_sales: the run should have failed")

    def want(self, path):
        """Check the facts of a file of `SQL => value` lines."""
        with open(path, encoding="utf-8") as f:
            for line in f:
                if not line.strip() or line.startswith("#"):
                    continue
                sql, _, value = line.rpartition("=>")
                got = " | ".join("NULL" if v is None else str(v) for v in self.con.execute(
                    f"SELECT COLUMNS(*)::VARCHAR FROM ({sql})").fetchone())
                if got != value.strip():
                    self.fault(f"{sql.strip()}: {got}, want {value.strip()}")

    def run(self, want=None):
        """Judge everything; return the number of faults."""
        start = time.monotonic()
        if not self.read():
            return self.faults
        recompute.run(self.con, self.rules)
        self.bronze()
        for table in contract.KEYS:
            self.compare(table)
        if self.faults:
            self.countries()
        self.conservation()
        self.notes()
        if want:
            self.want(want)
        print(f"judged in {time.monotonic() - start:.1f} s: "
              + ("every cell agrees" if not self.faults else f"{self.faults} faults"))
        return self.faults


def ident(name):
    return '"' + name + '"'


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def show(value):
    return "NULL" if value is None else repr(value)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("lake")
    p.add_argument("--config", help="the shop's smelt.yml")
    p.add_argument("--data", help="the data folder; by default smelt.yml's own")
    p.add_argument("--rules", help="the rules as JSON, in place of --config")
    p.add_argument("--want", help="a file of `SQL => value` lines")
    args = p.parse_args()
    if bool(args.config) == bool(args.rules):
        p.error("one of --config and --rules")
    if args.config:
        rules = shop.load(args.config, args.data)
    else:
        with open(args.rules, encoding="utf-8") as f:
            rules = json.load(f)
    return 1 if Judge(args.lake, rules).run(args.want) else 0


if __name__ == "__main__":
    sys.exit(main())
