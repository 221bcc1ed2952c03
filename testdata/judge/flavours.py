"""The same small messy shop in every way that other programs write Parquet.

flavours.py write FOLDER makes, for each state of the shop, FOLDER/STATE/csv and
FOLDER/STATE/FLAVOUR/, each with a smelt.yml, and FOLDER/refused/NAME/ with a
smelt.yml and what the error must say. Files have the same names throughout.

flavours.py compare FOLDER compares the lake of each flavour with that of csv:
every cell of every table, but for the batch's id.
"""

import base64
import csv
import datetime as dt
import decimal
import json
import math
import pathlib
import random
import re
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

D = decimal.Decimal
rnd = random.Random(7)
schemas = {
    "customers": pa.schema({"id": pa.int64(), "name": pa.string(), "email": pa.string(), "born": pa.date32(), "active": pa.bool_(), "country": pa.string(), "changed": pa.timestamp("us")}),
    "products": pa.schema({"sku": pa.string(), "title": pa.string(), "category": pa.string(), "cost": pa.decimal128(9, 2), "price": pa.decimal128(9, 2)}),
    "sales": pa.schema({"order": pa.int64(), "line": pa.int32(), "at": pa.timestamp("us"), "customer": pa.int64(), "sku": pa.string(), "quantity": pa.int64(),
                        "price": pa.decimal128(9, 2), "discount": pa.decimal128(9, 2), "status": pa.string(), "country": pa.string(), "nothing": pa.string()}),
    "returns": pa.schema({"order": pa.int64(), "at": pa.date32(), "sku": pa.string(), "quantity": pa.int64(), "price": pa.decimal128(9, 2)}),
}
texts = ["name", "email", "country", "sku", "title", "category", "status", "nothing"]
ids = ["id", "order", "customer"]
money = ["price", "cost", "discount"]


def maybe(v, p=0.1):
    return None if rnd.random() < p else v


def cents(n):
    return D(rnd.randrange(1, n)).scaleb(-2)


def moment(start, days):
    return start + dt.timedelta(seconds=rnd.randrange(days * 86400), milliseconds=rnd.randrange(1000))


def shop():
    names = ["Zoë Müller", "Jean-Luc  Picard", " Ana Núñez", "李雷", "O'Brien, Pat", 'Q "x" Y', "", None]
    return {
        "customers": [dict(id=1000 + i, name=rnd.choice(names), email=maybe(f"c{i}@shop.example"), born=maybe(dt.date(1950, 1, 1) + dt.timedelta(rnd.randrange(20000))), active=maybe(rnd.random() < 0.5),
                           country=rnd.choice(["Germany", "DE", "France", "USA", None]), changed=moment(dt.datetime(1969, 12, 1), 20000)) for i in [*range(40), 3, 4, 5]],
        "products": [dict(sku=f"SKU-{i:04d}", title=f"Tisch größe {i}", category=rnd.choice(["Home", "home ", "Office", None]), cost=maybe(cents(9999)), price=cents(99999)) for i in [*range(25), 2]],
        "sales": [dict(order=50000 + i // 3, line=i % 3 + 1, at=moment(dt.datetime(2024, 1, 1), 200), customer=maybe(1000 + rnd.randrange(45)), sku=maybe(f"SKU-{rnd.randrange(28):04d}", 0.02),
                       quantity=maybe(rnd.choice([1, 1, 2, 3, -1, 0, 5]), 0.03), price=maybe(rnd.choice([D("19.99"), D("0.10"), D("1.15"), D("4.35"), D("1234567.89"), cents(99999)]), 0.05),
                       discount=maybe(rnd.choice([D("0.00"), D("0.10"), D("0.15"), D("0.33"), D("1.50")]), 0.2), status=rnd.choice(["paid", "sent", "returned", None]),
                       country=maybe(rnd.choice(["Germany", "France", "Österreich"]), 0.2), nothing=None) for i in range(400)],
        "returns": [dict(order=maybe(50000 + rnd.randrange(130), 0.2), at=dt.date(2024, 3, 1) + dt.timedelta(rnd.randrange(100)), sku=f"SKU-{rnd.randrange(25):04d}", quantity=rnd.randrange(1, 3), price=D("19.99")) for i in range(30)],
    }


MAPPING = """timezone: Europe/Berlin
sources:
  - table: customers
    format: FORMAT
    files: customers.data
    columns: {customer_id: {from: id, integer: true}, full_name: name, email: email, birth_date: born, segment: active, country: country, updated_at: changed}
  - table: products
    format: FORMAT
    files: products.data
    columns: {product_id: sku, product_name: title, category: category, unit_cost: cost, unit_price: price}
  - table: sales
    format: FORMAT
    files: sales.data
    columns: {order_id: {from: order, integer: true}, line_number: line, ordered_at: at, customer_id: {from: customer, integer: true}, product_id: sku, quantity: quantity, unit_price: price, discount_rate: discount, status: status, country: country, channel: nothing}
  - table: sales
    kind: returns
    format: FORMAT
    files: returns.data
    columns: {order_id: {from: order, integer: true}, returned_at: at, product_id: sku, quantity: quantity, unit_price: price}
"""
folder = pathlib.Path(sys.argv[2])


def new(*parts, format="parquet"):
    path = folder.joinpath(*parts)
    path.mkdir(parents=True)
    (path / "smelt.yml").write_text(MAPPING.replace("FORMAT", format))
    return path


def text(v):
    if isinstance(v, bool):
        return str(v).lower()
    return "" if v is None else str(v)


def as_csv(state, rows):
    path = new(state, "csv", format="csv")
    for k in schemas:
        with open(path / f"{k}.data", "w", newline="", encoding="utf-8") as f:
            w = csv.writer(f)
            w.writerow(schemas[k].names)
            w.writerows([text(r[c]) for c in schemas[k].names] for r in rows[k])
    return path


def put(t, name, column):
    return t.set_column(t.column_names.index(name), name, column) if name in t.column_names else t


def changed(tables, columns, to):
    """The tables with columns of another type, or made by a function."""
    out = dict(tables)
    for k, t in tables.items():
        for c in set(columns) & set(t.column_names):
            out[k] = put(out[k], c, to(t.column(c)) if callable(to) else t.column(c).cast(to))
    return out


def save(path, tables, **options):
    for k, t in tables.items():
        o = dict(options)
        if "column_encoding" in o:
            o["column_encoding"] = {c: e for c, e in o["column_encoding"].items() if c in t.column_names}
        pq.write_table(t, path / f"{k}.data", **o)


def floats(type):
    """The nearest floats, which pyarrow's cast of decimals misses."""
    return lambda c: pa.array([None if v is None else float(v) for v in c.to_pylist()], type)


def berlin(c):
    return pc.assume_timezone(c, "Europe/Berlin", ambiguous="earliest", nonexistent="latest")


def clocks(tables, to):
    return changed(tables, ["changed", "at"], lambda c: to(c) if pa.types.is_timestamp(c.type) else c)


def write():
    rows = shop()
    tables = {k: pa.Table.from_pylist(rows[k], schemas[k]) for k in schemas}
    as_csv("shop", rows)

    def flavour(name, t=tables, **options):
        save(new("shop", name), t, **options)

    for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4"):
        for v in ("1.0", "2.0"):
            flavour(f"pyarrow_{codec}_v{v[0]}", compression=codec, data_page_version=v, data_page_size=512, row_group_size=150, dictionary_pagesize_limit=64)
    flavour("no_dictionary_no_statistics", use_dictionary=False, write_statistics=False)
    flavour("indexes", write_page_index=True, write_page_checksum=True, bloom_filter_options={"sku": {"ndv": 100, "fpp": 0.01}})
    flavour("tiny_groups", row_group_size=1)
    for name, columns, to in [("double_ids", ids + ["line", "quantity"], pa.float64()), ("double_money", money, floats(pa.float64())), ("float_discount", ["discount"], floats(pa.float32())), ("decimal_ids", ids, pa.decimal128(38, 2)),
                              *((f"{t}_lines", ["line"], getattr(pa, t)()) for t in ("int8", "uint8", "int16", "uint16", "uint32", "uint64")),
                              *((f"{t}_ids", ids, getattr(pa, t)()) for t in ("int32", "uint32", "uint64")),
                              ("large_string", texts, pa.large_string()), ("string_view", texts, pa.string_view()), ("binary", texts, pa.binary()), ("categorical", texts, lambda c: c.dictionary_encode()),
                              ("fixed_size_binary", ["sku"], lambda c: pa.array([v and v.encode() for v in c.to_pylist()], pa.binary(8))),
                              ("null_type", ["nothing"], lambda c: pa.nulls(len(c))), ("date64", ["born"], pa.date64()),
                              ("all_text", ids + money + ["line", "quantity", "at", "changed", "born", "active"], pa.string())]:
        flavour(name, changed(tables, columns, to))
    for t in (pa.decimal32(9, 2), pa.decimal64(18, 3), pa.decimal128(18, 4), pa.decimal128(38, 20), pa.decimal256(50, 2), pa.decimal256(76, 30)):
        for integer in (False, True):
            flavour(f"{t.__class__.__name__}_{t.precision}_{t.scale}_{integer}", changed(tables, money, t), store_decimal_as_integer=integer)
    for unit in ("ms", "us", "ns"):
        for zone in (None, "UTC", "America/New_York"):
            flavour(f"time_{unit}_{(zone or 'none').replace('/', '_')}", clocks(tables, lambda c: (berlin(c) if zone else c).cast(pa.timestamp(unit, zone), safe=False)))
    # INT96 is an instant, as Spark writes it.
    flavour("int96", clocks(tables, lambda c: berlin(c).cast(pa.timestamp("us", "UTC"))), use_deprecated_int96_timestamps=True)
    whole = ids + ["line", "quantity", "at", "changed", "born"]
    delta = {**dict.fromkeys(whole, "DELTA_BINARY_PACKED"), **dict.fromkeys(["name", "sku", "title"], "DELTA_BYTE_ARRAY"), **dict.fromkeys(["email", "country", "status"], "DELTA_LENGTH_BYTE_ARRAY"), "active": "RLE"}
    split = dict.fromkeys(whole + money, "BYTE_STREAM_SPLIT")
    for v in ("1.0", "2.0"):
        flavour(f"delta_v{v[0]}", column_encoding=delta, use_dictionary=False, data_page_version=v)
        flavour(f"split_v{v[0]}", column_encoding=split, use_dictionary=False, data_page_version=v)
    flavour("split_doubles", changed(tables, money, floats(pa.float64())), column_encoding=split, use_dictionary=False)
    flavour("nested_beside", {k: t.append_column("price.x", pa.array([{"a": 1}] * len(t))).append_column("l", pa.array([[1]] * len(t))).append_column("m", pa.array([[("k", 1)]] * len(t), pa.map_(pa.string(), pa.int32())))
                              for k, t in tables.items()})
    flavour("other_names", {k: t.append_column("Price", pa.nulls(len(t))).append_column("", pa.nulls(len(t))).append_column("x", t.column(0)).append_column("x", t.column(0)) for k, t in tables.items()})
    for codec in ("snappy", "zstd", "gzip", "lz4", "brotli", "uncompressed"):
        path = new("shop", f"polars_{codec}")
        for k, t in tables.items():
            pl.from_arrow(t).with_columns(pl.col(pl.String).cast(pl.Categorical) if codec == "gzip" else pl.all()).write_parquet(path / f"{k}.data", compression=codec, row_group_size=77)
        for v in ("V1", "V2"):
            path, db = new("shop", f"duckdb_{codec}_{v}"), duckdb.connect()
            for k, t in tables.items():
                db.register("t", t)
                db.execute(f"copy (from t) to '{path}/{k}.data' (format parquet, compression {codec}, parquet_version {v})")
    path = new("shop", "pandas")
    for k, t in tables.items():
        t.to_pandas().to_parquet(path / f"{k}.data")

    # Numbers that are none, as doubles.
    as_csv("nan", {**rows, "sales": [{**r, "price": {0: "NaN", 1: "+Inf", 2: "-Inf"}.get(i, r["price"])} for i, r in enumerate(rows["sales"])]})
    prices = [{0: math.nan, 1: math.inf, 2: -math.inf}.get(i, r["price"] and float(r["price"])) for i, r in enumerate(rows["sales"])]
    save(new("nan", "double"), {**tables, "sales": put(tables["sales"], "price", pa.array(prices, pa.float64()))})
    for path in as_csv("nan_null", rows), new("nan_null", "double"):
        (path / "smelt.yml").write_text((path / "smelt.yml").read_text().replace("files: sales.data", "files: sales.data\n    nulls: [NaN]"))
    nan = [math.nan if r["price"] is None else float(r["price"]) for r in rows["sales"]]
    save(folder / "nan_null" / "double", {**tables, "sales": put(tables["sales"], "price", pa.array(nan, pa.float64()))})

    # Nanoseconds are rounded to microseconds, half up, before 1970 too.
    nanos = [rnd.randrange(-(10**15), 10**18) // 10**6 * 10**6 + rnd.choice([0, 1, 499, 500, 501, 999, 999_999]) for _ in rows["customers"]]
    spelled = [f"{dt.datetime(1970, 1, 1) + dt.timedelta(seconds=n // 10**9)}.{n % 10**9:09d}" for n in nanos]
    as_csv("nanoseconds", {**rows, "customers": [{**r, "changed": s} for r, s in zip(rows["customers"], spelled)]})
    save(new("nanoseconds", "time_ns"), {**tables, "customers": put(tables["customers"], "changed", pa.array(nanos, pa.timestamp("ns")))})

    for name, keep in (("no_sales", ["customers", "products", "returns"]), ("no_rows", [])):
        as_csv(name, {k: r if k in keep else [] for k, r in rows.items()})
        some = {k: t if k in keep else t.slice(0, 0) for k, t in tables.items()}
        save(new(name, "empty_group"), some)
        path = new(name, "no_group")
        for k, t in some.items():
            with pq.ParquetWriter(path / f"{k}.data", t.schema) as w:
                for at in range(0, len(t), 10):
                    w.write_table(t.slice(at, 10))
                    w.write_table(t.slice(0, 0))

    def refused(name, want, sales=None, mapping=lambda m: m):
        path = new("refused", name)
        save(path, tables)
        if sales is not None:
            pq.write_table(sales, path / "sales.data")
        (path / "want").write_text(want)
        (path / "smelt.yml").write_text(mapping((path / "smelt.yml").read_text()))
        return path

    sales, n = tables["sales"], len(tables["sales"])
    for name, a in [("struct", pa.array([{"amount": 1}] * n)), ("list", pa.array([[1]] * n)), ("map", pa.array([[("k", 1)]] * n, pa.map_(pa.string(), pa.int32())))]:
        refused(name, 'sales.data: column "price": is nested', put(sales, "price", a))
    refused("part", 'did you mean "price"?', put(sales, "price", pa.array([{"amount": 1}] * n)), lambda m: m.replace("unit_price: price, disc", "unit_price: price.amount, disc"))
    refused("twice", 'sales.data: column "price": columns ', sales.append_column("price", sales["price"]))
    refused("other_case", 'did you mean "Price"?', sales.rename_columns([{"price": "Price"}.get(c, c) for c in sales.column_names]))
    refused("csv_keys", "skip_rows is for csv", mapping=lambda m: m.replace("files: sales.data", "files: sales.data\n    skip_rows: 1"))

    class Keys(pe.KmsClient):
        def __init__(self, _):
            super().__init__()

        def wrap_key(self, key, _):
            return base64.b64encode(key)

    for name, plain in (("encrypted", False), ("encrypted_column", True)):
        path = refused(name, "sales.data: is an encrypted Parquet file")
        properties = pe.CryptoFactory(Keys).file_encryption_properties(pe.KmsConnectionConfig(), pe.EncryptionConfiguration(footer_key="k", column_keys={"c": ["price"]}, plaintext_footer=plain))
        with pq.ParquetWriter(path / "sales.data", sales.schema, encryption_properties=properties) as w:
            w.write_table(sales)
    for name, want, damage in [("cut_off", "fetch it again", lambda b: b[:-10]), ("empty", "is empty", lambda b: b""), ("text", "is not a Parquet file", lambda b: b"a,b\n1,2\n"), ("packed", "unpack it first", lambda b: b"\x1f\x8b\x08" + b)]:
        path = refused(name, want) / "sales.data"
        path.write_bytes(damage(path.read_bytes()))


def lake(path):
    """The tables and counts of a lake that one run has written: every file in a table's folder is of its only version."""
    tables = {}
    for d in sorted((path / "lake").glob("[a-z]*/*/")):
        tables[f"{d.parent.name}.{d.name}"] = []
        if files := sorted(d.glob("*.parquet")):
            t = pa.concat_tables([pq.read_table(f) for f in files])
            t = t.drop_columns([c for c in ["_batch_id"] if c in t.column_names])
            tables[f"{d.parent.name}.{d.name}"] = [{k: re.sub('"_batch_id":"[0-9a-f]+"', "", v) if isinstance(v, str) else v for k, v in r.items()} for r in t.to_pylist()]
    report = json.loads((path / "lake" / "_smelt" / "run.json").read_text())
    assert all(c["holds"] for c in report["conservation"]), path
    for source in report["sources"]:
        for key in ("unmapped", "hash", "size", "stamp"):  # which differ by format
            source.pop(key, None)
    return tables, {k: report[k] for k in ("sources", "conservation")}


def compare():
    failed = compared = cells = 0
    for reference in sorted(folder.glob("*/csv")):
        want, records = lake(reference)
        assert len(want) > 8, want.keys()
        for path in sorted(reference.parent.iterdir()):
            got, own = lake(path)
            compared += 1
            if own != records:
                failed += 1
                print(f"{path.relative_to(folder)}: {own}, want {records}")
            for name in sorted(want.keys() | got.keys()):
                a, b = want.get(name, []), got.get(name, [])
                cells += sum(map(len, a))
                if a != b:
                    failed += 1
                    i = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), -1)
                    print(f"{path.relative_to(folder)}: {name}: {len(a)} and {len(b)} rows; row {i}: {a[i:i + 1]} and {b[i:i + 1]}")
    print(compared, "lakes,", cells, "cells")
    sys.exit(failed > 0)


{"write": write, "compare": compare}[sys.argv[1]]()
