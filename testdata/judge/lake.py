"""delta-rs, Polars and DuckDB judge a Delta lake: lake.py LAKE WANT

WANT holds TABLE@vN.csv, what smelt showed of each table after each run. Every table must be the same, cell for cell, as
all three read it now, and as delta-rs reads it at every version; its log must tell what happened, and a condition on a
column that the fact is ordered by must leave out files.
"""

import os
import pathlib
import sys

import deltalake
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

import cells

lake, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
con = duckdb.connect()
con.execute("SET TimeZone = 'UTC'")
try:
    con.install_extension("delta")
    con.load_extension("delta")
    scan = "delta_scan('{}')"
except duckdb.Error:
    scan = "dataset"
print("DuckDB reads " + ("through delta-rs's dataset: its delta extension cannot be installed here" if scan == "dataset" else "by its own extension"))

wants = {}
for path in folder.glob("*@v*.csv"):
    name, version = path.stem.split("@v")
    wants.setdefault(name, {})[int(version)] = path

for name in sorted(wants):
    path, versions = lake.joinpath(*name.split(".")), wants[name]
    dt = deltalake.DeltaTable(path)
    last = dt.version()
    dataset = dt.to_pyarrow_dataset()
    cells.same(f"{name}: delta-rs", name, dt.to_pyarrow_table(), versions[last])
    cells.same(f"{name}: Polars", name, pl.scan_delta(str(path)).collect().to_arrow(), versions[last])
    got = con.sql("FROM " + scan.format(path)).to_arrow_table()
    cells.same(f"{name}: DuckDB", name, got, versions[last])
    for v, want in versions.items():
        cells.same(f"{name} at version {v}: delta-rs", name, deltalake.DeltaTable(path, version=v).to_pyarrow_table(), want)

    history = dt.history()
    assert [h["version"] for h in history] == list(range(last, -1, -1)), (name, history)
    for h in history:
        assert h["engineInfo"].startswith("smelt/") and h["operation"] in ("WRITE", "MERGE"), (name, h)
        assert h["operationMetrics"] and h["timestamp"] and h["userMetadata"].startswith("smelt run "), (name, h)
        if name.startswith("gold."):
            assert set(h["smeltInputs"]) >= {"silver.fact_sales", "silver.dim_customers", "silver.dim_products"}, (name, h)
    checkpoints = sorted((path / "_delta_log").glob("*.checkpoint.parquet"))
    assert bool(checkpoints) == (last >= 10), (name, last, checkpoints)
    assert dt.metadata().description and all(f.metadata.get("comment") for f in dt.schema().fields), name
    actions = pa.table(dt.get_add_actions(flatten=True)).to_pydict()
    assert sum(actions["num_records"]) == dataset.count_rows(), name
    print(f"{name:30} version {last:3}, {len(versions)} versions read, {len(checkpoints)} checkpoints, {len(dt.file_uris())} files")

    if name == "silver.fact_sales":
        rows = dataset.to_table(columns=["order_id", "order_date"])
        for column in ("order_id", "order_date"):
            value = sorted(rows[column].to_pylist())[rows.num_rows * 9 // 10]
            found = list(dataset.get_fragments(filter=pc.field(column) == value))
            assert 0 < len(found) <= len(dt.file_uris()) / 2, (column, value, len(found), len(dt.file_uris()))
            n = dataset.to_table(filter=pc.field(column) == value).num_rows
            assert n == sum(v == value for v in rows[column].to_pylist()) > 0, (column, value, n)
            print(f"  {column} = {value}: {len(found)} of {len(dt.file_uris())} files read")

# The threads of three engines do not always survive the end of an interpreter.
sys.stdout.flush()
os._exit(0)
