"""Writes Parquet files in every way that pyarrow, DuckDB and Polars have.

write.py FOLDER: beside every x.parquet stands x.arrow, the rows that it holds.
"""

import datetime
import decimal
import pathlib
import random
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

folder = pathlib.Path(sys.argv[1])
rnd = random.Random(1)
D = decimal.Decimal
day, epoch = datetime.timedelta(days=1), datetime.datetime(1970, 1, 1)


def column(type, make, n, nulls, distinct):
    pool = [make() for _ in range(distinct)]
    return pa.array([None if nulls and rnd.random() < 0.2 else rnd.choice(pool) for _ in range(n)], type)


def number(digits, scale):
    return D(rnd.randrange(-(10**digits) + 1, 10**digits)).scaleb(-scale)


def when():
    return epoch + datetime.timedelta(microseconds=rnd.randrange(-(10**15), 3 * 10**15))


def rows(n, nulls):
    word = lambda: rnd.choice(["", "a", "Zoë", "x" * 300, "long text " * 8, str(rnd.random())])
    kinds = {
        **{t: (getattr(pa, t)(), lambda b=int(t.strip("uint")), s=t[0] != "u": rnd.randrange(-(2 ** (b - 1)), 2 ** (b - 1)) if s else rnd.randrange(2**b))
           for t in ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]},
        "float": (pa.float32(), lambda: rnd.choice([0.0, -0.0, 1.5, 0.1, 1e30, rnd.random(), float("nan"), float("inf")])),
        "double": (pa.float64(), lambda: rnd.choice([0.0, -1.5, 0.1, 1e300, rnd.random() * 1e6, float("nan"), float("-inf")])),
        "half": (pa.float16(), lambda: rnd.choice([0.0, 1.5, -2.25, 65504.0])),
        "bool": (pa.bool_(), lambda: rnd.random() < 0.5),
        "d9": (pa.decimal128(9, 2), lambda: number(9, 2)),
        "d18": (pa.decimal128(18, 4), lambda: number(18, 4)),
        "d38": (pa.decimal128(38, 10), lambda: number(rnd.choice([5, 20, 38]), 10)),
        "date": (pa.date32(), lambda: when().date()),
        "time_ms": (pa.time32("ms"), lambda: when().time().replace(microsecond=1000)),
        "time_us": (pa.time64("us"), lambda: when().time()),
        **{f"ts_{u}{'_tz' if z else ''}": (pa.timestamp(u, z), lambda u=u: when().replace(microsecond=0) if u == "ms" else when()) for u in ("ms", "us", "ns") for z in (None, "UTC", "Europe/Berlin")},
        "text": (pa.string(), word),
        "large": (pa.large_string(), word),
        "id": (pa.string(), lambda: f"ORD-{rnd.randrange(10**6):08d}"),
        "binary": (pa.binary(), lambda: word().encode()),
        "fixed": (pa.binary(5), lambda: f"{rnd.randrange(10**5):05d}".encode()),
    }
    columns = {k: column(t, make, n, nulls, rnd.choice([3, 40, n])) for k, (t, make) in kinds.items()}
    columns["code"] = columns["text"].dictionary_encode()
    return pa.table({k: c for k, c in columns.items()}, pa.schema([pa.field(k, c.type, nullable=nulls) for k, c in columns.items()]))


def save(name, table):
    """The rows as our source reads them: half floats are floats there."""
    for i, f in enumerate(table.schema):
        if pa.types.is_float16(f.type):
            table = table.set_column(i, f.name, table.column(i).cast(pa.float32()))
        elif pa.types.is_decimal256(f.type) or pa.types.is_decimal32(f.type) or pa.types.is_decimal64(f.type):
            table = table.set_column(i, f.name, table.column(i).cast(pa.decimal128(f.type.precision, f.type.scale)))
        elif str(f.type) == "string_view":
            table = table.set_column(i, f.name, table.column(i).cast(pa.large_string()))
        elif str(f.type) == "binary_view":
            table = table.set_column(i, f.name, table.column(i).cast(pa.large_binary()))
    with pa.OSFile(str(folder / f"{name}.arrow"), "wb") as f, pa.ipc.new_file(f, table.schema) as w:
        w.write_table(table.combine_chunks().unify_dictionaries())


def arrow(name, table, **options):
    pq.write_table(table, folder / f"{name}.parquet", **options)
    save(name, table)


plain = {nulls: rows(600, nulls) for nulls in (False, True)}
large = {nulls: rows(9000, nulls) for nulls in (False, True)}
for nulls, table in plain.items():
    for codec in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
        for version in ("1.0", "2.0"):
            for dictionary in (False, True):
                arrow(f"pyarrow_{codec}_v{version[0]}_{'dict' if dictionary else 'plain'}_{'null' if nulls else 'required'}", table,
                      compression=codec, data_page_version=version, use_dictionary=dictionary, data_page_size=4096, row_group_size=350, write_page_checksum=True)
    delta = {}
    for f in table.schema:
        if f.type in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()) or pa.types.is_temporal(f.type):
            delta[f.name] = "DELTA_BINARY_PACKED"
        elif pa.types.is_boolean(f.type):
            delta[f.name] = "RLE"
        elif pa.types.is_floating(f.type) or pa.types.is_decimal(f.type) and f.type.precision > 18:
            delta[f.name] = "BYTE_STREAM_SPLIT"
        elif f.name in ("text", "fixed", "large"):
            delta[f.name] = "DELTA_BYTE_ARRAY"
        elif f.name in ("id", "binary"):
            delta[f.name] = "DELTA_LENGTH_BYTE_ARRAY"
    split = {f.name: "BYTE_STREAM_SPLIT" for f in table.schema if f.name in delta and not pa.types.is_boolean(f.type) and f.name not in ("text", "large", "id", "binary")}
    for version in ("1.0", "2.0"):
        for codec in ("none", "zstd"):
            kind = f"v{version[0]}_{codec}_{'null' if nulls else 'required'}"
            arrow(f"delta_{kind}", table, column_encoding=delta, use_dictionary=False, data_page_version=version, compression=codec, data_page_size=4096)
            arrow(f"split_{kind}", table, column_encoding=split, use_dictionary=False, data_page_version=version, compression=codec)
    kind = "null" if nulls else "required"
    arrow(f"large_{kind}", large[nulls])
    arrow(f"int96_{kind}", table.select(["ts_us_tz", "text"]), use_deprecated_int96_timestamps=True)
    arrow(f"integer_decimals_{kind}", table.select(["d9", "d18", "d38"]), store_decimal_as_integer=True)
    arrow(f"spark_{kind}", table.select(["d9", "text"]), flavor="spark")

# What DuckDB and Polars make of it. DuckDB says itself what is in its files:
# pyarrow cannot read its unsigned integers of version 2.
db = duckdb.connect()
db.sql("set timezone = 'UTC'")
for nulls, table in large.items():
    kind = "null" if nulls else "required"
    source = table.drop_columns(["half", "fixed", "time_ms"])
    for codec in ("snappy", "zstd", "gzip", "lz4_raw", "brotli", "uncompressed"):
        for version in ("V1", "V2"):
            name = f"duckdb_{codec}_{version}_{kind}"
            db.execute(f"copy source to '{folder}/{name}.parquet' (format parquet, compression {codec}, parquet_version {version}, row_group_size 4000)")
            result = db.sql(f"from '{folder}/{name}.parquet'").arrow()
            save(name, result if isinstance(result, pa.Table) else result.read_all())
    source = pl.from_arrow(table.drop_columns(["half", "fixed"]))
    for codec in ("snappy", "zstd", "gzip", "lz4", "brotli", "uncompressed"):
        name = f"polars_{codec}_{kind}"
        source.write_parquet(folder / f"{name}.parquet", compression=codec, row_group_size=4000)
        save(name, pq.read_table(folder / f"{name}.parquet"))
print(len(list(folder.glob("*.parquet"))), "files")
