# Has delta-rs write a table of its own types, partitioned, with a checkpoint,
# and an Arrow file beside it that says what must be read.
import datetime
import decimal
import pathlib
import sys

import deltalake
import pyarrow as pa

folder = pathlib.Path(sys.argv[1])
n = 40
when = [datetime.datetime(1969, 12, 31, 23, 59, 59, 999999) + datetime.timedelta(hours=i * 1000, microseconds=i) for i in range(n)]
columns = {
    "id": pa.array([f"k{i:02}" for i in range(n)]),
    "byte": pa.array([None if i % 9 == 0 else i - 20 for i in range(n)], pa.int8()),
    "short": pa.array([i * 100 for i in range(n)], pa.int16()),
    "number": pa.array([i * 100_000 for i in range(n)], pa.int32()),
    "long": pa.array([i << 55 for i in range(n)], pa.int64()),
    "float": pa.array([i / 7 for i in range(n)], pa.float32()),
    "double": pa.array([i / 7 for i in range(n)], pa.float64()),
    "yes": pa.array([i % 2 == 0 for i in range(n)]),
    "day": pa.array([w.date() for w in when]),
    "at": pa.array(when, pa.timestamp("us", "UTC")),
    "local": pa.array(when, pa.timestamp("us")),
    "price": pa.array([decimal.Decimal(i - 20) / 8 for i in range(n)], pa.decimal128(9, 3)),
    "sum": pa.array([decimal.Decimal(i - 20) * 10**20 for i in range(n)], pa.decimal128(38, 4)),
    "raw": pa.array([bytes([i]) for i in range(n)]),
    "part": pa.array([None if i % 5 == 0 else datetime.date(2020, 1, i % 5) for i in range(n)]),
    "part_at": pa.array([when[i % 3] for i in range(n)], pa.timestamp("us", "UTC")),
}
nested = {"list": pa.array([[i] for i in range(n)]), "struct": pa.array([{"a": i} for i in range(n)])}
whole = pa.table({**columns, **nested})
path = folder / "foreign"
for i in range(0, n, 10):
    deltalake.write_deltalake(path, whole.slice(i, 10), mode="append", partition_by=["part", "part_at"], description="Of delta-rs.")
    if i == 20:
        dt = deltalake.DeltaTable(path)
        dt.delete("id = 'k05'")
        dt.create_checkpoint()
keep = [i for i in range(n) if i != 5]
want = pa.table(columns).take(keep)
want = want.set_column(1, "byte", want["byte"].cast(pa.int32()))
want = want.set_column(2, "short", want["short"].cast(pa.int32()))
with pa.ipc.new_file(folder / "foreign.arrow", want.schema) as f:
    f.write_table(want)
