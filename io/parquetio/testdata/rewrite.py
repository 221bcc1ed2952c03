"""Writes a Parquet file again in the ways that others would.

rewrite.py FILE FOLDER: the rows of FILE, in their order, as pyarrow, DuckDB and
Polars write them: other pages, encodings, compressions, units of time and ways
to hold decimals, with and without statistics and page indexes.
"""

import pathlib
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

source, folder = sys.argv[1], pathlib.Path(sys.argv[2])
table = pq.read_table(source, read_dictionary=[])
plain = {"use_dictionary": False}
delta = {c: "DELTA_BYTE_ARRAY" if pa.types.is_string(t) else "DELTA_BINARY_PACKED"
         for c, t in zip(table.schema.names, table.schema.types) if pa.types.is_string(t) or pa.types.is_integer(t)}
lengths = {c: "DELTA_LENGTH_BYTE_ARRAY" for c, t in zip(table.schema.names, table.schema.types) if pa.types.is_string(t)}

ways = {
    "default": {},
    "indexed": {"write_page_index": True, "data_page_size": 4096, "row_group_size": 3000, "max_rows_per_page": 500},
    "v2": {"data_page_version": "2.0", "compression": "zstd", "write_page_index": True, "data_page_size": 4096},
    "plain": {**plain, "compression": "none", "data_page_size": 2048, "write_page_index": True},
    "delta": {**plain, "column_encoding": delta, "write_page_index": True, "data_page_size": 2048},
    "lengths": {**plain, "column_encoding": lengths, "compression": "gzip"},
    "bare": {"write_statistics": False, "row_group_size": 777},
    "spilled": {"dictionary_pagesize_limit": 2000, "data_page_size": 4096, "write_page_index": True},
    "int96": {"use_deprecated_int96_timestamps": True, "version": "1.0"},
    "nanos": {"coerce_timestamps": None, "version": "2.6"},
    "decimals": {"store_decimal_as_integer": True},
    "brotli": {"compression": "brotli", "data_page_version": "2.0"},
}
for name, how in ways.items():
    t = table
    if name == "nanos":
        t = t.cast(pa.schema([pa.field(f.name, pa.timestamp("ns", "UTC"), f.nullable) if pa.types.is_timestamp(f.type) else f for f in t.schema]))
    try:
        pq.write_table(t, folder / f"pyarrow_{name}.parquet", **how)
    except TypeError as e:  # an option that this version lacks
        how = {k: v for k, v in how.items() if f"'{k}'" not in str(e)}
        pq.write_table(t, folder / f"pyarrow_{name}.parquet", **how)

db = duckdb.connect()
db.execute("set threads = 1; set preserve_insertion_order = true; set timezone = 'UTC'")
for name, how in {"v1": "row_group_size 4096", "v2": "parquet_version v2, compression zstd", "small": "row_group_size 2048, dictionary_size_limit 10"}.items():
    db.execute(f"copy (select * from read_parquet('{source}')) to '{folder}/duckdb_{name}.parquet' (format parquet, {how})")

df = pl.from_arrow(table)
df.write_parquet(folder / "polars.parquet")
df.write_parquet(folder / "polars_paged.parquet", compression="snappy", row_group_size=3000, data_page_size=4096)
