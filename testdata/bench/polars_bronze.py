"""Bronze in Polars: the files of a shop, typed, as Parquet. Used by polars_bench.py."""

import json
import os
import re

import polars as pl

from common import SALES, part

WIDTH = len(SALES)
FIELD = r'(?:"(?:[^"]|"")*"|[^",][^,]*|)'
WHOLE = re.compile(rf"{FIELD}(?:,{FIELD}){{{WIDTH - 1}}}")
PLAIN = rf'^[^",]*(,[^",]*){{{WIDTH - 1}}}$'  # a whole line without quotes

PRICE = pl.Decimal(18, 4)
UTC = pl.Datetime("us", "UTC")


def where_null(value, source):
    """The source where the value could not be made of it, else NULL: what follows is then nearly free."""
    return pl.when(value.is_null()).then(source)


def whole(c, kind):
    """ "An integer accepts a zero fraction (2.0)." """
    plain = pl.col(c).cast(kind, strict=False)
    return plain.fill_null(where_null(plain, pl.col(c)).str.extract(r"^(-?[0-9]+)\.0*$").cast(kind, strict=False))


def money(c):
    """ "$1,299.00 is 1299": tried where the plain cast failed."""
    plain = pl.col(c).cast(PRICE, strict=False)
    rest = where_null(plain, pl.col(c)).str.extract(
        r"^(\s*-?(?:USD|\$)?\s*-?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]*)?\s*(?:USD|\$)?\s*)$")
    return plain.fill_null(rest.str.replace_all("[^0-9.-]", "").cast(PRICE, strict=False))


def instant(c):
    """A time in one of ISO 8601's forms, the usual one first."""
    plain = pl.col(c).str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", strict=False)
    rest = where_null(plain, pl.col(c)).str.replace("T", " ", literal=True).str.extract(
        r"^([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)(?:Z|\+00:00)?$")
    short = rest.str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", strict=False)
    date = where_null(plain, pl.col(c)).str.to_datetime("%Y-%m-%d", time_unit="us", strict=False)
    return pl.coalesce(plain, short, date, rest.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)).dt.replace_time_zone("UTC")


def day(c):
    plain = pl.col(c).str.to_date("%Y-%m-%d", strict=False)
    return plain.fill_null(where_null(plain, pl.col(c)).str.to_date("%d/%m/%Y", strict=False))


def rescue(names):
    """JSON of the texts that could not be cast; the struct has them all, NULL where there is nothing to say."""
    def batch(s):
        frame = s.struct.unnest()
        bad = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series().arg_true()
        out = pl.Series([None], dtype=pl.String).new_from_index(0, len(s))
        if not len(bad):
            return out
        rows = [json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False, separators=(",", ":"))
                for row in frame[bad].iter_rows(named=True)]
        return out.scatter(bad, rows)
    lost = [where_null(pl.col("_" + c), pl.col(c)).alias(c) for c in names]
    return pl.struct(lost).map_batches(batch, return_dtype=pl.String, is_elementwise=True)


def typed(lines, casts, columns, file, batch):
    """Give raw lines (texts and `_source_row`) the contract's columns."""
    names = list(casts)
    return lines.with_columns(e.alias("_" + c) for c, e in casts.items()).select(
        *[(pl.col("_" + c) if c in casts else pl.col(c) if isinstance(kind, str) else pl.lit(None, kind)).alias(c)
          for c, kind in columns.items()],
        pl.lit(file).alias("_source_file"), pl.col("_source_row").cast(pl.Int64), pl.lit(batch).alias("_batch_id"),
        rescue(names).alias("_rescued_data"))


CAST = {"line_number": whole("line_number", pl.Int32), "ordered_at": instant("ordered_at"), "quantity": whole("quantity", pl.Int64),
        "unit_price": money("unit_price"), "discount_rate": pl.col("discount_rate").cast(pl.Decimal(9, 6), strict=False),
        "tax_amount": pl.col("tax_amount").cast(PRICE, strict=False), "updated_at": instant("updated_at")}
# The contract's columns: "" where the file has one of the name, else the type of the NULLs.
SALES_COLUMNS = {"order_id": "", "line_number": "", "line_type": "", "status": "", "ordered_at": "", "returned_at": UTC,
                 "customer_id": "", "product_id": "", "quantity": "", "unit_price": "", "line_amount": PRICE, "discount_rate": "",
                 "discount_amount": PRICE, "tax_amount": "", "currency": pl.String, "channel": "", "payment_method": "",
                 "city": pl.String, "state": "", "postal_code": pl.String, "country": "", "original_order_id": "", "updated_at": ""}
CUSTOMER_COLUMNS = {c: "" for c in ["customer_id", "first_name", "last_name"]} | {"full_name": pl.String} | {
    c: "" for c in ["email", "phone", "gender", "birth_date", "address", "city", "state", "postal_code", "country", "segment",
                    "signup_date", "updated_at"]}
PRODUCT_COLUMNS = {c: "" for c in ["product_id", "product_name", "category", "subcategory", "brand", "unit_cost", "unit_price",
                                   "currency", "updated_at"]}


def odd_lines(path):
    """Find the lines of a file that are not simply WIDTH fields: {line: where it begins, its text}, without the header.

    One pass over the text; the CSV reader alone would pad and cut such lines without a word.
    """
    lines = pl.scan_lines(path, row_index_name="n").with_columns(
        end=(pl.col("line").str.len_bytes() + 1).cast(pl.Int64).cum_sum())
    odd = lines.filter(~pl.col("line").str.contains(PLAIN), pl.col("n") > 0).collect(engine="streaming")
    return [(n - 1, end - len(line.encode()) - 1, line) for line, n, end in odd.select("line", "n", "end").iter_rows()]


def sales_lines(path):
    """Return the records of a sales file as texts with their numbers, and those that are rejected."""
    blank, rejects, cuts = [], [], []
    for n, at, line in odd_lines(path):
        if line == "":
            blank.append(n)
        elif not WHOLE.fullmatch(line):
            rejects.append((n, at, line))
            if '"' in line:
                cuts.append(n)  # the reader must not see a quote that never closes
    schema = {c: pl.String for c in SALES + ["_x1", "_x2", "_x3", "_x4"]}
    spans, start = [], 0
    for cut in cuts + [None]:
        if cut != start:
            # Polars 2.1 reads both spans as the first where their paths are the same.
            spelled = os.path.join(os.path.dirname(path), *["."] * len(spans), os.path.basename(path))
            spans.append(pl.scan_csv(spelled, has_header=False, skip_lines=start + 1, schema=schema, row_index_name="n", row_index_offset=start,
                                     n_rows=None if cut is None else cut - start, truncate_ragged_lines=True, missing_columns="insert",
                                     infer_schema=False))
        start = None if cut is None else cut + 1
    out = sorted(blank + [n for n, _, _ in rejects])
    lines = pl.concat(spans).select("n", *SALES).filter(~pl.col("n").is_in(pl.Series(out, dtype=pl.get_index_type()).implode()))
    gaps = pl.Series(sorted(blank), dtype=pl.get_index_type())
    number = pl.col("n").cast(pl.Int64) + 1
    if len(gaps):
        number -= pl.lit(gaps).search_sorted(pl.col("n")).cast(pl.Int64)
    before = lambda n: sum(b < n for b in blank)
    return lines.with_columns(number.alias("_source_row")), [(n + 1 - before(n), at, line) for n, at, line in rejects]


def sink(frame, out, table, **options):
    """Write a table as the other tools do: snappy, one file."""
    return frame.lazy().sink_parquet(part(out, table), compression="snappy", engine="streaming", **options)


def run(shop, out, files, batch, steps):
    """Write bronze; return a scan of the sales as they were written."""
    flat = lambda name: pl.scan_csv(os.path.join(shop, name), infer_schema=False).with_row_index("_source_row", offset=1)
    dates = {"birth_date": day("birth_date"), "signup_date": day("signup_date"), "updated_at": instant("updated_at")}
    sink(typed(flat("customers.csv"), dates, CUSTOMER_COLUMNS, "customers.csv", batch), out, "bronze.customers")
    prices = {"unit_cost": money("unit_cost"), "unit_price": money("unit_price"), "updated_at": instant("updated_at")}
    sink(typed(flat("products.csv"), prices, PRODUCT_COLUMNS, "products.csv", batch), out, "bronze.products")
    steps.tick("bronze.customers, bronze.products")
    parts, rejected = [], []
    for path in files:
        name = os.path.basename(path)
        lines, rejects = sales_lines(path)
        parts.append(typed(lines, CAST, SALES_COLUMNS, name, batch))
        for row, at, line in rejects:
            n = line.count(",") + 1
            rejected.append(("sales", name, row, at, "unterminated quote" if n == WIDTH else f"{n} fields, want {WIDTH}", line.encode()))
    steps.tick("odd lines")
    sink(pl.concat(parts), out, "bronze.sales")
    steps.tick("bronze.sales")
    sink(pl.DataFrame(rejected, orient="row", schema={"source_table": pl.String, "source_file": pl.String, "source_row": pl.Int64,
                                                      "byte_offset": pl.Int64, "error": pl.String, "raw": pl.Binary}), out, "bronze.rejects")
