"""Compares the size of a file of smelt's with those of DuckDB, pyarrow and Polars.

size.py FILE: fails where DuckDB's is smaller, with the same compression.
"""

import os
import sys
import tempfile

import duckdb
import polars as pl
import pyarrow.parquet as pq

ours, codec = sys.argv[1], sys.argv[2]
table = pq.read_table(ours)
with tempfile.TemporaryDirectory() as folder:
    theirs = {w: os.path.join(folder, w) for w in ("duckdb", "duckdb_v2", "pyarrow", "polars")}
    duckdb.execute(f"copy (from '{ours}') to '{theirs['duckdb']}' (format parquet, compression {codec})")
    duckdb.execute(f"copy (from '{ours}') to '{theirs['duckdb_v2']}' (format parquet, compression {codec}, parquet_version V2)")
    pq.write_table(table, theirs["pyarrow"], compression=codec)
    pl.from_arrow(table).write_parquet(theirs["polars"], compression=codec)
    size = os.path.getsize(ours)
    print(f"{codec}: smelt {size / table.num_rows:.2f} bytes a row")
    for who, path in theirs.items():
        print(f"  {who} {os.path.getsize(path) / table.num_rows:.2f}, smelt is {size / os.path.getsize(path):.2f} of it")
    meta = {who: pq.ParquetFile(path).metadata for who, path in {"smelt": ours, **theirs}.items()}
    for i, name in enumerate(table.column_names):
        sizes = {who: sum(m.row_group(g).column(i).total_compressed_size for g in range(m.num_row_groups)) / table.num_rows for who, m in meta.items()}
        print("  ", name.ljust(14), " ".join(f"{who} {n:.2f}" for who, n in sizes.items()))
    if size > os.path.getsize(theirs["duckdb"]):
        sys.exit("DuckDB's is smaller")
