"""A shop's models as SQL, run in an engine: models_sql.py duckdb|spark FOLDER

FOLDER/models.json has the shop's data folder, sources and models: [name, SQL] each, in the order in which they build on
each other. Every table of FOLDER/lake that a model is named after is compared with that model's rows, cell by cell,
JSON parsed; _batch_id does not count. Steps of which FOLDER/want.json has the rows are compared with these.
"""

import glob
import json
import os
import sys

engine, folder = sys.argv[1:]
shop = json.load(open(f"{folder}/models.json", encoding="utf-8"))


def duckdb_engine():
    import duckdb

    con = duckdb.connect()
    con.execute("SET threads = 1; SET TimeZone = 'UTC'; CREATE SCHEMA files; CREATE SCHEMA models")

    def run(text):
        cursor = con.execute(text)
        return [c[0] for c in cursor.description or []], cursor.fetchall()

    return run, lambda name, text: run(f"CREATE TABLE models.{name} AS {text}"), lambda path: f"read_parquet({path!r})"


def spark_engine():
    import tempfile

    from pyspark.sql import SparkSession

    home = tempfile.mkdtemp()
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.extraJavaOptions", f"-Dderby.system.home={home}")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.files.maxPartitionBytes", "64k")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.warehouse.dir", home)
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    for schema in "files", "models":
        spark.sql(f"CREATE SCHEMA {schema}")

    def run(text):
        frame = spark.sql(text)
        return frame.columns, [tuple(r) for r in frame.collect()]

    return run, lambda name, text: run(f"CREATE TABLE models.{name} USING parquet AS {text}"), lambda path: f"parquet.`{path}`"


def texts(run, relation):
    """Return the columns and rows of a relation as texts: both sides' by the same engine. DuckDB alone writes that a time is UTC's."""
    columns = [c for c in run(f"SELECT * FROM {relation} LIMIT 0")[0] if c != "_batch_id"]
    rows = run("SELECT " + ", ".join(f"CAST({c} AS string)" for c in columns) + f" FROM {relation}")[1]
    if "_rescued_data" in columns:
        at = columns.index("_rescued_data")
        rows = [(*r[:at], json.dumps(json.loads(r[at]), sort_keys=True) if r[at] else None, *r[at + 1:]) for r in rows]
    rows = [tuple(v and v.removesuffix("+00") for v in r) for r in rows]
    return columns, sorted(rows, key=lambda r: [(v is not None, v) for v in r])


run, create, parquet = {"duckdb": duckdb_engine, "spark": spark_engine}[engine]()
wrong = compared = 0
for name, text in shop["sources"]:
    run(f"CREATE VIEW files.{name} AS {text}")
want = {}
if os.path.exists(f"{folder}/want.json"):
    want = json.load(open(f"{folder}/want.json", encoding="utf-8"))
for name, text in shop["models"]:
    create(name, text)
    table = f"{folder}/lake/bronze/{name}"
    if name not in want and not glob.glob(f"{table}/*.parquet"):
        continue
    columns, got = texts(run, f"models.{name}")
    if name in want:
        rows = [tuple(r) for r in want[name]]
        differ = [("want", r) for r in rows if r not in got] + [("got", r) for r in got if r not in rows]
        if len(rows) != len(got):
            differ.append(("rows", len(got), len(rows)))
    else:
        names, rows = texts(run, parquet(f"{table}/*.parquet"))
        differ = [] if names == columns else [("columns", columns, names)]
        if len(rows) != len(got):
            differ.append(("rows", len(got), len(rows)))
        for a, b in zip(got, rows):
            differ += [(b[columns.index("_source_file")], b[columns.index("_source_row")], c, "want", y, "got", x) for c, x, y in zip(columns, a, b) if x != y]
    compared += 1
    wrong += len(differ)
    print(f"{engine} {name}: {len(got)} rows, {len(columns)} columns, {len(differ)} differ")
    for d in differ[:20]:
        print("   ", ascii(d))
print(f"=> {compared} compared, {wrong} differ")
sys.exit(wrong > 0)
