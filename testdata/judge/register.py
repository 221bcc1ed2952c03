"""Spark judges the SQL of smelt register: register.py LAKE SQL…

Every statement must parse; those that only Databricks knows (tags, SYNC
METADATA, and keys, which Spark knows from 4.1 on) must have the form that its
manual gives. The check of locations is
run against an information_schema that is right, and against wrong ones. The
tables of a Parquet lake are created, twice, and must hold what run.json says.
"""
import json
import re
import sys
import tempfile

from pyspark.sql import SparkSession

lake, files = sys.argv[1], sys.argv[2:]
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.sql.warehouse.dir", tempfile.mkdtemp())
    .config("spark.sql.shuffle.partitions", "1")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("OFF")
parser = spark._jsparkSession.sessionState().sqlParser()
part = r"`(?:[^`]|``)+`"
only_databricks = re.compile(
    rf"ALTER TABLE {part}(\.{part}){{0,2}}( ALTER COLUMN {part})? SET TAGS \('\w+' = '\w+'(, '\w+' = '\w+')*\)"
    rf"|MSCK REPAIR TABLE {part}(\.{part}){{0,2}} SYNC METADATA"
    rf"|ALTER TABLE {part}(\.{part}){{0,2}} DROP CONSTRAINT IF EXISTS {part}"
    rf"|ALTER TABLE {part}(\.{part}){{0,2}} ADD CONSTRAINT {part} PRIMARY KEY \({part}(, {part})*\)( RELY)?"
    rf"|ALTER TABLE {part}(\.{part}){{0,2}} ADD CONSTRAINT {part} FOREIGN KEY \({part}\) REFERENCES {part}(\.{part}){{0,2}} \({part}\)( RELY)?"
)


def statements(path):
    text = "".join(line for line in open(path, encoding="utf-8") if not line.startswith("--"))
    return [s.strip() for s in re.split(r";\n", text) if s.strip()]


def refused(sql):
    try:
        spark.sql(sql).collect()
    except Exception as e:  # what Spark raises depends on where
        return str(e)
    return ""


problems = []
for path in files:
    all = statements(path)
    known = 0
    for s in all:
        if only_databricks.fullmatch(s):
            continue
        known += 1
        try:
            parser.parsePlan(s)
        except Exception as e:
            problems.append(f"{path}: {s[:200]}: {e}")
    print(f"{path}: {len(all)} statements, {known} of them parsed by Spark {spark.version}")
    if known < 10:
        problems.append(f"{path}: {known} statements only")

all = statements(files[0])
check = next(s for s in all if s.startswith("SELECT assert_true("))
want = [tuple(re.findall(r"'((?:[^'\\]|\\.)*)'", line)) for line in check.splitlines() if line.startswith("  ('")]
spark.sql("CREATE SCHEMA information_schema")


def registered(rows):
    literals = [", ".join("NULL" if cell is None else f"'{cell}'" for cell in row) for row in rows]
    spark.sql(
        "CREATE OR REPLACE VIEW information_schema.tables AS SELECT * FROM VALUES "
        + ", ".join(f"({row})" for row in literals)
        + " AS t (table_schema, table_name, table_type, data_source_format, storage_path)"
    )
    return refused(check)


right = [(s, t, "EXTERNAL", f, place + "/") for s, t, f, place in want]
if e := registered(right + [("other", "table", "MANAGED", "DELTA", None)]):
    problems.append(f"the check refuses what is right: {e}")
wrong = []
for (s, t, _, f, place), how in zip(right, ["missing", "elsewhere", "nowhere", "managed", "another format"]):
    other = {
        "missing": [],
        "elsewhere": [(s, t, "EXTERNAL", f, place + "x")],
        "nowhere": [(s, t, "EXTERNAL", f, None)],
        "managed": [(s, t, "MANAGED", f, place)],
        "another format": [(s, t, "EXTERNAL", "CSV", place)],
    }
    wrong += other[how]
e = registered(wrong + right[5:])
named = [f"{s}.{t}" for s, t, *_ in right if f"{s}.{t} at " in e]
if "smelt: these names are taken by tables of other files" not in e or named != [f"{s}.{t}" for s, t, *_ in right[:5]]:
    problems.append(f"the check refuses {named}: {e[:600]}")
spark.sql("DROP SCHEMA information_schema CASCADE")

if any("USING PARQUET" in s for s in all):
    for _ in range(2):
        for s in all:
            if s.startswith("CREATE "):
                spark.sql(s)
    rows = {t["name"]: t["rows"] for t in json.load(open(f"{lake}/_smelt/run.json"))["tables"]}
    for name, count in rows.items():
        got = spark.table(name)
        if (n := len(got.collect())) != count:  # reads every column
            problems.append(f"{name}: {n} rows, not {count}")
        for c in spark.catalog.listColumns(name):
            if not c.description or "\\" in c.description:
                problems.append(f"{name}.{c.name}: comment {c.description!r}")
    key = next(c for c in spark.catalog.listColumns("silver.dim_customers") if c.name == "customer_id")
    if key.description != "The shop's key of the customer.":
        problems.append(f"comment {key.description!r}")
    print(f"Spark reads {len(rows)} tables, {sum(rows.values())} rows")

for p in problems:
    print("WRONG", p)
sys.exit(bool(problems))
