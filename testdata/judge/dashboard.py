"""DuckDB says what the dashboard's pages must show: dashboard.py LAKE < requests > answers.

Requests are a JSON list of {page, by, where, who, from, to, present, earlier, grain, shown, country}: by is "gold" or "lines"; where
is a condition on lines, who one on customers; from and to are days, "" is open; present and earlier are the two ranges
[from, to] whose difference is the change, or null. The answers are, for each, {chart: {columns, rows}} with texts as the
page has them, NULL as "".
"""

import decimal
import json
import os
import re
import sys

import duckdb
from deltalake import DeltaTable

HERE = os.path.dirname(os.path.abspath(__file__))
TABLES = ["silver.fact_sales", "silver.dim_customers", "silver.dim_products", "gold.sales_summary", "gold.regional_sales",
          "gold.product_performance", "gold.customer_metrics", "gold.customer_segmentation"]



def file(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return f.read()


def text(v):
    if v is None:
        return ""
    return format(v, "f") if isinstance(v, decimal.Decimal) else str(v)


def connect(lake):
    con = duckdb.connect(config={"threads": os.environ.get("SMELT_JUDGE_THREADS", "2")})
    con.execute("SET TimeZone = 'UTC'; CREATE SCHEMA silver; CREATE SCHEMA gold")
    for table in TABLES:
        files = ", ".join("'" + f.replace("'", "''") + "'" for f in DeltaTable(os.path.join(lake, *table.split("."))).file_uris())
        con.execute(f"CREATE VIEW {table} AS FROM read_parquet([{files}])")
    con.execute(file("macros.sql"))
    con.execute(file("dashboard.sql"))
    first, last = con.execute("SELECT min(order_date), max(order_date) FROM facts").fetchone()
    con.execute("SET VARIABLE first_day = ?", [first])
    con.execute("SET VARIABLE last_day = ?", [last])
    return con


def lay(con, r):
    """Lay the tables of a filter."""
    con.execute("SET VARIABLE from_day = greatest(getvariable('first_day'), ?::DATE)", [r["from"] or None])
    con.execute("SET VARIABLE to_day = least(getvariable('last_day'), ?::DATE)", [r["to"] or None])
    con.execute(f"CREATE OR REPLACE TABLE history AS FROM facts WHERE {r['where'] or 'true'}")
    con.execute("CREATE OR REPLACE TABLE lines AS FROM history WHERE order_date BETWEEN getvariable('from_day') AND getvariable('to_day')")
    con.execute("CREATE OR REPLACE TABLE chosen AS SELECT customer_id FROM (SELECT * REPLACE (coalesce(country, 'Unknown') AS country) "
                f"FROM silver.dim_customers) WHERE {r['who'] or 'true'}")
    for name in ("present", "earlier"):
        low, high = r[name] or (None, None)
        con.execute("SET VARIABLE low = ?::DATE", [low])
        con.execute("SET VARIABLE high = ?::DATE", [high])
        some = "history WHERE order_date BETWEEN getvariable('low') AND getvariable('high')"
        con.execute(f"CREATE OR REPLACE TABLE {name}_by_country AS SELECT country, sum(revenue) AS revenue FROM {some} GROUP BY country")
        con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT m.*, new_customers FROM (SELECT measured(history) AS m, count(DISTINCT customer_id) "
                    f"FILTER (line_type = 'sale' AND first_date BETWEEN getvariable('low') AND getvariable('high')) AS new_customers FROM {some})")


def main(lake):
    views, *pieces = re.split(r"^--@ (\S+)\n", file("dashboard_charts.sql"), flags=re.M)
    queries = dict(zip(pieces[::2], pieces[1::2]))
    connections, answers, laid = {}, [], None
    for r in json.load(sys.stdin):
        new = r["by"] not in connections
        con = connections[r["by"]] = connect(lake) if new else connections[r["by"]]
        filter = [r[name] for name in ("by", "where", "who", "from", "to", "present", "earlier")]
        if laid != filter:
            lay(con, r)
            laid = filter
        for name in ("grain", "shown", "country"):
            con.execute(f"SET VARIABLE {name} = ?", [r[name]])
        if new:
            con.execute(file(f"dashboard_{r['by']}.sql"))
            con.execute(views)
        answer = {}
        for name, query in queries.items():
            page, chart = name.split("/")
            if page == r["page"] and (chart != "changes" or r["earlier"]):
                result = con.execute(query)
                answer[chart] = {"columns": [d[0] for d in result.description], "rows": [[text(v) for v in row] for row in result.fetchall()]}
        answers.append(answer)
    json.dump(answers, sys.stdout)


main(sys.argv[1])
