"""Compares Parquet files that smelt wrote with the rows that it was given.

read.py FOLDER: for every x.parquet in it there is x.arrow, the same rows as
Arrow's own writer has them. pyarrow, DuckDB and Polars must agree with it.
"""

import pathlib
import random
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

rnd = random.Random(1)


def check(ok, *what):
    if not ok:
        sys.exit(" ".join(map(str, what)))


def same(who, got, want):
    check(got.num_rows == want.num_rows, who, got.num_rows, "rows, want", want.num_rows)
    for name in want.column_names:
        g, w = got.column(name).combine_chunks(), want.column(name).combine_chunks()
        if g.type != w.type:
            g = g.cast(w.type)
        if not g.equals(w):
            for i, (a, b) in enumerate(zip(g, w)):
                check(a.as_py() == b.as_py(), who, "row", i, "of", name, "is", a, "want", b)
            sys.exit(f"{who}: {name} differs")


def plain(table):
    """The table without dictionaries."""
    for i, f in enumerate(table.schema):
        if pa.types.is_dictionary(f.type):
            table = table.set_column(i, pa.field(f.name, f.type.value_type, f.nullable), table.column(i).cast(f.type.value_type))
    return table


def literal(v, type):
    """A value as DuckDB writes it."""
    if pa.types.is_binary(type):
        return "'" + "".join(f"\\x{b:02x}" for b in v) + "'::BLOB"
    if pa.types.is_boolean(type):
        return str(v)
    name = "TIMESTAMPTZ" if pa.types.is_timestamp(type) else "DATE" if pa.types.is_date(type) else "VARCHAR" if pa.types.is_string(type) else str(type).replace("decimal128", "DECIMAL")
    name = {"int64": "BIGINT", "int32": "INTEGER"}.get(name, name)
    v = format(v, "f") if pa.types.is_decimal(type) else v
    return "'" + str(v).replace("'", "''") + "'::" + name


def schema(file, want):
    meta = pq.ParquetFile(file)
    for i, f in enumerate(want.schema):
        c = meta.schema.column(i)
        got = meta.schema_arrow.field(i)
        check(got.type == f.type and got.nullable == f.nullable, file, "has", got, "want", f)
        check(c.max_definition_level == int(f.nullable) and c.max_repetition_level == 0, file, c)
        if pa.types.is_decimal(f.type):
            p = f.type.precision
            physical = "INT32" if p <= 9 else "INT64" if p <= 18 else "FIXED_LEN_BYTE_ARRAY"
            check((c.precision, c.scale, c.physical_type) == (p, f.type.scale, physical), file, c)


def statistics(file, want):
    """Every row group's bounds and null counts are those of its rows."""
    meta = pq.ParquetFile(file).metadata
    at = 0
    for g in range(meta.num_row_groups):
        rows = want.slice(at, meta.row_group(g).num_rows)
        at += rows.num_rows
        for i, name in enumerate(want.column_names):
            chunk = meta.row_group(g).column(i)
            s, column = chunk.statistics, rows.column(i)
            check(s is not None and s.null_count == column.null_count, file, g, name, "null count", s)
            check(s.has_min_max == (column.null_count < len(column)), file, g, name, "has bounds", s)
            if not s.has_min_max:
                continue
            values = column.drop_null().to_pylist()
            lo, hi = min(values), max(values)
            if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
                raw = lambda v: v.encode() if isinstance(v, str) else v
                check(raw(s.min) <= min(map(raw, values)) and raw(s.max) >= max(map(raw, values)), file, g, name, s, lo, hi)
                if max(len(raw(v)) for v in values) <= 64:
                    check(raw(s.min) == min(map(raw, values)) and raw(s.max) == max(map(raw, values)), file, g, name, s, lo, hi)
            else:
                check(s.min == lo and s.max == hi, file, g, name, s.min, s.max, "want", lo, hi)
    check(at == want.num_rows, file, at, "rows")


def pruning(db, file, want):
    """Filters give the same rows, though readers skip row groups and pages by the bounds."""
    count = 0
    for f in want.schema:
        values = want.column(f.name).drop_null()
        if len(values) == 0:
            continue
        picks = {0, len(values) // 2, len(values) - 1}
        if not pa.types.is_boolean(f.type):
            values = values.sort_by("ascending") if hasattr(values, "sort_by") else values.take(pc.sort_indices(values))
        for v in dict.fromkeys(values[i].as_py() for i in sorted(picks)):
            if isinstance(v, (str, bytes)) and len(v) > 1000:
                continue
            for sign in ("==", rnd.choice(("<=", ">"))):
                if pa.types.is_boolean(f.type) and sign != "==":
                    continue
                scalar = pa.scalar(v, f.type)
                op = {"==": pc.equal, "<=": pc.less_equal, ">": pc.greater}[sign]
                n = want.filter(op(want.column(f.name), scalar)).num_rows
                got = pq.read_table(file, columns=[f.name], filters=[(f.name, sign, scalar)]).num_rows
                check(got == n, "pyarrow:", file, f.name, sign, v, got, "rows, want", n)
                if not (pa.types.is_decimal(f.type) and f.type.precision > 38):
                    query = f'select count(*) from \'{file}\' where "{f.name}" {"=" if sign == "==" else sign} {literal(v, f.type)}'
                    got = db.sql(query).fetchall()[0][0]
                    check(got == n, "duckdb:", query, got, "rows, want", n)
                if not pa.types.is_binary(f.type):
                    p = pl.scan_parquet(file).filter({"==": pl.col(f.name).eq, "<=": pl.col(f.name).le, ">": pl.col(f.name).gt}[sign](pl.lit(pl.from_arrow(pa.array([v], f.type)))))
                    got = p.select(pl.len()).collect().item()
                    check(got == n, "polars:", file, f.name, sign, v, got, "rows, want", n)
                count += 1
        n = want.column(f.name).null_count
        check(db.sql(f'select count(*) from \'{file}\' where "{f.name}" is null').fetchall()[0][0] == n, file, f.name, "is null")
    return count


def main(folder):
    db = duckdb.connect()
    db.sql("set timezone = 'UTC'")
    files = sorted(pathlib.Path(folder).glob("*.parquet"))
    check(files, "no files in", folder)
    filters = 0
    for path in files:
        file = str(path)
        with pa.ipc.open_file(path.with_suffix(".arrow")) as f:
            want = plain(f.read_all())
        same(f"pyarrow: {file}:", pq.read_table(file, page_checksum_verification=True), want)
        result = db.sql(f"from '{file}'").arrow()
        same(f"duckdb: {file}:", result if isinstance(result, pa.Table) else result.read_all(), want)
        same(f"polars: {file}:", pl.read_parquet(file).to_arrow(), want)
        schema(file, want)
        statistics(file, want)
        if want.num_rows > 0:
            filters += pruning(db, file, want)
        print(path.name, want.num_rows, "rows", pq.ParquetFile(file).metadata.num_row_groups, "row groups: agreed")
    print(filters, "filters agreed")


main(sys.argv[1])
