"""The whole job of smelt in DuckDB's SQL: a generated shop's files to every table of bronze, silver and gold, as Parquet.

    python testdata/bench/duckdb_bench.py SHOP_DIR OUT_DIR [--threads 2] [--memory 8GB] [--steps] [--check]

Tuned by someone who wants DuckDB to win; README.md says what was measured on the way. It knows the smelt.yml that
`smelt generate` writes, and refuses others.
"""

import os
import re
import sys

import common
import duckdb
from common import GOLD, HERE, SALES

EXTRA = ["_x1", "_x2", "_x3", "_x4"]  # room for the fields of lines that have too many

BRONZE_SALES = """
SELECT order_id, line_number, line_type, status, utc(ordered_at) AS ordered_at, NULL::TIMESTAMPTZ AS returned_at, customer_id,
       product_id, quantity, unit_price, NULL::DECIMAL(18, 4) AS line_amount, discount_rate,
       NULL::DECIMAL(18, 4) AS discount_amount, tax_amount, NULL::VARCHAR AS currency, channel, payment_method,
       NULL::VARCHAR AS city, state, NULL::VARCHAR AS postal_code, country, original_order_id, utc(updated_at) AS updated_at,
       {file} AS _source_file, rowid + 1 - {first} AS _source_row, '{batch}' AS _batch_id, rescued AS _rescued_data
FROM raw_sales WHERE reject IS NULL"""

FACT = """
SELECT order_id, line_number, CASE WHEN kind = 0 THEN 'sale' ELSE 'return' END AS line_type, utc(ordered_at) AS ordered_at,
       order_date, customer_id, product_id, (CASE WHEN kind = 0 THEN units ELSE -units END)::BIGINT AS quantity, unit_price,
       discount AS discount_amount, tax_amount, CASE WHEN kind = 0 THEN net ELSE 0 END::DECIMAL(18, 4) AS sales,
       CASE WHEN kind = 0 THEN 0 ELSE net END::DECIMAL(18, 4) AS returns,
       (CASE WHEN kind = 0 THEN net ELSE -net END)::DECIMAL(18, 4) AS revenue,
       (CASE WHEN kind = 0 THEN cost ELSE -cost END)::DECIMAL(18, 4) AS cost,
       (CASE WHEN kind = 0 THEN net - cost ELSE cost - net END)::DECIMAL(18, 4) AS margin, category, country, country_code, state,
       city, channel, payment_method, NULL::VARCHAR AS currency, original_order_id, utc(updated_at) AS updated_at,
       {file} AS _source_file, record + 1 - {first} AS _source_row
FROM fact"""


class Run:
    def __init__(self, args):
        self.shop, self.out = args.shop, args.out
        self.con = duckdb.connect(config={"threads": args.threads, "memory_limit": args.memory, "preserve_insertion_order": True})
        # After the DELETEs a checkpoint would rewrite the fact, in memory.
        for sql in ("SET TimeZone = 'UTC'", "SET checkpoint_threshold = '1TB'", "SET enable_progress_bar = false",
                    "CREATE SCHEMA bronze", "CREATE SCHEMA silver", "CREATE SCHEMA gold"):
            self.con.execute(sql)
        self.tick = common.Steps(args.steps).tick

    def sql(self, text):
        for statement in self.con.extract_statements(text):
            self.con.execute(statement)
            self.tick(statement.query)

    def file(self, name, **marks):
        with open(os.path.join(HERE, name), encoding="utf-8") as f:
            text = f.read()
        self.sql(re.sub(r"\$(\w+)\$", lambda m: marks[m[1]], text))

    def copy(self, table, source):
        """Write one table."""
        self.sql(f"COPY ({source}) TO '{quote(common.part(self.out, table))}' (FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 4096)")

    def run(self):
        files, batch = common.sales_files(self.shop)
        names = [os.path.basename(f) for f in files]
        self.bronze(files, names, batch)
        firsts = dict(self.con.execute("SELECT file, first FROM sales_files").fetchall())
        place = {"file": case({i: f"'{quote(n)}'" for i, n in enumerate(names)}),
                 "first": case({i: str(firsts.get(i, 0)) for i in range(len(names))}), "batch": batch}
        for table in ("customers", "products"):
            self.copy(f"bronze.{table}", f"FROM bronze.{table}")
        self.copy("bronze.sales", BRONZE_SALES.format(**place))
        self.rejects(files, names, firsts)
        self.file("duckdb_silver.sql", here=quote(HERE), batch=batch, file_rows=f"SELECT file, first, {place['file']} AS name FROM sales_files")
        self.con.execute("DROP VIEW bronze.customers; DROP VIEW bronze.products; DROP TABLE raw_sales")
        self.copy("silver.fact_sales", FACT.format(**place))
        self.copy("silver.dim_customers", "SELECT * EXCLUDE (customer) FROM silver.dim_customers")
        self.copy("silver.dim_products", "SELECT * EXCLUDE (product) FROM silver.dim_products")
        self.copy("silver.quarantine", "FROM silver.quarantine")
        self.file("duckdb_gold.sql")
        for table in GOLD:
            self.copy(f"gold.{table}", f"FROM gold.{table}")

    def bronze(self, files, names, batch):
        """Read the files."""
        every = SALES + EXTRA
        # A field that is quoted begins with a quote: only these columns can hide one from the casts.
        text = [c for c in SALES if c not in ("line_number", "quantity", "discount_rate", "updated_at")]
        line = "concat_ws(',', " + ", ".join(every) + ")"  # padding is NULL and left out
        quoted = " OR ".join(f"starts_with({c}, '\"')" for c in text + ["line_number", "quantity", "discount_rate"])
        fields = ", ".join(f"CASE WHEN quoted THEN csv_field(q[{i + 1}]) ELSE nullif({c}, '') END AS {c}" for i, c in enumerate(SALES))
        self.file("duckdb_bronze.sql", data=quote(self.shop), batch=batch, quoted=quoted, line=line, fields=fields,
                  files="[" + ", ".join(f"'{quote(f)}'" for f in files) + "]",
                  columns="{" + ", ".join(f"'{c}': 'VARCHAR'" for c in every) + "}", buffer=str(32 << 20))

    def rejects(self, files, names, firsts):
        """Write bronze.rejects: the lines as they stand in the file, which the padded fields do not tell."""
        rows = self.con.execute("SELECT file, rowid, reject FROM raw_sales WHERE reject IS NOT NULL ORDER BY rowid").fetchall()
        out = []
        for i, path in enumerate(files):
            with open(path, "rb") as f:
                text, at = common.Lines(f), 0
                for _, record, line in (r for r in rows if r[0] == i):
                    raw = line.encode()
                    at = text.find(raw, at)
                    n = raw.count(b",") + 1
                    error = "unterminated quote" if n == len(SALES) else f"{n} fields, want {len(SALES)}"
                    out.append((names[i], record + 1 - firsts[i], at, error, raw.hex()))
                    at += len(raw)
        self.con.execute("CREATE TABLE rejects (source_file VARCHAR, source_row BIGINT, byte_offset BIGINT, error VARCHAR, raw VARCHAR)")
        if out:
            self.con.execute("INSERT INTO rejects SELECT r[1], r[2]::BIGINT, r[3]::BIGINT, r[4], r[5] FROM (SELECT unnest(?::VARCHAR[][]) AS r)",
                             [[list(map(str, r)) for r in out]])
        self.tick("rejects")
        self.copy("bronze.rejects", "SELECT 'sales' AS source_table, source_file, source_row, byte_offset, error, unhex(raw) AS raw FROM rejects")


def case(values):
    """Return SQL that maps the number in column `file`."""
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    return "CASE file " + " ".join(f"WHEN {k} THEN {v}" for k, v in values.items()) + " END"


def quote(text):
    return text.replace("'", "''")


if __name__ == "__main__":
    sys.exit(common.main(__doc__, "duckdb " + duckdb.__version__, lambda args: Run(args).run()))
