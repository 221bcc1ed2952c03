"""Compares a table that somebody has read with what `smelt show --format csv` printed of it, cell by cell.

Decimals must have all their digits, times are microseconds of UTC, and NULL, which is an empty field, is not the empty
text, which is "". The order of rows does not count.
"""

import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

import contract

UTC = pa.timestamp("us", "UTC")


def shown(path):
    """What smelt printed, as texts and NULLs."""
    with open(path, encoding="utf-8", newline="") as f:
        names = f.readline().rstrip("\r\n").split(",")
    return pa.csv.read_csv(
        path,
        read_options=pa.csv.ReadOptions(use_threads=False, block_size=1 << 28),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(column_types={n: pa.string() for n in names}, null_values=[""],
                                              strings_can_be_null=True, quoted_strings_can_be_null=False),
    )


def binary(value):
    """Bytes as smelt prints them: text where they are UTF-8, other bytes as \\xff."""
    return None if value is None else value.decode("utf-8", "backslashreplace")


def texts(column):
    """A column as smelt prints it; times stay times."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        if kind.tz is None:
            sys.exit(f"a time without a zone: {kind}")
        return column.cast(UTC)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or str(kind) == "binary_view":
        return pa.chunked_array([pa.array([binary(v) for v in column.to_pylist()], pa.string())])
    return column.cast(pa.string())


def key(table, names):
    """The columns that rows are sorted by, to be compared."""
    if table in contract.KEYS:
        return contract.KEYS[table]
    return [n for n in ("source_table", "source_file", "source_row", "_source_file", "_source_row") if n in names]


def same(what, table, got, path):
    """Exit with the first cells that differ, where any does."""
    want = shown(path)
    if got.column_names != want.column_names:
        sys.exit(f"{what}: columns {got.column_names}, want {want.column_names}")
    got = pa.table({n: texts(got[n]) for n in got.column_names})
    want = want.cast(got.schema)
    order = [(n, "ascending") for n in key(table, got.column_names)]
    got, want = (t.sort_by(order).combine_chunks() for t in (got, want))
    if got.num_rows != want.num_rows:
        sys.exit(f"{what}: {got.num_rows} rows, want {want.num_rows}")
    if got.equals(want):
        return
    for name in want.column_names:
        a, b = got[name], want[name]
        if not a.equals(b):
            odd = [(i, x, y) for i, (x, y) in enumerate(zip(a.to_pylist(), b.to_pylist())) if x != y]
            sys.exit(f"{what}: column {name}: {len(odd)} cells differ; row, got, want: {odd[:5]}")
    sys.exit(f"{what} differs")
