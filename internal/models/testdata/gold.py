"""Runs models over the tables before them in DuckDB, and compares each table with the one that Go made:
gold's over silver's, or silver's over bronze's.

Reads a JSON list of shops {"silver": [table before], "models": [[name, SQL]], "gold": [table that Go made]}, where a
table is {"name": …, "columns": [[name, type]], "rows": [[text or null]]}. Exits 1 and says what differs.
"""

import json
import sys

import duckdb


def create(con, table, prefix=""):
    name, columns = prefix + table["name"], table["columns"]
    con.execute(f"create table {name} (" + ", ".join(f'"{c}" {t}' for c, t in columns) + ")")
    if table["rows"]:
        casts = ", ".join(f"cast(r[{i + 1}] as {t})" for i, (_, t) in enumerate(columns))
        con.execute(f"insert into {name} select {casts} from (select unnest(?::varchar[][]) as r)", [table["rows"]])


def types(con, name):
    return [tuple(row[:2]) for row in con.execute(f"describe {name}").fetchall()]


wrong = 0
for number, shop in enumerate(json.load(sys.stdin)):
    con = duckdb.connect(config={"threads": "1"})
    con.execute("set timezone = 'UTC'")
    for table in shop["silver"]:
        create(con, table)
    for name, sql in shop["models"]:
        con.execute(f"create table {name} as {sql}")
    for table in shop["gold"]:
        create(con, table, "go_")
        name, go = table["name"], "go_" + table["name"]
        if types(con, name) != types(con, go):
            wrong += 1
            print(f"shop {number}: {name} has other columns or types: {set(types(con, name)) ^ set(types(con, go))}")
            continue
        for what, one, other in ("in SQL only", name, go), ("in Go only", go, name):
            for row in con.execute(f"select columns(*)::varchar from (from {one} except all from {other}) limit 3").fetchall():
                wrong += 1
                print(f"shop {number}: {name}, {what}: {list(row)}")
sys.exit(wrong > 0)
