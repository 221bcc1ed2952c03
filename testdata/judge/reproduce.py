"""Recomputes gold's versions from the versions of silver that their commits name.

    python reproduce.py LAKE SMELT.YML [MOST]

The promise: each commit of a gold table names silver's versions in smeltInputs, and those, read by time travel, still
give exactly the rows of that version of gold. MOST is how many versions are recomputed, evenly spread; default 12.
"""

import pathlib
import sys

import deltalake
import duckdb

import contract
import recompute
import rules as shop

lake, config = pathlib.Path(sys.argv[1]), sys.argv[2]
most = int(sys.argv[3]) if len(sys.argv) > 3 else 12
GOLD = [t for t in contract.TABLES if t.startswith("gold.")]
NEEDED = {"silver.fact_sales", "silver.dim_customers", "silver.dim_products"}


def table(name, version):
    return deltalake.DeltaTable(lake.joinpath(*name.split(".")), version=version)


made = {}  # silver's versions → [(gold table, version)]
for name in GOLD:
    for commit in table(name, None).history():
        inputs = commit["smeltInputs"]
        if not NEEDED <= set(inputs):
            sys.exit(f"{name} version {commit['version']} does not name what it was made of: {inputs}")
        made.setdefault(tuple(sorted(inputs.items())), []).append((name, commit["version"]))
made = sorted(made.items(), key=lambda m: dict(m[0])["silver.fact_sales"])
chosen = [made[i * (len(made) - 1) // (most - 1)] for i in range(most)] if len(made) > most else made

rules = shop.load(config, None)
rows = 0
for inputs, outputs in chosen:
    con = duckdb.connect(config={"threads": "2"})
    recompute.connect(con)
    recompute.set_rules(con, rules)
    for name in NEEDED:
        data = table(name, dict(inputs)[name]).to_pyarrow_table()
        con.execute(f"CREATE TABLE {name} AS FROM data")
    for file in recompute.FILES:
        if file.startswith("gold_"):
            recompute.execute(con, file)
    for name, version in outputs:
        kinds = ", ".join(f'"{n}"::{contract.DUCKDB[k]} AS "{n}"' for n, k, _ in contract.columns(name))
        data = table(name, version).to_pyarrow_table()
        con.execute(f"CREATE OR REPLACE TEMP TABLE got AS SELECT {kinds} FROM data")
        con.execute(f"CREATE OR REPLACE TEMP TABLE want AS SELECT {kinds} FROM {name}")
        odd = con.sql("(FROM got EXCEPT ALL FROM want) UNION ALL (FROM want EXCEPT ALL FROM got)").fetchall()
        n = con.sql("SELECT count(*) FROM got").fetchall()[0][0]
        if odd or not n:
            sys.exit(f"{name} version {version} is not what {inputs} give: {len(odd)} of {n} rows, {odd[:2]}")
        rows += n
print(f"{len(chosen)} of {len(made)} states of silver give {sum(len(o) for _, o in chosen)} versions of gold's tables, {rows} rows")
