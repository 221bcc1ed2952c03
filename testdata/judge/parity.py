"""The same tables from dbt as from smelt: builds dbt projects, and compares what they made with smelt's lakes.

    python parity.py build PROJECT …              each project by dbt, in the folder of it
    python parity.py build --spark PROJECT …      in one session of Spark, whose tables go to PROJECT/tables as Parquet
    python parity.py compare LAKE TABLES          TABLES is a DuckDB file, or such a folder
    python parity.py mend LAKE DATA               drops from DATA's files the records that the lake's bronze.rejects has, and
                                                  makes their text NFC: Spark has no function for it

build runs where dbt is, and exits 2 where dbt could not build a model; tests may fail. It leaves run_results.json.
Where a project has a folder half, dbt runs over the files of that first, and then, incrementally, over all.
mend and compare run where DuckDB and delta-rs are. compare prints a line per table of silver and gold, and cells that differ, and
exits 1 if any does. Decimals must be equal to the last digit and types to the letter; JSON is compared parsed.
"""

import json
import os
import shutil
import sys
import unicodedata

LAYERS = ("bronze", "silver", "gold")
SHOWN = 5  # differing rows shown of a table
IGNORED = {"_batch_id"}  # says which run, which differs


def build(args):
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    from dbt.cli.main import dbtRunner

    spark = session() if args[0] == "--spark" else None
    projects, failed = args[1:] if spark else args, False
    for project in map(os.path.abspath, projects):
        os.chdir(project)
        command = os.environ.get("SMELT_PARITY_DBT", "build").split()
        options = ["--profiles-dir", ".", "--threads", "1", "--no-use-colors", "--log-level", "none"]
        if os.path.isdir("half"):
            # In full: Spark's own working folder is where its session began.
            half = ["--exclude-resource-type", "test", "--vars", "data: " + os.path.abspath("half")]
            failed = not built(dbtRunner().invoke([*command, *options, *half])) or failed
        failed = not built(dbtRunner().invoke([*command, *options])) or failed
        if spark:
            keep(spark, os.path.join(project, "tables"))
    if spark:
        spark.stop()
    sys.stdout.flush()
    os._exit(2 if failed else 0)  # Spark's threads would go on


def built(result):
    """Whether dbt could build all models; says which it could not. Tests may fail."""
    wrong = [str(result.exception)] if result.exception else []
    for r in result.result or ():
        if r.status in ("error", "runtime error") or r.node.resource_type != "test" and r.status not in ("success", "no-op"):
            wrong.append(f"{r.node.unique_id}: {r.status}: {r.message}")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return not wrong


def session():
    """A session as a profile of the project would make it, without Hive and with little memory."""
    from pyspark.sql import SparkSession
    import tempfile

    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.databricks.delta.snapshotPartitions", "1")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .config("spark.sql.catalogImplementation", "in-memory")
        .config("spark.sql.warehouse.dir", tempfile.mkdtemp(prefix="smelt-parity-"))
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "1g")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    return spark


def keep(spark, folder):
    """Write a project's tables as Parquet, and leave the session as it was."""
    shutil.rmtree(folder, ignore_errors=True)
    schemas = [s.name for s in spark.catalog.listDatabases()]
    for layer in LAYERS:
        if layer not in schemas:
            continue
        for table in spark.catalog.listTables(layer):
            if table.isTemporary:  # what dbt's merges read from, which lies in no schema
                spark.catalog.dropTempView(table.name)
            elif not table.name.startswith("int_"):
                spark.table(f"{layer}.`{table.name}`").coalesce(1).write.parquet(os.path.join(folder, f"{layer}.{table.name}"))
    for s in schemas:
        if s != "default":
            spark.sql(f"DROP SCHEMA {s} CASCADE")


def compare(lake, tables):
    import duckdb
    from deltalake import DeltaTable

    import contract

    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'; SET threads = 2")
    if os.path.isfile(tables):
        con.execute(f"ATTACH '{tables}' AS got (READ_ONLY)")
        made = {f"{s}.{t}": f'got."{s}"."{t}"' for s, t in con.execute("SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'got'").fetchall()}
    else:
        made = {t: f"read_parquet('{tables}/{t}/*.parquet')" for t in sorted(os.listdir(tables))}

    print(f"{'table':28} {'rows':>9} {'cells':>10} {'differing':>9}")
    faults = 0
    for table, columns in contract.TABLES.items():
        if table == "bronze.rejects":
            continue
        if table not in made:
            print(f"{table:28} is not made")
            faults += 1
            continue
        delta = DeltaTable(os.path.join(lake, *table.split(".")))
        files = delta.file_uris()
        key = contract.KEYS.get(table, ["_source_file", "_source_row"])
        names = [f.name for f in delta.schema().fields if f.name not in IGNORED]
        quoted = ", ".join(f'"{n}"' for n in names)
        con.execute(f"CREATE OR REPLACE TEMP VIEW g AS SELECT {quoted} FROM {made[table]}")
        if files:
            con.execute(f"CREATE OR REPLACE TEMP VIEW w AS SELECT {quoted} FROM read_parquet({files!r})")
        else:
            con.execute("CREATE OR REPLACE TEMP VIEW w AS SELECT * FROM g LIMIT 0")
        types = [{r[0]: r[1] for r in con.execute(f"DESCRIBE {v}").fetchall()} for v in "gw"]
        wrong = {n: (types[0][n], types[1][n]) for n in names if types[0][n] != types[1][n]}
        rows = [con.execute(f"SELECT count(*) FROM {v}").fetchone()[0] for v in "gw"]
        parsed = {n: f"({plain('g', n)} IS DISTINCT FROM {plain('w', n)})" for n in names if n in ("values", "_rescued_data")}
        differs = [parsed.get(n, f'(g."{n}" IS DISTINCT FROM w."{n}")') for n in names]
        joined = "FROM g FULL JOIN w ON " + " AND ".join(f'g."{k}" IS NOT DISTINCT FROM w."{k}"' for k in key)
        counts = con.execute("SELECT " + ", ".join(f"coalesce(sum({d}::INT), 0)" for d in differs) + " " + joined).fetchone()
        differing = sum(counts)
        print(f"{table:28} {rows[1]:9} {rows[1] * len(names):10} {differing:9}")
        if rows[0] != rows[1]:
            print(f"  DIFFERS: {rows[0]} rows from dbt")
        if wrong:
            print(f"  DIFFERS: types, dbt's and smelt's: {wrong}")
        for n, count, d in zip(names, counts, differs):
            if count:
                shown = con.execute("SELECT " + ", ".join(f'coalesce(g."{k}", w."{k}")::VARCHAR' for k in key) + f', g."{n}"::VARCHAR, w."{n}"::VARCHAR {joined} WHERE {d} ORDER BY ALL LIMIT {SHOWN}').fetchall()
                print(f"  DIFFERS: {n}, {count} cells: key, dbt's and smelt's: {shown}")
        faults += bool(differing or wrong or rows[0] != rows[1])
    sys.exit(1 if faults else 0)


def plain(side, column):
    """A JSON object as it is parsed, without what is not compared."""
    return f"""json_merge_patch({side}."{column}"::JSON, '{{"_batch_id": null}}'::JSON)"""


def mend(lake, data):
    from deltalake import DeltaTable

    rejects = DeltaTable(os.path.join(lake, "bronze", "rejects")).to_pyarrow_table(columns=["source_file", "byte_offset", "raw"]).to_pylist()
    for name in sorted({r["source_file"] for r in rejects}):
        with open(os.path.join(data, name), "rb") as f:
            text = f.read()
        for r in sorted((r for r in rejects if r["source_file"] == name), key=lambda r: -r["byte_offset"]):
            end = r["byte_offset"] + len(r["raw"])
            if text[r["byte_offset"] : end] != r["raw"]:
                sys.exit(f"{name}: at {r['byte_offset']} there is not {r['raw']}")
            while text[end : end + 1] in (b"\r", b"\n"):
                end += 1
            text = text[: r["byte_offset"]] + text[end:]
        with open(os.path.join(data, name), "wb") as f:
            f.write(text)
    for name in sorted(os.listdir(data)):
        if name.endswith(".csv"):
            path = os.path.join(data, name)
            with open(path, encoding="utf-8", newline="") as f:
                text = f.read()
            with open(path, "w", encoding="utf-8", newline="") as f:
                f.write(unicodedata.normalize("NFC", text))
    print(f"{len(rejects)} records dropped")


{"build": lambda *a: build(a), "compare": compare, "mend": mend}[sys.argv[1]](*sys.argv[2:])
