"""Gold in Polars. Used by polars_bench.py.

Orders are counted once, by order: an order whose lines agree in customer, day and place ("pure", nearly all are) counts
as 1 wherever it occurs, and only the others need distinct counting. Sums are whole numbers of 1/10000.
"""

import polars as pl

from polars_silver import STREAM, decimal, sink

GRAINS = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
KEY = ["order_id", "is_return"]


def quotient(a, b, scale):
    """ "round(a / b, k) = sign × floor((2·|a|·10^k + |b|) / (2·|b|))" in whole numbers; NULL where b is 0 or it does not fit."""
    a, b = a.cast(pl.Int128), b.cast(pl.Int128)
    whole = (2 * a.abs() * scale + b.abs()) // pl.when(b != 0).then(2 * b.abs())
    return pl.when(whole < 10**18).then(whole * a.sign() * b.sign())


def price(a, b, scale=1):
    return decimal(quotient(a, b, scale))


def ratio(a, b):
    return decimal(quotient(a, b, 10**6), 18, 6)


def money(*names):
    """Sums of money, 0 where there are no lines."""
    return [decimal(pl.col(n).fill_null(0), 28, 4).alias(n) for n in names]


def zeros(*names):
    return [pl.col(n).fill_null(0).cast(pl.Int64) for n in names]


def only(name, is_return):
    return pl.when(pl.col("is_return") == is_return).then(pl.col(name))


def totals(frame, by):
    """Sums of parts by something; orders are those of pure orders, `mixed` counts the others."""
    pure = pl.col("order_id").is_null()
    return frame.group_by(by).agg(
        orders=(pure & ~pl.col("is_return")).sum().cast(pl.Int64), return_orders=(pure & pl.col("is_return")).sum().cast(pl.Int64),
        units_sold=only("units", False).sum(), units_returned=only("units", True).sum(), sales=only("net", False).sum(),
        returns=only("net", True).sum(), discounts=only("discount", False).sum(), lines=pl.col("lines").sum(), costs=pl.col("costs").sum(),
        cost=only("cost", False).sum() - only("cost", True).sum())


def mixed(frame, by):
    """Orders of several parts, counted once in each group."""
    return frame.filter(pl.col("order_id").is_not_null()).group_by(by).agg(
        more=only("order_id", False).drop_nulls().n_unique().cast(pl.Int64), more_returns=only("order_id", True).drop_nulls().n_unique().cast(pl.Int64))


def counted(frame, parts, by):
    """Join totals and the distinct counts of mixed orders."""
    return frame.join(totals(parts, by), on=by, how="left").join(mixed(parts, by), on=by, how="left").with_columns(
        pl.col("orders").fill_null(0) + pl.col("more").fill_null(0), pl.col("return_orders").fill_null(0) + pl.col("more_returns").fill_null(0)
    ).with_columns(*zeros("units_sold", "units_returned", "sales", "returns", "discounts")).with_columns(
        revenue=pl.col("sales") - pl.col("returns"))


def order_parts(facts):
    """The orders in parts of one customer, day and place. `order_id` is NULL on the pure ones, whose part is the whole."""
    sums = dict(lines=pl.len().cast(pl.Int64), costs=pl.col("cost").count().cast(pl.Int64), units=pl.col("units").cast(pl.Int64).sum(),
                net=pl.col("net").sum(), discount=pl.col("discount").sum(), cost=pl.col("cost").sum())
    same = ["customer", "order_date", "place"]
    lines = facts.lazy().with_columns(is_return=pl.col("kind") > 0)
    orders = lines.group_by(KEY).agg(*[pl.col(c).min() for c in same], *[pl.col(c).max().alias(c + "_max") for c in same],
                                     **sums).collect(**STREAM)
    pure = pl.all_horizontal(pl.col(c) == pl.col(c + "_max") for c in same)
    columns = [*KEY, *same, *sums]
    rest = lines.join(orders.filter(~pure).select(KEY).lazy(), on=KEY, how="semi").group_by(KEY + same).agg(**sums).select(columns).collect(**STREAM)
    return pl.concat([orders.filter(pure).with_columns(order_id=pl.lit(None, pl.String)).select(columns), rest])


def ntile(n):
    """NTILE(5) of rows that stand in order."""
    i, size, rest = pl.int_range(n), n // 5, n % 5
    return (pl.when(i < rest * (size + 1)).then(i // (size + 1)).otherwise(rest + (i - rest * (size + 1)) // max(size, 1)) + 1).cast(pl.Int32)


def customers(s, parts, visits, out):
    """gold.customer_metrics, gold.customer_segmentation; returns when each customer first bought."""
    newest = parts["order_date"].max()
    days = visits.group_by("customer").agg(first_order_date=pl.col("order_date").min(), last_order_date=pl.col("order_date").max(),
                                           dates=pl.len().cast(pl.Int64))
    reference = pl.lit(newest, pl.Date).dt.offset_by("1d")
    between = lambda a, b: (a - b).dt.total_days()
    f = counted(s.customers.select("customer", "customer_id"), parts, "customer").join(days, on="customer", how="left").sort("customer").with_columns(
        cost=pl.when(pl.col("lines").is_null()).then(0).when(pl.col("lines") == pl.col("costs")).then(pl.col("cost")),
        lifespan_days=between(pl.col("last_order_date"), pl.col("first_order_date")),
        tenure_days=between(reference, pl.col("first_order_date")))
    c = pl.col
    sink(f.select("customer_id", "orders", "return_orders", "units_sold", "units_returned", *money("sales", "returns", "revenue", "discounts"),
                  decimal(c("cost"), 28, 4).alias("cost"), decimal(c("revenue") - c("cost"), 28, 4).alias("margin"), price(c("sales"), c("orders")).alias("aov"),
                  ratio(c("returns"), c("sales")).alias("return_rate"), ratio(c("units_returned"), c("units_sold")).alias("unit_return_rate"),
                  ratio(c("return_orders"), c("orders")).alias("order_return_rate"), "first_order_date", "last_order_date", "lifespan_days", "tenure_days",
                  price(c("lifespan_days"), c("dates") - 1, 10**4).alias("avg_days_between_orders"), decimal(c("revenue"), 28, 4).alias("clv")),
         out, "gold.customer_metrics")
    b = f.filter(c("orders") > 0).select("customer", "customer_id", recency_days=between(reference, c("last_order_date")), frequency="orders", monetary="revenue")
    for score, by, down in (("r_score", "recency_days", True), ("f_score", "frequency", False), ("m_score", "monetary", False)):
        b = b.sort(by, "customer", descending=[down, False]).with_columns(ntile(b.height).alias(score))
    r, fr = c("r_score"), c("f_score")
    upto = lambda limit, name: pl.when(fr <= limit).then(pl.lit(name))
    segment = (pl.when(r <= 2).then(upto(2, "Hibernating").when(fr <= 4).then(pl.lit("At Risk")).otherwise(pl.lit("Can't Lose Them")))
               .when(r == 3).then(upto(2, "About To Sleep").when(fr == 3).then(pl.lit("Need Attention")).otherwise(pl.lit("Loyal Customers")))
               .when(r == 4).then(upto(1, "Promising").when(fr <= 3).then(pl.lit("Potential Loyalists")).otherwise(pl.lit("Loyal Customers")))
               .otherwise(upto(1, "New Customers").when(fr <= 3).then(pl.lit("Potential Loyalists")).otherwise(pl.lit("Champions"))))
    sink(b.sort("customer").select("customer_id", "recency_days", "frequency", *money("monetary"), "r_score", "f_score", "m_score",
                                   pl.concat_str(r, fr, "m_score").alias("rfm"), (r + fr + c("m_score")).alias("rfm_total"), segment.alias("segment")),
         out, "gold.customer_segmentation")
    return days.select("customer", "first_order_date")


def products(s, facts, out):
    c, sale = pl.col, pl.col("kind") == 0
    lines = facts.lazy()
    of = lambda name, is_sale: pl.when(sale == is_sale).then(c(name)).cast(pl.Int64).sum()
    sums = lines.group_by("product").agg(
        lines=pl.len(), costs=c("cost").count(), sale_lines=sale.sum().cast(pl.Int64), units_sold=of("units", True), units_returned=of("units", False),
        sales=of("net", True), returns=of("net", False), discounts=of("discount", True), cost=of("cost", True) - of("cost", False),
        first_sold=pl.when(sale).then(c("order_date")).min(), last_sold=pl.when(sale).then(c("order_date")).max())
    # A product's orders: its sale lines, less those whose order has it already (found by hash, counted by key).
    sold = lines.filter(sale).select("order_id", "product", "customer").with_columns(h=c("order_id").hash(1) ^ c("product").hash(2))
    twice = sold.select("h").group_by("h").len().filter(c("len") > 1).select("h").collect(**STREAM)
    extra = sold.join(twice.lazy(), on="h", how="semi").group_by("order_id", "product").agg(extra=pl.len().cast(pl.Int64) - 1).group_by("product").agg(c("extra").sum())
    buyers = sold.filter(c("customer") >= 0).select(pair=c("product").cast(pl.Int64) * 2**32 + c("customer")).unique().group_by(
        (c("pair") // 2**32).cast(pl.Int32).alias("product")).agg(customers=pl.len().cast(pl.Int64))
    sums, extra, buyers = pl.collect_all([sums, extra, buyers], **STREAM)
    f = s.products.select("product", "product_id", "product_name", "category").join(sums, on="product", how="left").join(extra, on="product", how="left").join(
        buyers, on="product", how="left").with_columns(
        orders=c("sale_lines").fill_null(0) - c("extra").fill_null(0),
        cost=pl.when(c("lines").is_null()).then(0).when(c("lines") == c("costs")).then(c("cost"))).with_columns(
        *zeros("customers", "units_sold", "units_returned", "sales", "returns", "discounts")).with_columns(revenue=c("sales") - c("returns"))
    f = f.sort("revenue", "product", descending=[True, False]).with_columns(
        revenue_rank=pl.int_range(1, pl.len() + 1), category_rank=pl.int_range(1, pl.len() + 1).over("category"), running=c("revenue").cum_sum(),
        total=c("revenue").sum()).sort("product")
    before, total = (c("running") - c("revenue")).cast(pl.Int128), c("total")
    share = lambda a: pl.when(total > 0).then(ratio(a, total))
    sink(f.select("product_id", "product_name", "category", "orders", "customers", "units_sold", "units_returned",
                  *money("sales", "returns", "revenue", "discounts"), decimal(c("cost"), 28, 4).alias("cost"), decimal(c("revenue") - c("cost"), 28, 4).alias("margin"),
                  ratio(c("revenue") - c("cost"), c("revenue")).alias("margin_rate"), price(c("sales"), c("units_sold")).alias("average_price"),
                  ratio(c("returns"), c("sales")).alias("return_rate"), ratio(c("units_returned"), c("units_sold")).alias("unit_return_rate"),
                  "first_sold", "last_sold", "revenue_rank", "category_rank", share(c("revenue")).alias("revenue_share"),
                  share(c("running")).alias("cumulative_share"),
                  pl.when((c("revenue") <= 0) | (total <= 0)).then(pl.lit("C")).when(before * 100 < total.cast(pl.Int128) * 80).then(pl.lit("A"))
                  .when(before * 100 < total.cast(pl.Int128) * 95).then(pl.lit("B")).otherwise(pl.lit("C")).alias("abc_class")),
         out, "gold.product_performance")


def summary(parts, visits, first, out):
    c = pl.col
    by_day = parts.with_columns(c("order_date").alias("period_start"))
    days = totals(by_day, "period_start")
    oldest, newest = parts["order_date"].min(), parts["order_date"].max()
    frames = []
    for grain, step in GRAINS.items():
        start = c("period_start").dt.truncate(step)
        calendar = pl.select(period_start=pl.date_range(pl.lit(oldest).dt.truncate(step), pl.lit(newest), step)) if oldest else pl.DataFrame(
            schema={"period_start": pl.Date})
        sums = days.group_by(start).agg(c("orders", "return_orders", "units_sold", "units_returned", "sales", "returns", "discounts").sum())
        more = mixed(parts.filter(c("order_id").is_not_null()).with_columns(c("order_date").dt.truncate(step).alias("period_start")), "period_start")
        buyers = visits.lazy().select("customer", c("order_date").dt.truncate(step).alias("period_start")).unique().group_by("period_start").agg(
            customers=pl.len()).collect(**STREAM)
        new = first.group_by(c("first_order_date").dt.truncate(step).alias("period_start")).agg(new_customers=pl.len())
        f = calendar.join(sums, on="period_start", how="left").join(more, on="period_start", how="left").join(buyers, on="period_start", how="left").join(
            new, on="period_start", how="left").with_columns(
            pl.lit(grain).alias("grain"), c("orders").fill_null(0) + c("more").fill_null(0), c("return_orders").fill_null(0) + c("more_returns").fill_null(0),
            is_complete=(c("period_start") >= oldest) & (c("period_start").dt.offset_by(step).dt.offset_by("-1d") <= newest)).with_columns(
            *zeros("customers", "new_customers", "units_sold", "units_returned", "sales", "returns", "discounts")).with_columns(
            revenue=c("sales") - c("returns")).sort("period_start")
        ago = f.select("period_start", year_ago="revenue")
        f = f.with_columns(previous_revenue=c("revenue").shift(1),
                           ago=c("period_start").dt.offset_by("-364d" if grain in ("day", "week") else "-1y")).join(
            ago, left_on="ago", right_on="period_start", how="left", maintain_order="left")
        trailing = lambda n: c("revenue").rolling_sum(n, min_samples=n) if grain == "day" else pl.lit(None, pl.Int64)
        frames.append(f.with_columns(revenue_7d=trailing(7), revenue_28d=trailing(28)))
    f = pl.concat(frames, how="vertical_relaxed").sort("grain", "period_start")
    growth = lambda base: pl.when(c(base) > 0).then(ratio(c("revenue") - c(base), c(base)))
    sink(f.select("grain", "period_start", "is_complete", "orders", "return_orders", "customers", "new_customers", "units_sold", "units_returned",
                  *money("sales", "returns", "revenue", "discounts"), price(c("sales"), c("orders")).alias("aov"), ratio(c("returns"), c("sales")).alias("return_rate"),
                  decimal(c("previous_revenue"), 28, 4).alias("previous_revenue"), growth("previous_revenue").alias("growth"),
                  growth("year_ago").alias("yoy_growth"), *[decimal(c(n), 28, 4).alias(n) for n in ("revenue_7d", "revenue_28d")]),
         out, "gold.sales_summary")


def regions(s, parts, out):
    c, frames = pl.col, []
    for level, parts in (("country", parts.with_columns(c("place") // 65536 * 65536)), ("state", parts)):
        buyers = parts.lazy().filter(~c("is_return"), c("customer") >= 0).select("place", "customer").unique().group_by("place").agg(
            customers=pl.len()).collect(**STREAM)
        f = counted(parts.select(c("place").unique()), parts, "place").join(buyers, on="place", how="left").with_columns(zeros("customers"))
        country = pl.Series(s.country.categories)
        f = f.with_columns(pl.lit(level).alias("level"), country=(c("place") // 65536).replace_strict(range(len(country)), country),
                           state=(c("place") % 65536).replace_strict(range(len(s.state.categories)), pl.Series(s.state.categories))
                           if level == "state" else pl.lit(None, pl.String))
        f = f.sort("revenue", "country", "state", descending=[True, False, False]).with_columns(
            revenue_rank=pl.int_range(1, pl.len() + 1), total=c("revenue").sum())
        frames.append(f.with_columns(country_code=s.codes.of(c("country")).cast(pl.String)))
    f = pl.concat(frames).sort("level", "country", "state")
    sink(f.select("level", "country", "country_code", "state", "orders", "customers", "units_sold", "units_returned", *money("sales", "returns", "revenue"),
                  price(c("sales"), c("orders")).alias("aov"), ratio(c("returns"), c("sales")).alias("return_rate"),
                  pl.when(c("total") > 0).then(ratio(c("revenue"), c("total"))).alias("revenue_share"), "revenue_rank"), out, "gold.regional_sales")


def run(out, s, facts, steps):
    """Write gold from the lines of the fact."""
    parts = order_parts(facts)
    steps.tick("orders")
    visits = parts.lazy().filter(~pl.col("is_return"), pl.col("customer") >= 0).select("customer", "order_date").unique().collect(**STREAM)
    first = customers(s, parts, visits, out)
    steps.tick("gold.customer_metrics, gold.customer_segmentation")
    products(s, facts, out)
    steps.tick("gold.product_performance")
    summary(parts, visits, first, out)
    steps.tick("gold.sales_summary")
    regions(s, parts, out)
    steps.tick("gold.regional_sales")
