"""The columns of every table, written from TABLES.md: name, type, and `?` where NULL is allowed.

TABLES.md gives gold's counts, days, scores and ranks no type; "int" accepts either width for them.
"""

PROVENANCE = "_source_file, _source_row int64, _batch_id, _rescued_data?"

TABLES = {
    "bronze.customers": "customer_id?, first_name?, last_name?, full_name?, email?, phone?, gender?, birth_date date?, "
    "address?, city?, state?, postal_code?, country?, segment?, signup_date date?, updated_at ts?, " + PROVENANCE,
    "bronze.products": "product_id?, product_name?, category?, subcategory?, brand?, unit_cost price?, "
    "unit_price price?, currency?, updated_at ts?, " + PROVENANCE,
    "bronze.sales": "order_id?, line_number int32?, line_type?, status?, ordered_at ts?, returned_at ts?, "
    "customer_id?, product_id?, quantity int64?, unit_price price?, line_amount price?, discount_rate rate?, "
    "discount_amount price?, tax_amount price?, currency?, channel?, payment_method?, city?, state?, postal_code?, "
    "country?, original_order_id?, updated_at ts?, " + PROVENANCE,
    "bronze.rejects": "source_table, source_file, source_row int64, byte_offset int64, error, raw binary",
    "silver.dim_customers": "customer_id, first_name?, last_name?, full_name?, email?, phone?, gender?, "
    "birth_date date?, address?, city?, state?, postal_code?, country?, country_code?, segment?, signup_date date?, "
    "is_inferred bool, updated_at ts?",
    "silver.dim_products": "product_id, product_name?, category, subcategory?, brand?, unit_cost price?, "
    "unit_price price?, is_inferred bool, updated_at ts?",
    "silver.fact_sales": "order_id, line_number int32?, line_type, ordered_at ts, order_date date, customer_id?, "
    "product_id, quantity int64, unit_price price, discount_amount price, tax_amount price?, sales price, "
    "returns price, revenue price, cost price?, margin price?, category, country, country_code?, state, city?, "
    "channel?, payment_method?, currency?, original_order_id?, updated_at ts?, _source_file, _source_row int64",
    "silver.quarantine": "table, reason, values, source_file, source_row int64",
    "gold.customer_metrics": "customer_id, orders int64, return_orders int64, units_sold int64, units_returned int64, "
    "sales sum, returns sum, revenue sum, discounts sum, cost sum?, margin sum?, aov price?, return_rate ratio?, "
    "unit_return_rate ratio?, order_return_rate ratio?, first_order_date date?, last_order_date date?, "
    "lifespan_days int?, tenure_days int?, avg_days_between_orders price?, clv sum",
    "gold.customer_segmentation": "customer_id, recency_days int, frequency int64, monetary sum, r_score int, "
    "f_score int, m_score int, rfm, rfm_total int, segment",
    "gold.product_performance": "product_id, product_name?, category, orders int64, customers int64, "
    "units_sold int64, units_returned int64, sales sum, returns sum, revenue sum, discounts sum, cost sum?, "
    "margin sum?, margin_rate ratio?, average_price price?, return_rate ratio?, unit_return_rate ratio?, "
    "first_sold date?, last_sold date?, revenue_rank int, category_rank int, revenue_share ratio?, "
    "cumulative_share ratio?, abc_class",
    "gold.sales_summary": "grain, period_start date, is_complete bool, orders int64, return_orders int64, "
    "customers int64, new_customers int64, units_sold int64, units_returned int64, sales sum, returns sum, "
    "revenue sum, discounts sum, aov price?, return_rate ratio?, previous_revenue sum?, growth ratio?, "
    "yoy_growth ratio?, revenue_7d sum?, revenue_28d sum?",
    "gold.regional_sales": "level, country, country_code?, state?, orders int64, customers int64, units_sold int64, "
    "units_returned int64, sales sum, returns sum, revenue sum, aov price?, return_rate ratio?, revenue_share ratio?, "
    "revenue_rank int",
}

# The columns that name a row. Every table but these two is in the order of its key.
KEYS = {
    "silver.dim_customers": ["customer_id"],
    "silver.dim_products": ["product_id"],
    "silver.fact_sales": ["_source_file", "_source_row", "line_type"],  # in record order
    "silver.quarantine": ["table", "source_file", "source_row"],  # tables ascending, each in record order
    "gold.customer_metrics": ["customer_id"],
    "gold.customer_segmentation": ["customer_id"],
    "gold.product_performance": ["product_id"],
    "gold.sales_summary": ["grain", "period_start"],
    "gold.regional_sales": ["level", "country", "state"],
}

# DuckDB's type of each of the contract's types.
DUCKDB = {
    "string": "VARCHAR", "int": "BIGINT", "int64": "BIGINT", "int32": "INTEGER", "bool": "BOOLEAN", "date": "DATE",
    "ts": "TIMESTAMPTZ", "price": "DECIMAL(18,4)", "rate": "DECIMAL(9,6)", "sum": "DECIMAL(28,4)",
    "ratio": "DECIMAL(18,6)", "binary": "BLOB",
}


def columns(table):
    """Return [(name, type, nullable)] of a table."""
    out = []
    for text in TABLES[table].split(", "):
        nullable = text.endswith("?")
        name, _, kind = text.rstrip("?").partition(" ")
        out.append((name, kind or "string", nullable))
    return out


def schema_faults(table, parquet):
    """Compare a file's Parquet schema (rows of DuckDB's parquet_schema without the root) with the contract."""
    want, faults = columns(table), []
    names = [p["name"] for p in parquet]
    if names != [w[0] for w in want]:
        missing = [w[0] for w in want if w[0] not in names]
        extra = [n for n in names if n not in [w[0] for w in want]]
        return [f"columns: missing {missing}, not in the contract {extra}" if missing or extra
                else f"columns in another order: {names}"]
    for (name, kind, nullable), p in zip(want, parquet):
        required = p["repetition_type"] == "REQUIRED"
        if required == nullable:
            faults.append(f"{name} is {p['repetition_type']}, want {'OPTIONAL' if nullable else 'REQUIRED'}")
        if not fits(kind, p):
            faults.append(f"{name} is {p['type']} {p['logical_type'] or p['converted_type'] or ''} "
                          f"{p['precision'] or ''}, want {kind}")
    return faults


def fits(kind, p):
    """Say whether a Parquet column is of the contract's type."""
    logical, physical = p["logical_type"] or "", p["type"]
    if kind in ("price", "rate", "sum", "ratio"):
        precision, scale = DUCKDB[kind][8:-1].split(",")
        return (p["converted_type"] == "DECIMAL" or "Decimal" in logical) and \
            (str(p["precision"]), str(p["scale"])) == (precision, scale)
    if kind == "ts":
        return physical == "INT64" and "Timestamp" in logical and "isAdjustedToUTC=1" in logical and \
            "MICROS=MicroSeconds" in logical
    if kind == "date":
        return physical == "INT32" and (p["converted_type"] == "DATE" or "Date" in logical)
    if kind == "string":
        return physical == "BYTE_ARRAY" and (p["converted_type"] == "UTF8" or "String" in logical)
    if kind == "binary":
        return physical == "BYTE_ARRAY" and not p["converted_type"] and not logical
    plain = {"bool": ["BOOLEAN"], "int64": ["INT64"], "int32": ["INT32"], "int": ["INT32", "INT64"]}[kind]
    return physical in plain and (p["converted_type"] or "INT_64") in ("INT_64", "INT_32")
