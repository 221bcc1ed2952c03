"""Rules as SQL against what their Go gives: rules_sql.py duckdb|spark FOLDER

FOLDER/rules.json lists the rules: name, the relation that computes "got" of columns of text in v, their names, the type
of what it gives and the number of rows. FOLDER/<name>.jsonl has those rows: the columns, and in "want" what Go gives. Each rule is one query. Rows that
differ are printed, the first few of each rule.
"""

import json
import sys
import tempfile
import time

engine, folder = sys.argv[1:]
SHOWN = 12
DUCKDB = {"string": "VARCHAR", "int": "INTEGER", "timestamp": "TIMESTAMP WITH TIME ZONE"}


def listed(rule):
    return ", ".join([*rule["columns"], "want", "CAST(got AS string)"])


def duckdb_engine():
    import duckdb

    con = duckdb.connect()
    con.execute("SET threads = 1; SET TimeZone = 'UTC'")

    def run(rule):
        columns = ", ".join(f"'{c}': 'VARCHAR'" for c in [*rule["columns"], "want"])
        con.execute(f"CREATE OR REPLACE TABLE v AS FROM read_json('{folder}/{rule['name']}.jsonl', columns = {{{columns}}}, format = 'newline_delimited')")
        kind = DUCKDB.get(rule["type"], rule["type"].upper())
        rows = con.execute("SELECT count(*) FROM v").fetchone()[0]
        con.execute(f"CREATE OR REPLACE TABLE r AS FROM {rule['from']}")
        typed = con.execute("SELECT typeof(got) FROM r LIMIT 1").fetchone()[0]
        differ = f"FROM r WHERE got IS DISTINCT FROM CAST(want AS {kind})"
        return (rows, typed == kind and rule["type"] or typed, con.execute(f"SELECT count(*) {differ}").fetchone()[0],
                con.execute(f"SELECT {listed(rule)} {differ} LIMIT {SHOWN}").fetchall())

    return run


def spark_engine():
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.driver.memory", "1g")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.warehouse.dir", tempfile.mkdtemp())
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")

    def run(rule):
        schema = ", ".join(f"{c} string" for c in [*rule["columns"], "want"])
        spark.read.schema(schema).json(f"{folder}/{rule['name']}.jsonl").createOrReplaceTempView("v")
        r = spark.sql(f"SELECT * FROM {rule['from']}")
        r.createOrReplaceTempView("r")
        differ = f"CASE WHEN NOT got <=> CAST(want AS {rule['type']}) THEN array({listed(rule)}) END"
        rows, some = spark.sql(f"SELECT count(*), collect_list({differ}) FROM r").first()  # one job: most of it is compiling
        return rows, r.schema["got"].dataType.simpleString(), len(some), some[:SHOWN]

    return run


run = {"duckdb": duckdb_engine, "spark": spark_engine}[engine]()
failed = False
for rule in json.load(open(f"{folder}/rules.json", encoding="utf-8")):
    start = time.monotonic()
    try:
        rows, kind, wrong, shown = run(rule)
    except Exception as e:  # whatever the engine raises
        print(f"{rule['name']}: {str(e)[:600]}\n{rule['from'][:300]}")
        failed = True
        continue
    if rows != rule["rows"]:
        print(f"{rule['name']}: {rows} rows were read, not {rule['rows']}")
        failed = True
    if kind != rule["type"]:
        print(f"{rule['name']}: gives {kind}, not {rule['type']}")
        failed = True
    if wrong:
        print(f"{rule['name']}: {wrong} of {rows} rows differ: {rule['columns']}, want, got")
        for row in shown:
            print("   ", ", ".join(ascii(x) for x in row)[:600])
        failed = True
    print(f"=> {rule['name']}: {rows} rows, {time.monotonic() - start:.1f} s", flush=True)
sys.stdout.flush()
sys.exit(failed)
