"""Recomputes silver and gold in DuckDB from bronze tables and a shop's rules.

    con = duckdb.connect()
    recompute.connect(con)
    con.execute("CREATE VIEW bronze.sales AS …")        # and bronze.customers, bronze.products
    recompute.run(con, rules)                           # rules: see rules.py
    con.sql("FROM gold.customer_metrics")               # in row order
"""

import json
import os
import tempfile

import countries
import rules as shop

HERE = os.path.dirname(os.path.abspath(__file__))

# In the order in which they build on each other.
FILES = [
    "silver_records.sql", "silver_known_customers.sql", "silver_known_products.sql", "silver_lines.sql",
    "silver_quarantine.sql", "silver_fact_sales.sql", "silver_dim_customers.sql", "silver_dim_products.sql",
    "gold_customer_metrics.sql", "gold_customer_segmentation.sql", "gold_product_performance.sql",
    "gold_sales_summary.sql", "gold_regional_sales.sql",
]


def connect(con):
    """Prepare a connection: UTC, the schemas and the macros."""
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET preserve_insertion_order = true")
    for schema in ("rules", "bronze", "work", "silver", "gold"):
        con.execute(f"CREATE SCHEMA {schema}")
    execute(con, "macros.sql")


def run(con, rules, progress=lambda name: None):
    """Create silver.* and gold.* from bronze.* by the rules."""
    set_rules(con, rules)
    for name in FILES:
        execute(con, name)
        progress(name)


def execute(con, name):
    """Run one of the SQL files."""
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        con.execute(f.read())


def set_rules(con, rules):
    """Load the rules into tables of schema rules and into variables."""
    rfm = rules["rfm"]
    for score in ("recency", "frequency", "monetary"):
        if rfm[score] not in ("ntile", "quantile"):
            raise shop.Unsupported(f"rfm.{score}: {rfm[score]}")
    have = {f["table"] for f in rules["files"]}
    for name, kind, value in [
        ("timezone", "VARCHAR", rules["timezone"]),
        ("return_prefix", "VARCHAR", rules["return_prefix"]),
        ("currency", "VARCHAR", rules["currency"]),
        ("date_from", "DATE", rules["date_from"]),
        ("date_to", "DATE", rules["date_to"]),
        ("reference_date", "DATE", rules["reference_date"]),
        ("customers_have_files", "BOOLEAN", "customers" in have),
        ("products_have_files", "BOOLEAN", "products" in have),
        ("rfm_recency", "VARCHAR", rfm["recency"]),
        ("rfm_frequency", "VARCHAR", rfm["frequency"]),
        ("rfm_monetary", "VARCHAR", rfm["monetary"]),
        ("rfm_measure", "VARCHAR", rfm["measure"]),
    ]:
        con.execute(f"SET VARIABLE {name} = (SELECT ?::{kind})", [value])
    numbers, files = {}, []
    for f in rules["files"]:
        numbers[f["table"]] = numbers.get(f["table"], 0) + 1
        files.append((f["table"], f["file"], numbers[f["table"]], bool(f.get("returns")), f.get("overlap")))
    insert(con, "rules.source_files",  # overlap is the number of a source whose exports overlap
           "table_name VARCHAR, file VARCHAR, number BIGINT, is_returns BOOLEAN, overlap BIGINT", files)
    insert(con, "rules.return_values", "value VARCHAR", [(v,) for v in rules["return_values"]])
    insert(con, "rules.returned_statuses", "value VARCHAR", [(v,) for v in rules["returned_statuses"]])
    insert(con, "rules.returned_orders",
           "number BIGINT, order_id VARCHAR, product_id VARCHAR, returned_at TIMESTAMPTZ",
           [(i, o["order_id"], o.get("product_id"), o.get("returned_at")) for i, o in enumerate(rules["returned_orders"])])
    insert(con, "rules.segment_grid", "r INTEGER, f INTEGER, segment VARCHAR",
           [(r + 1, f + 1, name) for r, row in enumerate(rfm["grid"]) for f, name in enumerate(row)])
    for table, names in (("customer", shop.CUSTOMER_ATTRIBUTES), ("product", shop.PRODUCT_ATTRIBUTES)):
        kinds = ["DECIMAL(18, 4)" if n.startswith("unit_") else "VARCHAR" for n in names]
        insert(con, f"rules.{table}_attributes", "_source_file VARCHAR, _source_row BIGINT, "
               + ", ".join(f"{n} {k}" for n, k in zip(names, kinds)),
               [(a["_source_file"], a["_source_row"], *[a.get(n) for n in names])
                for a in rules.get(table + "_attributes", [])])
    insert(con, "work.spellings", "rank INTEGER, spelling VARCHAR, name VARCHAR, code VARCHAR", countries.table())
    con.execute("""CREATE TABLE rules.country_spellings AS
        WITH keys AS (SELECT rank, code, name, country_key(spelling) AS spelling_key FROM work.spellings)
        SELECT spelling_key, first(name ORDER BY rank) AS name, first(code ORDER BY rank) AS code
        FROM keys GROUP BY spelling_key""")


def insert(con, table, columns, rows):
    """Create a table of rows. Through a file: the client's own inserts are slow by the row."""
    con.execute(f"CREATE TABLE {table} ({columns})")
    if not rows:
        return
    names = [c.split()[0] for c in columns.replace("(18, 4)", "").split(", ")]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rows.json")
        with open(path, "w", encoding="utf-8") as f:
            for row in rows:
                f.write(json.dumps(dict(zip(names, row))) + "\n")
        kinds = {c.split()[0]: " ".join(c.split()[1:]) for c in split_columns(columns)}
        con.execute(f"INSERT INTO {table} SELECT {', '.join(names)} FROM read_json(?, format = 'newline_delimited', "
                    f"columns = {kinds})", [path])


def split_columns(columns):
    """Split a column list at its commas, not at those inside a type."""
    return columns.replace("DECIMAL(18, 4)", "DECIMAL(18;4)").replace(", ", "\n").replace(";", ", ").split("\n")
