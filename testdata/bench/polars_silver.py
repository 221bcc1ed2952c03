"""Silver in Polars, from the bronze just written. Used by polars_bench.py.

Text is cleaned once per distinct value and looked up. Amounts are whole numbers of 1/10000 in Int64, within the range
that run() checks; places, channels and the like are Enums.
"""

import json
from datetime import date

import polars as pl

import common
from common import part
from polars_bronze import sink

SPACE = "[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
REASONS = ["missing_order_id", "missing_product_id", "invalid_quantity", "invalid_date", "invalid_unit_price", "invalid_discount"]
STREAM = {"engine": "streaming"}


def clean(e):
    """ "Unicode NFC, trimmed, inner runs of white space folded to one space, empty → NULL." """
    folded = e.str.normalize("NFC").str.replace_all(SPACE, " ").str.strip_chars(" ")
    return pl.when(folded != "").then(folded)


def clean_rare(e):
    """clean, where hardly any value needs it: the others are only tested."""
    dirty = pl.when(e.str.contains("[^!-~]")).then(e)
    return pl.when(dirty.is_null()).then(e).otherwise(clean(dirty))


def raw(e):
    """A decimal's digits as an Int64."""
    return e.to_physical().cast(pl.Int64)


def decimal(e, precision=18, scale=4):
    """Whole numbers of 1/10^scale as decimals."""
    return (e.cast(pl.Decimal(38, scale)) / 10**scale).cast(pl.Decimal(precision, scale))


class Lookup:
    """The spellings of a column and what each stands for."""

    def __init__(self, texts, values, kind):
        self.texts, self.values, self.kind = pl.Series(texts, dtype=pl.String), pl.Series(values, dtype=kind), kind

    def of(self, e):
        return e.replace_strict(self.texts, self.values, default=None, return_dtype=self.kind)


def cleaned(texts):
    """Return {text: cleaned} of a series of distinct texts."""
    out = pl.DataFrame({"text": texts.drop_nulls()}).with_columns(clean=clean(pl.col("text")))
    return dict(out.iter_rows())


def enum(values, *more):
    return pl.Enum(sorted({v for v in values if v is not None} | set(more)))


def country_names(texts):
    return common.countries(cleaned(texts))


def known_customers(out, place):
    """Customers: latest wins."""
    c = pl.scan_parquet(part(out, "bronze.customers"), row_index_name="record").with_columns(customer_id=clean(pl.col("customer_id")))
    latest = c.filter(pl.col("customer_id").is_not_null()).sort(
        "updated_at", "signup_date", "record", descending=True, nulls_last=True).unique("customer_id", keep="first", maintain_order=True)
    first, last, email, phone = (clean(pl.col(n)) for n in ("first_name", "last_name", "email", "phone"))
    email = email.str.to_lowercase()
    return latest.select(
        "customer_id", first_name=first, last_name=last,
        full_name=clean(pl.concat_str(first.fill_null(""), last.fill_null(""), separator=" ")),
        email=pl.when(email.str.contains(r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")).then(email),
        phone=pl.when(phone.str.contains("[0-9]")).then(
            pl.when(phone.str.starts_with("+")).then(pl.lit("+")).otherwise(pl.lit("")) + phone.str.replace_all("[^0-9]", "")),
        gender=clean(pl.col("gender")), birth_date="birth_date", address=clean(pl.col("address")), city=place["city"].of(pl.col("city")),
        state=place["state"].of(pl.col("state")), postal_code=clean(pl.col("postal_code")), country=place["country"].of(pl.col("country")),
        segment=clean(pl.col("segment")), signup_date="signup_date", updated_at="updated_at").collect(**STREAM)


def elected(frame, name):
    """ "One spelling per value, the most frequent, ties to the first in byte order." """
    key = pl.col(name).str.replace_all(" ", "", literal=True).str.to_lowercase()
    votes = frame.select(name).drop_nulls().group_by(name).len().with_columns(key=key)
    best = votes.sort(["len", name], descending=[True, False]).unique("key", keep="first", maintain_order=True)
    return Lookup(best["key"], best[name], pl.String).of(key).alias(name)


def known_products(out):
    """Products: latest wins, one spelling per category, subcategory and brand."""
    p = pl.scan_parquet(part(out, "bronze.products"), row_index_name="record").with_columns(product_id=clean(pl.col("product_id")))
    texts = ["product_name", "category", "subcategory", "brand"]
    latest = p.filter(pl.col("product_id").is_not_null()).sort(
        "updated_at", "record", descending=True, nulls_last=True).unique("product_id", keep="first", maintain_order=True).select(
        "product_id", *[clean(pl.col(t)) for t in texts],
        *[pl.when(pl.col(n) >= 0).then(pl.col(n)).alias(n) for n in ("unit_cost", "unit_price")], "updated_at").collect(**STREAM)
    return latest.with_columns(elected(latest, n) for n in texts[1:])


def numbered(known, texts, key, code):
    """Add what only the sales name, and number the rows in the order of their keys."""
    more = pl.DataFrame({key: pl.Series([t for t in set(texts.values()) if t is not None], dtype=pl.String)})
    return pl.concat([known.with_columns(is_inferred=pl.lit(False)), more.join(known, on=key, how="anti").with_columns(is_inferred=pl.lit(True))],
                     how="diagonal").sort(key).with_row_index(code).with_columns(pl.col(code).cast(pl.Int32))


class Silver:
    def __init__(self, out, steps):
        self.out = out
        sales = pl.scan_parquet(part(out, "bronze.sales"), row_index_name="record")
        self.sales = sales.with_columns(order_id=clean_rare(pl.col("order_id")))
        columns = ["customer_id", "product_id", "country", "state", "channel", "payment_method", "line_type", "status"]
        *frames, limits = pl.collect_all([sales.select(c).unique() for c in columns] + [
            sales.select(pl.len(), q=pl.col("quantity").abs().max(), p=raw(pl.col("unit_price")).abs().max())], **STREAM)
        texts = {c: f.to_series() for c, f in zip(columns, frames)}
        steps.tick("distinct texts")
        place = pl.scan_parquet(part(out, "bronze.customers")).select("country", "state", "city").collect(**STREAM)
        both = lambda c: pl.concat([texts[c], place[c]]).unique()
        names, codes = country_names(both("country"))
        states, cities = cleaned(both("state")), cleaned(place["city"].unique())
        self.country, self.state, city = enum(names.values(), "Unknown"), enum(states.values(), "Unknown"), enum(cities.values())
        look = lambda d, kind: Lookup(list(d), list(d.values()), kind)
        self.look = {"country": look(names, self.country), "state": look(states, self.state), "city": look(cities, city)}
        for c in ("channel", "payment_method"):
            d = cleaned(texts[c])
            self.look[c] = look(d, enum(d.values()))
        lower = lambda d: {k: (v or "").lower() for k, v in d.items()}
        self.look["document"] = look({k: v == "return" for k, v in lower(cleaned(texts["line_type"])).items()}, pl.Boolean)
        self.look["came_back"] = look({k: v in ("returned", "cancelled") for k, v in lower(cleaned(texts["status"])).items()}, pl.Boolean)
        self.codes = Lookup(list(codes), list(codes.values()), enum(codes.values()))
        ids, keys = cleaned(texts["customer_id"]), cleaned(texts["product_id"])
        self.customers = numbered(known_customers(out, self.look), ids, "customer_id", "customer")
        self.products = numbered(known_products(out), keys, "product_id", "product").with_columns(
            pl.col("category").fill_null("Uncategorized"))
        self.by_customer = pl.DataFrame({"text": list(ids), "customer_id": list(ids.values())}, schema={"text": pl.String, "customer_id": pl.String}).join(
            self.customers.select("customer", "customer_id", c_country="country", c_state="state", c_city="city"), on="customer_id")
        self.by_product = pl.DataFrame({"text": list(keys), "product_id": list(keys.values())}, schema={"text": pl.String, "product_id": pl.String}).join(
            self.products.select("product", "product_id", pl.col("category").cast(enum(self.products["category"])), p_cost=raw(pl.col("unit_cost")), p_price=raw(pl.col("unit_price"))),
            on="product_id")
        steps.tick("dimensions")
        self.narrow(limits)

    def narrow(self, limits):
        """Stop where amounts could leave the Int64s that they are computed in."""
        n, quantity, price = limits.row(0)
        most = max(price or 0, raw(self.products["unit_price"]).abs().max() or 0, raw(self.products["unit_cost"]).abs().max() or 0) * (quantity or 0)
        if most * 10**6 >= 2**63 or most * max(n, 1) >= 2**62:
            raise SystemExit("quantities or prices beyond this script's arithmetic")

    def lines(self, sales):
        """Give every line its amounts and, where silver cannot use it, the reason."""
        quantity, rate, look = pl.col("quantity"), raw(pl.col("discount_rate")), self.look
        joined = sales.rename({"customer_id": "text"}).join(self.by_customer.lazy(), on="text", how="left", maintain_order="left").drop("text").rename(
            {"product_id": "text"}).join(self.by_product.lazy(), on="text", how="left", maintain_order="left").drop("text")
        own = look["country"].of(pl.col("country"))
        looked = joined.with_columns(
            own=own, state=look["state"].of(pl.col("state")), channel=look["channel"].of(pl.col("channel")),
            payment_method=look["payment_method"].of(pl.col("payment_method")), units=quantity.abs(), rate=rate,
            price=pl.coalesce(raw(pl.col("unit_price")), "p_price"),
            document=(quantity < 0).fill_null(False) | look["document"].of(pl.col("line_type")).fill_null(False),
            came_back=look["came_back"].of(pl.col("status")).fill_null(False), order_date=pl.col("ordered_at").dt.date())
        home = pl.col("own").is_null() | (pl.col("own") == pl.col("c_country")).fill_null(False)
        gross, rate = pl.col("units") * pl.col("price"), pl.col("rate")
        placed = looked.with_columns(
            country=pl.coalesce("own", "c_country", pl.lit("Unknown", self.country)),
            state=pl.coalesce("state", pl.when(home).then(pl.col("c_state")), pl.lit("Unknown", self.state)),
            city=pl.when(home).then(pl.col("c_city")), gross=gross, cost=pl.col("units") * pl.col("p_cost"),
            net=pl.when(rate.is_null()).then(gross).otherwise((gross * (10**6 - rate) + 500_000) // 10**6))
        return placed.with_columns(
            discount=pl.max_horizontal(pl.col("gross") - pl.col("net"), 0), country_code=self.codes.of(pl.col("country")),
            reason=pl.when(pl.col("order_id").is_null()).then(1)
            .when(pl.col("product").is_null()).then(2)
            .when(quantity.is_null() | (quantity == 0)).then(3)
            .when(pl.col("order_date").is_null() | ~pl.col("order_date").is_between(date(2020, 1, 1), date(2029, 12, 31))).then(4)
            .when(pl.col("price").is_null() | (pl.col("price") < 0)).then(5)
            .when(rate.is_not_null() & ~rate.is_between(0, 10**6)).then(6)
            .otherwise(0).cast(pl.Int8))

    def losers(self):
        """ "The same (order_id, line_number, return document or not) keeps the latest updated_at, else the last."

        Lines that share a key are found by its hash (more than needed), and judged by the key itself.
        """
        hashed = self.sales.filter(pl.col("line_number").is_not_null()).with_columns(
            h=pl.col("order_id").hash(1) ^ pl.col("line_number").hash(2))
        repeated = hashed.select("h").group_by("h").len().filter(pl.col("len") > 1).select("h").collect(**STREAM)
        some = hashed.join(repeated.lazy(), on="h", how="semi").collect(**STREAM)
        rows = self.lines(some.lazy()).filter(pl.col("reason") == 0).select("order_id", "line_number", "document", "updated_at", "record").collect(**STREAM)
        rows = rows.sort("updated_at", "record", descending=True, nulls_last=True)
        return rows.filter(~pl.struct("order_id", "line_number", "document").is_first_distinct())["record"].sort()

    def fact(self, losers):
        """Write the fact; return its lines as gold needs them, and the lines that silver cannot use."""
        lines = self.lines(self.sales).filter(~pl.col("record").is_in(losers.implode()))
        kinds = lambda *k: pl.lit(list(k), dtype=pl.List(pl.Int8))
        # A returned sale stands twice, its return first.
        rows = lines.filter(pl.col("reason") == 0).with_columns(
            kind=pl.when("document").then(kinds(1)).when("came_back").then(kinds(2, 0)).otherwise(kinds(0))).explode("kind")
        sale = pl.col("kind") == 0
        signed = lambda c: pl.when(sale).then(pl.col(c)).otherwise(-pl.col(c))
        net, cost = signed("net"), signed("cost")
        self.line_type = pl.Enum(["sale", "return"])
        fact = rows.select(
            "order_id", "line_number", pl.when(sale).then(pl.lit("sale", self.line_type)).otherwise(pl.lit("return", self.line_type)).alias("line_type"),
            "ordered_at", "order_date", "customer_id", "product_id", signed("units").alias("quantity"), decimal(pl.col("price")).alias("unit_price"),
            decimal(pl.col("discount")).alias("discount_amount"), "tax_amount",
            decimal(pl.when(sale).then(pl.col("net")).otherwise(0)).alias("sales"),
            decimal(pl.when(sale).then(0).otherwise(pl.col("net"))).alias("returns"),
            decimal(net).alias("revenue"), decimal(cost).alias("cost"), decimal(net - cost).alias("margin"), "category", "country",
            "country_code", "state", "city", "channel", "payment_method", pl.lit(None, pl.String).alias("currency"),
            clean_rare(pl.col("original_order_id")), "updated_at", "_source_file", "_source_row")
        slim = rows.select("order_id", "kind", pl.col("customer").fill_null(-1), "product", "order_date",
                           place=pl.col("country").to_physical().cast(pl.Int32) * 65536 + pl.col("state").to_physical().cast(pl.Int32),
                           units=pl.col("units").cast(pl.Int32), net="net", discount="discount", cost="cost")
        unusable = lines.filter(pl.col("reason") > 0).select("record", "reason")
        _, facts, bad = pl.collect_all([sink(fact, self.out, "silver.fact_sales", lazy=True), slim, unusable], **STREAM)
        return facts, bad

    def dimensions(self, facts):
        newest = facts["order_date"].max()
        used = lambda c: ~pl.col("is_inferred") | pl.col(c).is_in(facts[c].unique().implode())
        self.customers = self.customers.filter(used("customer")).with_columns(
            country_code=self.codes.of(pl.col("country")),
            birth_date=pl.when((pl.col("birth_date") <= newest).fill_null(False)).then(pl.col("birth_date")))
        self.products = self.products.filter(used("product"))
        sink(self.customers.select("customer_id", "first_name", "last_name", "full_name", "email", "phone", "gender", "birth_date", "address", "city",
                                   "state", "postal_code", "country", "country_code", "segment", "signup_date", "is_inferred", "updated_at"), self.out, "silver.dim_customers")
        sink(self.products.select("product_id", "product_name", "category", "subcategory", "brand", "unit_cost", "unit_price", "is_inferred", "updated_at"),
             self.out, "silver.dim_products")

    def quarantine(self, bad):
        """Few rows, so their JSON is Python's."""
        rows = []
        for table, key in (("customers", "customer_id"), ("products", "product_id")):
            records = pl.scan_parquet(part(self.out, "bronze." + table)).filter(clean(pl.col(key)).is_null()).collect(**STREAM)
            rows += [(table, "missing_key", members(r), r["_source_file"], r["_source_row"]) for r in records.iter_rows(named=True)]
        reasons = dict(bad.sort("record").iter_rows())
        records = pl.scan_parquet(part(self.out, "bronze.sales"), row_index_name="record").join(
            bad.lazy(), on="record", how="semi").sort("record").collect(**STREAM)
        rows += [("sales", REASONS[reasons[r.pop("record")] - 1], members(r), r["_source_file"], r["_source_row"]) for r in records.iter_rows(named=True)]
        sink(pl.DataFrame(rows, orient="row", schema={"table": pl.String, "reason": pl.String, "values": pl.String, "source_file": pl.String,
                                                      "source_row": pl.Int64}), self.out, "silver.quarantine")


def members(row):
    return json.dumps({k: common.text(v) for k, v in row.items() if v is not None}, ensure_ascii=False, separators=(",", ":"))


def run(out, steps):
    """Write silver; return it with the lines of the fact as gold needs them."""
    s = Silver(out, steps)
    losers = s.losers()
    steps.tick("repeated lines")
    facts, bad = s.fact(losers)
    steps.tick("silver.fact_sales")
    s.dimensions(facts)
    s.quarantine(bad)
    steps.tick("silver.dim_customers, silver.dim_products, silver.quarantine")
    return s, facts
