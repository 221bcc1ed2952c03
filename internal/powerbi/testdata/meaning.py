"""Evaluates what measures mean, as SQL, over the lines of a lake's fact_sales, and
compares each group with the gold table that has the measure.

stdin: JSON {"lake": folder, "checks": [{"measure", "sql", "table", "column", "by"}]}.
by is a column of the lines, or "period": the SQL is then about a period p with
first_day and last_day, and lines are fact's. stdout: a line for each check, with
the groups compared, those of them that are unknown, and the first that differ.
"""

import json
import sys

import duckdb

asked = json.load(sys.stdin)
db = duckdb.connect()
for layer, table in [("silver", "fact_sales")] + [("gold", t) for t in ("customer_metrics", "product_performance", "sales_summary", "regional_sales")]:
    db.execute(f"CREATE TABLE gold_{table} AS FROM read_parquet('{asked['lake']}/{layer}/{table}/*.parquet')")
db.execute("""
    CREATE TABLE fact AS
    SELECT *, min(order_date) FILTER (WHERE line_type = 'sale') OVER (PARTITION BY customer_id) AS first_sale FROM gold_fact_sales;
    CREATE TABLE periods AS
    SELECT grain, period_start AS first_day, period_start AS key,
        (period_start + CASE grain WHEN 'day' THEN INTERVAL 1 DAY WHEN 'week' THEN INTERVAL 7 DAY WHEN 'month' THEN INTERVAL 1 MONTH
            WHEN 'quarter' THEN INTERVAL 3 MONTH ELSE INTERVAL 1 YEAR END)::DATE - 1 AS last_day,
        (SELECT min(order_date) FROM fact) AS oldest, (SELECT max(order_date) FROM fact) AS newest
    FROM gold_sales_summary;
""")
for c in asked["checks"]:
    if c["by"] == "period":
        got = f"SELECT grain, key, ({c['sql']}) AS v FROM periods p"
        want = f"SELECT grain, period_start AS key, {c['column']} AS w FROM gold_{c['table']} {c['where']}"
        on = "USING (grain, key)"
    elif c["table"] == "sales_summary":
        got = f"SELECT grain, key, ({c['sql']}) AS v FROM periods JOIN fact ON order_date BETWEEN first_day AND last_day GROUP BY ALL"
        want = f"SELECT grain, period_start AS key, {c['column']} AS w FROM gold_sales_summary"
        on = "USING (grain, key)"
    else:
        level = " WHERE level = 'country'" if c["table"] == "regional_sales" else ""
        got = f"SELECT {c['by']} AS key, ({c['sql']}) AS v FROM fact GROUP BY ALL"
        want = f"SELECT {c['by']} AS key, {c['column']} AS w FROM gold_{c['table']}{level}"
        on = "USING (key)"
    rows = db.execute(f"SELECT v, w FROM ({got}) JOIN ({want}) {on}").fetchall()
    differ, unknown = [], 0
    for v, w in rows:
        unknown += w is None
        if (v is None) != (w is None):
            differ.append((v, w))
        elif v is not None and (abs(float(v) - float(w)) > c["within"] if c["within"] is not None else v != w):
            differ.append((v, w))
    print(json.dumps({"measure": c["measure"], "table": c["table"], "groups": len(rows), "unknown": unknown, "differ": len(differ), "first": str(differ[:3])}))
