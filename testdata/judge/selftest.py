"""Tests of the judge itself: rows with results worked out by hand, and broken lakes that must not pass.

    python selftest.py
"""

import contextlib
import copy
import datetime
import decimal
import io
import json
import os
import tempfile
import unittest

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import contract
import judge
import recompute
import rules as shop

D = decimal.Decimal
UTC = datetime.timezone.utc
os.environ.setdefault("SMELT_JUDGE_THREADS", "1")  # the lakes here are tiny
ARROW = {
    "string": pa.string(), "int": pa.int64(), "int64": pa.int64(), "int32": pa.int32(), "bool": pa.bool_(),
    "date": pa.date32(), "ts": pa.timestamp("us", "UTC"), "price": pa.decimal128(18, 4), "rate": pa.decimal128(9, 6),
    "sum": pa.decimal128(28, 4), "ratio": pa.decimal128(18, 6), "binary": pa.binary(),
}


def rules(**changes):
    out = {
        "timezone": "UTC", "return_values": shop.RETURN_VALUES, "returned_statuses": shop.RETURNED_STATUSES,
        "return_prefix": "", "returned_orders": [], "currency": None, "date_from": "1970-01-01",
        "date_to": "2100-12-31", "reference_date": None,
        "rfm": {"recency": "ntile", "frequency": "ntile", "monetary": "ntile", "measure": "revenue", "grid": shop.GRID},
        "files": [{"table": t, "file": t + ".csv", "returns": False} for t in ("customers", "products", "sales")]
        + [{"table": "sales", "file": "returns.csv", "returns": True}],
        "customer_attributes": [], "product_attributes": [],
    }
    out.update(changes)
    return out


def at(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(text):
    return datetime.date.fromisoformat(text)


def schema(table):
    return pa.schema([pa.field(n, ARROW[k], nullable) for n, k, nullable in contract.columns(table)])


def convert(kind, value):
    if value is None or not isinstance(value, str):
        return D(value) if kind in ("price", "rate") and value is not None else value
    if kind == "ts":
        return at(value)
    if kind == "date":
        return day(value)
    if kind in ("price", "rate"):
        return D(value)
    return value


def arrow(table, rows):
    """Return hand-made rows as an Arrow table; source row numbers and a batch id are filled in."""
    full, numbers = [], {}
    name = table.split(".")[1]
    for row in rows:
        file = row.get("_source_file", name + ".csv")
        numbers[file] = numbers.get(file, 0) + 1
        full.append({"_source_file": file, "_source_row": numbers[file], "_batch_id": "b", **row})
    return pa.Table.from_pydict(
        {n: [convert(k, r.get(n)) for r in full] for n, k, _ in contract.columns(table)}, schema(table))


def sale(**values):
    """A complete ordinary line, with changes."""
    return {"order_id": "o1", "ordered_at": "2024-01-10T12:00:00", "customer_id": "c1", "product_id": "p1",
            "quantity": 2, "unit_price": "10.00", **values}


def run(sales, customers=({"customer_id": "c1"},), products=({"product_id": "p1", "category": "Toys"},), **changes):
    """Recompute a hand-made shop; returns the connection."""
    con = duckdb.connect()
    recompute.connect(con)
    for table, rows in (("customers", customers), ("products", products), ("sales", sales)):
        con.register(table + "_rows", arrow("bronze." + table, rows))
        con.execute(f"CREATE TABLE bronze.{table} AS FROM {table}_rows")
    recompute.run(con, rules(**changes))
    return con


class Case(unittest.TestCase):
    def rows(self, con, sql):
        """Run a query; decimals and dates as text."""
        return [tuple(str(v) if isinstance(v, (D, datetime.date)) else v for v in r) for r in con.execute(sql).fetchall()]


class Silver(Case):
    def test_amounts(self):
        big = 9_000_000_000_000_000_000
        cases = [  # changes, (unit_price, sales, discount_amount) or reason
            ({}, ("10.0000", "20.0000", "0.0000")),
            ({"discount_rate": "0.1"}, ("10.0000", "18.0000", "2.0000")),
            ({"discount_rate": "0.1", "discount_amount": "0.5"}, ("10.0000", "17.5000", "2.5000")),
            # 3 × 0.0333 × 0.85 = 0.084915 → 0.0849; 1 × 0.0001 × 0.5 = 0.00005 → 0.0001 (half away from zero)
            ({"quantity": 3, "unit_price": "0.0333", "discount_rate": "0.15"}, ("0.0333", "0.0849", "0.0150")),
            ({"quantity": 1, "unit_price": "0.0001", "discount_rate": "0.5"}, ("0.0001", "0.0001", "0.0000")),
            ({"line_amount": "15"}, ("10.0000", "15.0000", "5.0000")),
            ({"line_amount": "25"}, ("10.0000", "25.0000", "0.0000")),  # a surcharge is no discount
            ({"unit_price": None, "line_amount": "10", "quantity": 3}, ("3.3333", "10.0000", "0.0000")),
            ({"unit_price": None, "line_amount": "10", "quantity": 3, "discount_rate": "0.5"}, ("6.6667", "10.0000", "10.0001")),
            ({"unit_price": None, "line_amount": "10", "discount_rate": "1"}, ("0.0000", "10.0000", "0.0000")),
            ({"unit_price": None}, ("7.5000", "15.0000", "0.0000")),  # the product's
            ({"unit_price": None, "product_id": "p2"}, "invalid_unit_price"),
            ({"unit_price": "-1"}, "invalid_unit_price"),
            ({"unit_price": None, "line_amount": "10", "discount_rate": "2"}, "invalid_unit_price"),  # −5: first reason
            ({"discount_rate": "1.000001"}, "invalid_discount"),
            ({"discount_rate": "-0.1"}, "invalid_discount"),
            ({"discount_amount": "-0.01"}, "invalid_discount"),
            ({"discount_amount": "20.0001"}, "invalid_discount"),
            ({"discount_amount": "20"}, ("10.0000", "0.0000", "20.0000")),
            ({"quantity": 0}, "invalid_quantity"),
            ({"quantity": None}, "invalid_quantity"),
            ({"order_id": " \u00a0", "product_id": None}, "missing_order_id"),
            ({"product_id": "", "quantity": 0}, "missing_product_id"),
            ({"ordered_at": None, "unit_price": "-1"}, "invalid_date"),
            ({"ordered_at": "2101-01-01T00:00:00"}, "invalid_date"),
            ({"ordered_at": "1969-12-31T23:59:59"}, "invalid_date"),
            ({"ordered_at": "2100-12-31T23:59:59"}, ("10.0000", "20.0000", "0.0000")),
            ({"quantity": big}, "amount_overflow"),
            ({"quantity": big, "unit_price": "99999999999999.9999"}, "amount_overflow"),
            ({"quantity": big, "unit_price": "99999999999999.9999", "discount_rate": "1"}, "amount_overflow"),
            ({"quantity": big, "unit_price": "99999999999999.9999", "discount_rate": "1", "discount_amount": "1"},
             "invalid_discount"),
            ({"quantity": big, "unit_price": "0", "product_id": "p2"}, ("0.0000", "0.0000", "0.0000")),
            ({"unit_price": None, "quantity": 1, "line_amount": "99999999999999.9999", "discount_rate": "0.999999"},
             "amount_overflow"),
        ]
        con = run([sale(**c) for c, _ in cases],
                  products=[{"product_id": "p1", "unit_price": "7.5", "unit_cost": "1"}, {"product_id": "p2"}])
        got = {r[0]: r[1:] for r in self.rows(con, "SELECT _source_row, unit_price, sales, discount_amount FROM silver.fact_sales")}
        got.update(self.rows(con, "SELECT source_row, reason FROM silver.quarantine"))
        for i, (changes, want) in enumerate(cases, 1):
            with self.subTest(changes=changes):
                self.assertEqual(got[i], want)

    def test_returns(self):
        con = run([
            sale(line_type="  REFUND "),                                                  # 1
            sale(quantity=-2),                                                            # 2
            sale(line_amount="-20", unit_price=None),                                     # 3
            sale(order_id="C77"),                                                         # 4 prefix
            sale(_source_file="returns.csv", order_id=None, returned_at="2024-02-01T00:00:00", ordered_at=None),
            sale(status="Cancelled", returned_at="2024-02-02T00:00:00"),                  # 5 mirrored
            sale(order_id="listed"),                                                      # 6 mirrored: the list
            sale(order_id="half", product_id="p1"),                                       # 7 mirrored: order and product
            sale(order_id="half", product_id="p2"),                                       # 8 not
            sale(line_type="return", status="returned"),                                  # 9 a document is not mirrored
            sale(status="returned", returned_at="2199-01-01T00:00:00"),                   # 10 invalid returned_at
        ], products=[{"product_id": "p1", "unit_cost": "4"}, {"product_id": "p2"}], return_prefix="C",
            returned_orders=[{"order_id": " listed", "product_id": None, "returned_at": "2024-03-01T00:00:00+00:00"},
                             {"order_id": "half", "product_id": "p1", "returned_at": None}])
        got = self.rows(con, """SELECT _source_file, _source_row, line_type, order_id, order_date, quantity, sales, returns,
                                       revenue, cost, margin FROM silver.fact_sales""")
        back, sold = (-2, "0.0000", "20.0000", "-20.0000", "-8.0000", "-12.0000"), (2, "20.0000", "0.0000", "20.0000", "8.0000", "12.0000")
        s, d = "sales.csv", "2024-01-10"
        self.assertEqual(got, [
            (s, 1, "return", "o1", d, *back), (s, 2, "return", "o1", d, *back), (s, 3, "return", "o1", d, *back),
            (s, 4, "return", "C77", d, *back),
            (s, 5, "return", "o1", "2024-02-02", *back), (s, 5, "sale", "o1", d, *sold),
            (s, 6, "return", "listed", "2024-03-01", *back), (s, 6, "sale", "listed", d, *sold),
            (s, 7, "return", "half", d, *back), (s, 7, "sale", "half", d, *sold),
            (s, 8, "sale", "half", d, 2, "20.0000", "0.0000", "20.0000", None, None),
            (s, 9, "return", "o1", d, *back),
            (s, 10, "return", "o1", d, *back), (s, 10, "sale", "o1", d, *sold),
            ("returns.csv", 1, "return", "return-returns.csv-1", "2024-02-01", *back),
        ])

    def test_duplicates(self):
        con = run([
            sale(line_number=1, updated_at="2024-01-02T00:00:00"),   # 1 kept: the latest
            sale(line_number=1, updated_at="2024-01-01T00:00:00"),
            sale(line_number=1),
            sale(line_number=1, quantity=-1),                        # 4 kept: a return document is another line
            sale(order_id=" o1 ", line_number=2),
            sale(line_number=2),                                     # 6 kept: the last
            sale(line_number=3),                                     # 7 kept: a quarantined line takes no part
            sale(line_number=3, quantity=0),
            sale(), sale(),                                          # 9, 10 kept: no line numbers
        ])
        self.assertEqual([r[0] for r in self.rows(con, "SELECT _source_row FROM silver.fact_sales")], [1, 4, 6, 7, 9, 10])

    def test_overlap(self):
        a, b = {"_source_file": "sales.csv"}, {"_source_file": "b.csv"}
        con = run([
            sale(**a), sale(**a),                                    # 1, 2 kept: twice here, once in b.csv
            sale(order_id="o2", **a),                                # 3 kept: as often as in b.csv, which is later
            sale(order_id="o3", **a),
            sale(order_id="o4", **a),                                # 5 kept: another spelling in b.csv
            sale(order_id="o5", quantity=0, **a),                    # quarantined, as in b.csv
            sale(**b),
            sale(order_id="o2", **b),
            sale(order_id="o3", **b), sale(order_id="o3", **b),      # 3, 4 kept: once in sales.csv
            sale(order_id=" o4", **b),                               # 5 kept
            sale(order_id="o5", quantity=0, **b),
            sale(_source_file="c.csv"), sale(_source_file="d.csv"),  # other sources: both kept
        ], files=[{"table": t, "file": f, "returns": False, "overlap": o} for t, f, o in [
            ("customers", "customers.csv", None), ("products", "products.csv", None), ("sales", "sales.csv", 2),
            ("sales", "b.csv", 2), ("sales", "c.csv", 3), ("sales", "d.csv", None)]])
        self.assertEqual(self.rows(con, "SELECT _source_file, _source_row FROM silver.fact_sales"), [
            ("sales.csv", 1), ("sales.csv", 2), ("sales.csv", 3), ("sales.csv", 5), ("b.csv", 3), ("b.csv", 4), ("b.csv", 5),
            ("c.csv", 1), ("d.csv", 1)])

    def test_places(self):
        customers = [{"customer_id": "c1", "country": "u.s.", "state": "Ohio", "city": "Dayton"}]
        cases = [  # line, (country, country_code, state, city)
            ({}, ("United States", "US", "Ohio", "Dayton")),
            ({"country": "usa"}, ("United States", "US", "Ohio", "Dayton")),
            ({"country": "United  Kingdom"}, ("United Kingdom", "GB", "Unknown", None)),
            ({"country": "Narnia", "city": "Cair"}, ("Narnia", None, "Unknown", "Cair")),
            ({"country": "USA", "state": "Iowa"}, ("United States", "US", "Iowa", "Dayton")),
            ({"customer_id": None}, ("Unknown", None, "Unknown", None)),
            ({"country": "EIRE"}, ("Ireland", "IE", "Unknown", None)),
            ({"country": "DEU"}, ("Germany", "DE", "Unknown", None)),
            ({"country": "España"}, ("Spain", "ES", "Unknown", None)),
        ]
        got = self.rows(run([sale(**c) for c, _ in cases], customers=customers),
                        "SELECT country, country_code, state, city FROM silver.fact_sales")
        self.assertEqual(got, [w for _, w in cases])

    def test_local_dates(self):
        con = run([sale(ordered_at="2024-03-10T04:59:59"), sale(ordered_at="2024-03-10T05:00:00"),
                   sale(ordered_at="2024-03-11T03:59:59"), sale(ordered_at="2024-11-04T04:59:59")], timezone="America/New_York")
        self.assertEqual(self.rows(con, "SELECT order_date FROM silver.fact_sales"),
                         [("2024-03-09",), ("2024-03-10",), ("2024-03-10",), ("2024-11-03",)])

    def test_customers(self):
        con = run([sale(), sale(customer_id="ghost")], customers=[
            {"customer_id": "c1", "full_name": "old", "updated_at": "2023-01-01T00:00:00", "signup_date": "2024-01-01"},
            {"customer_id": " c1", "first_name": " Ann ", "last_name": "Lee", "updated_at": "2023-01-01T00:00:00",
             "signup_date": "2024-01-02", "email": "Ann@Shop.Example ", "phone": "+44 (0)20-7", "birth_date": "2024-01-10",
             "country": "Deutschland"},
            {"customer_id": "c2", "last_name": "e\u0301 \u2003x", "email": "a@b", "phone": "none", "birth_date": "2024-01-11"},
            {"customer_id": "c2", "last_name": "E\u0301 \u2003x", "email": "a b@c.d", "phone": "1+2", "birth_date": "2024-01-11"},
            {"customer_id": "\u3000", "email": "x"},
        ])
        self.assertEqual(self.rows(con, """SELECT customer_id, full_name, email, phone, birth_date, country, country_code,
                                                  is_inferred FROM silver.dim_customers"""), [
            ("c1", "Ann Lee", "ann@shop.example", "+44" + "0207", "2024-01-10", "Germany", "DE", False),
            ("c2", "\u00c9 x", None, "12", None, None, None, False),
            ("ghost", None, None, None, None, None, None, True)])
        self.assertEqual(self.rows(con, "SELECT \"table\", reason, source_row, values FROM silver.quarantine"), [
            ("customers", "missing_key", 5,
             '{"customer_id":"\u3000","email":"x","_source_file":"customers.csv","_source_row":"5","_batch_id":"b"}')])

    def test_products(self):
        names = ["Home Garden", "home garden", "Home Garden", "homegarden", "HOME", "home"]
        con = run([sale(), sale(product_id="ghost")], products=[
            {"product_id": f"p{i}", "category": c, "unit_cost": "-1" if i == 0 else "2"} for i, c in enumerate(names)
        ] + [{"product_id": "p3", "category": "Other"}, {"product_id": "p6"}])
        self.assertEqual(self.rows(con, "SELECT product_id, category, unit_cost, is_inferred FROM silver.dim_products"), [
            ("ghost", "Uncategorized", None, True), ("p0", "Home Garden", None, False), ("p1", "Home Garden", "2.0000", False),
            ("p2", "Home Garden", "2.0000", False), ("p3", "Other", None, False), ("p4", "HOME", "2.0000", False),
            ("p5", "HOME", "2.0000", False), ("p6", "Uncategorized", None, False)])

    def test_derived(self):
        con = run([sale(updated_at="2024-01-02T00:00:00"), sale(updated_at="2024-01-03T00:00:00", quantity=0),
                   sale(customer_id="c2", product_id="p2", quantity=0)], customers=[], products=[],
                  files=[{"table": "sales", "file": "sales.csv", "returns": False}],
                  customer_attributes=[
                      {"_source_file": "sales.csv", "_source_row": 1, "first_name": "Old", "country": "fr"},
                      {"_source_file": "sales.csv", "_source_row": 2, "first_name": "New", "country": " "}],
                  product_attributes=[{"_source_file": "sales.csv", "_source_row": 1, "product_name": "Bear", "unit_cost": "3"}])
        self.assertEqual(self.rows(con, """SELECT customer_id, first_name, country, is_inferred, updated_at::VARCHAR
                                           FROM silver.dim_customers"""),
                         [("c1", "New", "France", False, "2024-01-03 00:00:00+00"), ("c2", None, None, False, None)])
        self.assertEqual(self.rows(con, "SELECT product_id, product_name, unit_cost, is_inferred FROM silver.dim_products"),
                         [("p1", "Bear", "3.0000", False), ("p2", None, None, False)])
        self.assertEqual(self.rows(con, "SELECT country, cost FROM silver.fact_sales"), [("France", "6.0000")])

    def test_currency(self):
        con = run([sale(currency="USD"), sale(currency="EUR"), sale()], currency="USD")
        self.assertEqual(self.rows(con, "SELECT source_row, reason FROM silver.quarantine"), [(2, "foreign_currency")])

    def test_json(self):
        con = run([sale(quantity=0, status='a"\\\u00e9', discount_rate="0.1", updated_at="2024-01-01T00:00:00.120000")])
        (text,), = con.execute("SELECT values FROM silver.quarantine").fetchall()
        self.assertEqual(json.loads(text, object_pairs_hook=list), [
            ("order_id", "o1"), ("status", 'a"\\\u00e9'), ("ordered_at", "2024-01-10T12:00:00Z"), ("customer_id", "c1"),
            ("product_id", "p1"), ("quantity", "0"), ("unit_price", "10.0000"), ("discount_rate", "0.100000"),
            ("updated_at", "2024-01-01T00:00:00.12Z"), ("_source_file", "sales.csv"), ("_source_row", "1"), ("_batch_id", "b")])


class Gold(Case):
    def test_customer_metrics(self):
        con = run([
            sale(unit_price="10.00"), sale(order_id="o2", ordered_at="2024-01-14T00:00:00", discount_rate="0.5"),
            sale(order_id="o2", ordered_at="2024-01-14T09:00:00", quantity=1, unit_price="0.01"),
            sale(order_id="o3", ordered_at="2024-01-20T00:00:00", quantity=-1),
            sale(customer_id="c2", quantity=-1), sale(customer_id="c3", product_id="p2"), sale(customer_id=None),
        ], customers=[{"customer_id": f"c{i}"} for i in range(1, 5)],
            products=[{"product_id": "p1", "unit_cost": "4"}, {"product_id": "p2"}])
        got = self.rows(con, """SELECT customer_id, orders, return_orders, units_sold, units_returned, sales, returns, revenue,
            discounts, cost, margin, aov, return_rate, unit_return_rate, order_return_rate, first_order_date,
            last_order_date, lifespan_days, tenure_days, avg_days_between_orders, clv FROM gold.customer_metrics""")
        self.assertEqual(got, [
            # sales 20 + 10 + 0.01, returns 10 / 30.01 = 0.3332222…, 1/5 units, reference 2024-01-21
            ("c1", 2, 1, 5, 1, "30.0100", "10.0000", "20.0100", "10.0000", "16.0000", "4.0100", "15.0050", "0.333222",
             "0.200000", "0.500000", "2024-01-10", "2024-01-14", 4, 11, "4.0000", "20.0100"),
            ("c2", 0, 1, 0, 1, "0.0000", "10.0000", "-10.0000", "0.0000", "-4.0000", "-6.0000", None, None, None, None,
             None, None, None, None, None, "-10.0000"),
            ("c3", 1, 0, 2, 0, "20.0000", "0.0000", "20.0000", "0.0000", None, None, "20.0000", "0.000000", "0.000000",
             "0.000000", "2024-01-10", "2024-01-10", 0, 11, None, "20.0000"),
            ("c4", 0, 0, 0, 0, "0.0000", "0.0000", "0.0000", "0.0000", "0.0000", "0.0000", None, None, None, None, None,
             None, None, None, None, "0.0000")])

    def segments(self, values, **changes):
        """Score one order a customer: values are (day of January, units)."""
        sales = [sale(customer_id=f"c{i}", order_id=f"o{i}", ordered_at=f"2024-01-{d:02}T00:00:00", quantity=q, unit_price="1")
                 for i, (d, q) in enumerate(values)]
        r = rules()["rfm"] | changes.pop("rfm", {})
        con = run(sales, customers=[{"customer_id": f"c{i}"} for i in range(len(values))], rfm=r, **changes)
        return self.rows(con, "SELECT customer_id, recency_days, rfm, rfm_total, segment FROM gold.customer_segmentation")

    def test_segments(self):
        values = [(1, 1), (2, 2), (2, 2), (3, 9), (9, 7), (9, 7)]
        # NTILE(5) of 6 rows: sizes 2, 1, 1, 1, 1; ties by customer_id.
        self.assertEqual(self.segments(values), [
            ("c0", 9, "111", 3, "Hibernating"), ("c1", 8, "111", 3, "Hibernating"), ("c2", 8, "222", 6, "Hibernating"),
            ("c3", 7, "335", 11, "Need Attention"), ("c4", 1, "443", 11, "Loyal Customers"), ("c5", 1, "554", 14, "Champions")])
        quantile = {"recency": "quantile", "frequency": "quantile", "monetary": "quantile"}
        # Recency sorted 1 1 7 8 8 9: quantiles at h = 1, 2, 3, 4 are 1, 7, 8, 8; money 1 2 2 7 7 9: 2, 2, 7, 7.
        # Every frequency is 1, so no quantile lies below one: score 1.
        self.assertEqual(self.segments(values, rfm=quantile), [
            ("c0", 9, "111", 3, "Hibernating"), ("c1", 8, "311", 5, "About To Sleep"), ("c2", 8, "311", 5, "About To Sleep"),
            ("c3", 7, "415", 10, "Promising"), ("c4", 1, "513", 9, "New Customers"), ("c5", 1, "513", 9, "New Customers")])
        # Two values 1 and 2: quantiles 1.2, 1.4, 1.6, 1.8.
        self.assertEqual(self.segments([(1, 1), (2, 2)], rfm=quantile, reference_date="2024-01-05"),
                         [("c0", 4, "111", 3, "Hibernating"), ("c1", 3, "515", 11, "New Customers")])
        self.assertEqual(self.segments([(1, 1)], rfm=quantile), [("c0", 1, "511", 7, "New Customers")])

    def test_products_gold(self):
        def line(p, n, **c):
            return sale(product_id=p, order_id="o" + p, quantity=n, unit_price="1", **c)
        con = run([line("a", 79), line("b", 1), line("c", 15), line("d", 5), line("e", 1), line("e", -1), line("f", 1)],
                  products=[{"product_id": p, "category": "x" if p < "d" else "y", "unit_cost": "0.5"} for p in "abcdeg"])
        got = self.rows(con, """SELECT product_id, revenue, margin_rate, average_price, revenue_rank, category_rank,
                                revenue_share, cumulative_share, abc_class FROM gold.product_performance""")
        self.assertEqual(got, [  # total 101; before: a 0, c 79, d 94, b 99, f 100
            ("a", "79.0000", "0.500000", "1.0000", 1, 1, "0.782178", "0.782178", "A"),
            ("b", "1.0000", "0.500000", "1.0000", 4, 3, "0.009901", "0.990099", "C"),
            ("c", "15.0000", "0.500000", "1.0000", 2, 2, "0.148515", "0.930693", "A"),
            ("d", "5.0000", "0.500000", "1.0000", 3, 1, "0.049505", "0.980198", "B"),
            ("e", "0.0000", None, "1.0000", 6, 2, "0.000000", "1.000000", "C"),
            ("f", "1.0000", None, "1.0000", 5, 1, "0.009901", "1.000000", "C"),
            ("g", "0.0000", None, None, 7, 3, "0.000000", "1.000000", "C")])

    def test_summary(self):
        con = run([sale(ordered_at="2023-12-30T00:00:00"), sale(ordered_at="2024-01-01T00:00:00", order_id="o2", customer_id="c2"),
                   sale(ordered_at="2024-01-01T05:00:00", order_id="o3", customer_id=None, quantity=1),
                   sale(ordered_at="2024-01-07T00:00:00", quantity=-1)], customers=[{"customer_id": "c1"}])
        got = self.rows(con, """SELECT period_start, is_complete, orders, return_orders, customers, new_customers, revenue,
                                previous_revenue, growth, revenue_7d FROM gold.sales_summary WHERE grain = 'day'""")
        self.assertEqual(len(got), 9)
        self.assertEqual(got[:4] + got[-3:], [
            ("2023-12-30", True, 1, 0, 1, 1, "20.0000", None, None, None),
            ("2023-12-31", True, 0, 0, 0, 0, "0.0000", "20.0000", "-1.000000", None),
            ("2024-01-01", True, 2, 0, 1, 1, "30.0000", "0.0000", None, None),
            ("2024-01-02", True, 0, 0, 0, 0, "0.0000", "30.0000", "-1.000000", None),
            ("2024-01-05", True, 0, 0, 0, 0, "0.0000", "0.0000", None, "50.0000"),
            ("2024-01-06", True, 0, 0, 0, 0, "0.0000", "0.0000", None, "30.0000"),
            ("2024-01-07", True, 0, 1, 0, 0, "-10.0000", "0.0000", None, "20.0000")])
        got = self.rows(con, """SELECT grain, period_start, is_complete, revenue, growth FROM gold.sales_summary
                                WHERE grain <> 'day'""")
        self.assertEqual(got, [
            ("month", "2023-12-01", False, "20.0000", None), ("month", "2024-01-01", False, "20.0000", "0.000000"),
            ("quarter", "2023-10-01", False, "20.0000", None), ("quarter", "2024-01-01", False, "20.0000", "0.000000"),
            ("week", "2023-12-25", False, "20.0000", None), ("week", "2024-01-01", True, "20.0000", "0.000000"),
            ("year", "2023-01-01", False, "20.0000", None), ("year", "2024-01-01", False, "20.0000", "0.000000")])

    def test_year_on_year(self):
        con = run([sale(ordered_at=f"{d}T00:00:00", quantity=q) for d, q in
                   [("2023-01-02", 1), ("2024-01-01", 3), ("2024-02-29", 1), ("2025-02-27", 2)]])
        got = self.rows(con, """SELECT grain, period_start, yoy_growth FROM gold.sales_summary
                                WHERE yoy_growth IS NOT NULL AND revenue > 0""")
        self.assertEqual(got, [
            ("day", "2024-01-01", "2.000000"), ("day", "2025-02-27", "1.000000"), ("month", "2024-01-01", "2.000000"),
            ("month", "2025-02-01", "1.000000"), ("quarter", "2024-01-01", "3.000000"), ("quarter", "2025-01-01", "-0.500000"),
            ("week", "2024-01-01", "2.000000"), ("week", "2025-02-24", "1.000000"), ("year", "2024-01-01", "3.000000"),
            ("year", "2025-01-01", "-0.500000")])

    def test_regions(self):
        con = run([sale(country="US", state="Ohio"), sale(country="USA", order_id="o2", quantity=1),
                   sale(country="FR", order_id="o3", customer_id="c2", quantity=3)])
        got = self.rows(con, """SELECT level, country, country_code, state, orders, customers, revenue, aov, revenue_share,
                                revenue_rank FROM gold.regional_sales""")
        self.assertEqual(got, [
            ("country", "France", "FR", None, 1, 1, "30.0000", "30.0000", "0.500000", 1),
            ("country", "United States", "US", None, 2, 1, "30.0000", "15.0000", "0.500000", 2),
            ("state", "France", "FR", "Unknown", 1, 1, "30.0000", "30.0000", "0.500000", 1),
            ("state", "United States", "US", "Ohio", 1, 1, "20.0000", "20.0000", "0.333333", 2),
            ("state", "United States", "US", "Unknown", 1, 1, "10.0000", "10.0000", "0.166667", 3)])

    def test_no_lines(self):
        con = run([])
        self.assertEqual(self.rows(con, "SELECT count(*) FROM gold.sales_summary"), [(0,)])
        self.assertEqual(self.rows(con, "SELECT count(*) FROM gold.customer_segmentation"), [(0,)])
        self.assertEqual(self.rows(con, "SELECT orders, cost, aov, tenure_days FROM gold.customer_metrics"),
                         [(0, "0.0000", None, None)])
        self.assertEqual(self.rows(con, "SELECT revenue_share, abc_class FROM gold.product_performance"), [(None, "C")])


class Exact(unittest.TestCase):
    def test_quotient(self):
        con = duckdb.connect()
        recompute.connect(con)
        top = 10**28 - 1
        for a, b, k in [(1, 3, 6), (2, 3, 6), (-1, 2, 0), (1, 2, 0), (-3, 2, 0), (5, -2, 0), (0, 7, 6), (1, 0, 6),
                        (top, top - 1, 6), (top, 1, 6), (-top, 3, 6), (1, top, 6), (10**18 - 1, 7, 4)]:
            want = None
            if b:
                half = (2 * abs(a) * 10**k + abs(b)) // (2 * abs(b))
                want = half if a * b >= 0 else -half
            (got,) = con.execute(f"SELECT quotient({a}::HUGEINT, {b}::HUGEINT, {10**k})").fetchone()
            self.assertEqual(got, want, (a, b, k))
        self.assertEqual(con.execute("SELECT ratio(1000000000000000000::HUGEINT), price(-999999999999999999::HUGEINT)").fetchone(),
                         (None, D("-99999999999999.9999")))


class Comparer(unittest.TestCase):
    """A lake made from the judge's own tables passes; each way to break it fails."""

    @classmethod
    def setUpClass(cls):
        sales = [sale(order_id=f"o{i // 2}", line_number=i % 2, customer_id=f"c{i % 7}", product_id=f"p{i % 5}", quantity=1 + i % 4,
                      ordered_at=f"2024-{1 + i % 6:02}-{1 + i % 28:02}T10:00:00", country=["US", "FR", None][i % 3])
                 for i in range(60)]
        sales += [sale(quantity=0), sale(order_id="o1", line_number=1), sale(order_id="o9", quantity=-1), sale(status="returned")]
        cls.tables = {
            "bronze.customers": arrow("bronze.customers", [{"customer_id": f"c{i}", "country": "us"} for i in range(6)] + [{}]),
            "bronze.products": arrow("bronze.products", [{"product_id": f"p{i % 4}", "unit_cost": "3"} for i in range(5)]),
            "bronze.sales": arrow("bronze.sales", sales),
            "bronze.rejects": pa.Table.from_pylist(
                [{"source_table": "sales", "source_file": "sales.csv", "source_row": len(sales) + 1, "byte_offset": 9,
                  "error": "ragged", "raw": b"x"}], schema("bronze.rejects")),
        }
        con = duckdb.connect()
        recompute.connect(con)
        for table in ("customers", "products", "sales"):
            rows = cls.tables["bronze." + table]
            con.execute(f"CREATE TABLE bronze.{table} AS FROM rows")
        recompute.run(con, rules())
        for table in contract.KEYS:
            cls.tables[table] = con.sql(f"FROM {table}").to_arrow_table().cast(schema(table))
        cls.report = {"sources": [
            {"table": "customers", "file": "customers.csv", "records": 7, "rejected": 0},
            {"table": "products", "file": "products.csv", "records": 5, "rejected": 0},
            {"table": "sales", "file": "sales.csv", "records": 65, "rejected": 1},
            {"table": "sales", "file": "returns.csv", "records": 0, "rejected": 0}],
            "conservation": [
                {"table": "customers", "records": 7, "rejected": 0, "bronze": 7, "silver": 7, "added": 1, "quarantined": 1,
                 "reasons": {"missing_key": 1}, "deduplicated": 0, "holds": True},
                {"table": "products", "records": 5, "rejected": 0, "bronze": 5, "silver": 5, "added": 1, "quarantined": 0,
                 "deduplicated": 1, "holds": True},
                {"table": "sales", "records": 65, "rejected": 1, "bronze": 64, "silver": 63, "added": 1, "quarantined": 1,
                 "reasons": {"invalid_quantity": 1}, "deduplicated": 1, "holds": True}]}
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.lake = cls.folder.name
        for table, rows in cls.tables.items():
            cls.write(table, rows)
        cls.write_report({})
        cls.judge = judge.Judge(cls.lake, rules())
        cls.first, cls.output = quiet(cls.judge.run)

    @classmethod
    def write(cls, table, rows):
        """Write a table's files; the fact in two parts."""
        folder = os.path.join(cls.lake, *table.split("."))
        os.makedirs(folder, exist_ok=True)
        parts = 2 if table == "silver.fact_sales" else 1
        share = -(-rows.num_rows // parts)
        for i in range(parts):
            pq.write_table(rows.slice(i * share, share), os.path.join(folder, f"part-{i:05}.parquet"))

    @classmethod
    def write_report(cls, changes):
        sizes = []
        for table in cls.tables:
            folder = os.path.join(cls.lake, *table.split("."))
            sizes.append({"name": table, "rows": cls.tables[table].num_rows, "parts": len(os.listdir(folder)),
                          "bytes": sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder))})
        os.makedirs(os.path.join(cls.lake, "_smelt"), exist_ok=True)
        with open(os.path.join(cls.lake, "_smelt", "run.json"), "w", encoding="utf-8") as f:
            json.dump({**cls.report, "tables": sizes, **changes}, f)

    def broken(self, table, rows, check):
        """Run one check of the judge on a lake with one table changed; returns faults and output."""
        self.write(table, rows)
        try:
            before = self.judge.faults
            _, out = quiet(lambda: check(self.judge))
            return self.judge.faults - before, out
        finally:
            self.write(table, self.tables[table])

    def reported(self, **changes):
        """Check conservation against a changed report."""
        self.write_report(changes)
        before = self.judge.faults
        _, out = quiet(self.judge.conservation)
        return self.judge.faults - before, out

    def test_agrees(self):
        self.assertEqual(self.first, 0, self.output)
        for table in contract.KEYS:
            self.assertRegex(self.output, rf"(?m)^{table} .* rows  ok$")

    def test_every_cell_counts(self):
        for table in contract.KEYS:
            for i, (name, kind, _) in enumerate(contract.columns(table)):
                rows = self.tables[table]
                values = rows.column(i).to_pylist()
                values[-1] = other(kind, values[-1])
                changed = rows.set_column(i, rows.schema.field(i), pa.array(values, rows.schema.field(i).type))
                with self.subTest(table=table, column=name):
                    faults, out = self.broken(table, changed, lambda j, t=table: j.compare(t))
                    self.assertEqual(faults, 1)
                    self.assertIn("    only the" if name in contract.KEYS[table] else f"    {name}: 1 rows differ", out)

    def test_rows_and_order(self):
        for table in contract.KEYS:
            rows = self.tables[table]
            last = rows.num_rows - 1
            for label, changed in (("a row less", rows.slice(0, last)), ("a row twice", pa.concat_tables([rows, rows.slice(last)])),
                                   ("two rows swapped", rows.take([*range(last - 1), last, last - 1]))):
                with self.subTest(table=table, label=label):
                    self.assertEqual(self.broken(table, changed, lambda j, t=table: j.compare(t))[0], 1)

    def test_schema(self):
        for table, field in [
            ("silver.fact_sales", pa.field("order_id", pa.string(), True)),
            ("silver.fact_sales", pa.field("channel", pa.string(), False)),
            ("silver.fact_sales", pa.field("sales", pa.decimal128(20, 4), False)),
            ("silver.fact_sales", pa.field("ordered_at", pa.timestamp("us"), False)),
            ("silver.fact_sales", pa.field("ordered_at", pa.timestamp("ms", "UTC"), False)),
            ("gold.customer_metrics", pa.field("sales", pa.decimal128(18, 4), False)),
            ("gold.customer_metrics", pa.field("orders", pa.float64(), False)),
            ("bronze.sales", pa.field("line_number", pa.int64(), True)),
            ("bronze.rejects", pa.field("raw", pa.string(), False)),
        ]:
            rows = self.tables[table]
            at_column = rows.schema.get_field_index(field.name)
            values = pa.array([v if v is not None or field.nullable else "" for v in rows.column(at_column).to_pylist()],
                              rows.schema.field(at_column).type).cast(field.type)
            with self.subTest(table=table, field=field):
                faults, out = self.broken(table, rows.set_column(at_column, field, values), lambda j, t=table: j.lay(t))
                self.assertEqual(faults, 1, out)
                self.assertIn(f"{table}: {field.name} is", out)
                quiet(lambda t=table: self.judge.lay(t))
        table = "gold.customer_metrics"
        rows = self.tables[table]
        self.assertIn("in another order", self.broken(table, rows.select(rows.column_names[::-1]), lambda j: j.lay(table))[1])
        self.assertIn("missing ['clv']", self.broken(table, rows.drop_columns(["clv"]), lambda j: j.lay(table))[1])

    def test_bronze(self):
        sales = self.tables["bronze.sales"]
        for changed, message in ((sales.take([1, 0, *range(2, sales.num_rows)]), "out of record order"),
                                 (sales.slice(1), "are not 1…n once each"),
                                 (pa.concat_tables([sales, sales.slice(63)]), "are not 1…n once each")):
            self.assertIn(message, self.broken("bronze.sales", changed, judge.Judge.bronze)[1])
        strange = sales.set_column(23, sales.schema.field(23), pa.array(["x.csv"] * sales.num_rows))
        self.assertIn("does not list", self.broken("bronze.sales", strange, judge.Judge.bronze)[1])
        rejects = self.tables["bronze.rejects"]
        self.assertIn("sales rejected 1, the tables say 0", self.broken("bronze.rejects", rejects.slice(0, 0), judge.Judge.conservation)[1])

    def test_report(self):
        for i, name in [(0, "added"), (1, "deduplicated"), (2, "records"), (2, "silver"), (2, "quarantined")]:
            said = copy.deepcopy(self.report["conservation"])
            said[i][name] += 1
            faults, out = self.reported(conservation=said)
            self.assertEqual(faults, 1, out)
            self.assertIn(name, out)
        for change in ({"reasons": {"invalid_date": 1}}, {"holds": False}):
            said = copy.deepcopy(self.report["conservation"])
            said[2].update(change)
            self.assertEqual(self.reported(conservation=said)[0], 1)
        said = copy.deepcopy(self.report["sources"])
        said[2]["records"] = 64
        self.assertEqual(self.reported(sources=said)[0], 1)
        self.assertEqual(self.reported(conservation=[])[0], 3)
        self.assertEqual(self.reported(tables=[])[0], len(contract.TABLES))
        self.assertEqual(self.reported()[0], 0)

    def test_rules_matter(self):
        for changes in ({"timezone": "Pacific/Auckland"}, {"reference_date": "2025-01-01"}, {"return_prefix": "o1"},
                        {"returned_statuses": ["x"]}, {"date_from": "2024-02-01"}):
            self.assertGreater(quiet(judge.Judge(self.lake, rules(**changes)).run)[0], 0, changes)

    def test_want(self):
        path = os.path.join(self.lake, "facts.want")
        with open(path, "w", encoding="utf-8") as f:
            f.write("# facts\nSELECT count(*), sum(sales) FROM lake_silver.fact_sales => 63 | 1500.0000\nSELECT 1 => 2\n")
        before = self.judge.faults
        _, out = quiet(lambda: self.judge.want(path))
        self.assertEqual(self.judge.faults - before, 1, out)
        self.assertIn("SELECT 1: 1, want 2", out)


def quiet(call):
    """Call; return the result and what it printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        result = call()
    return result, out.getvalue()


def other(kind, value):
    """A value of the type that is not the given one."""
    if kind == "bool":
        return not value
    if kind == "string":
        return (value or "") + "x"
    if kind == "date":
        return (value or day("2024-01-01")) + datetime.timedelta(days=1)
    if kind == "ts":
        return (value or at("2024-01-01")) + datetime.timedelta(microseconds=1)
    if kind in ("price", "sum"):
        return (value or D(0)) + D("0.0001")
    if kind in ("rate", "ratio"):
        return (value or D(0)) + D("0.000001")
    return (value or 0) + 1


class Config(unittest.TestCase):
    def load(self, text, **files):
        with tempfile.TemporaryDirectory() as d:
            for name, body in {"smelt.yml": text, **{k.replace("__", "."): v for k, v in files.items()}}.items():
                with open(os.path.join(d, name), "w", encoding="utf-8") as f:
                    f.write(body)
            return shop.load(os.path.join(d, "smelt.yml"))

    def test_rules(self):
        r = self.load("""
timezone: Europe/Berlin
currency: EUR
dates: {from: 2020-01-01}
reference_date: 2024-06-01
rfm: {monetary: quantile, measure: sales, segments: {Low: ["R1-3 F1-5"], High: [R4-5 F1-4, R4 F5, R5 F5]}}
returns:
  order_prefix: C
  orders: [{files: returned.csv, columns: {order_id: Order, returned_at: {from: At, dates: ["%d.%m.%Y %H:%M"]}}}]
sources:
  - {table: sales, files: "s_*.csv", columns: {order_id: Order}, customers: {country: Land}, products: {product_name: {from: [Name, Alt]}}}
  - {table: sales, kind: returns, files: r.csv, columns: {}}
""", s_10__csv="Order,Land,Name,Alt\n1,DE,,b\n\n2,,a,\n", s_9__csv="Order,Land,Name,Alt\n", r__csv="x\n",
                      returned__csv="Order,At\n7,31.03.2024 02:30\n8,27.10.2024 02:30\n")
        self.assertEqual([(f["file"], f["returns"]) for f in r["files"]], [("s_9.csv", False), ("s_10.csv", False), ("r.csv", True)])
        self.assertEqual((r["timezone"], r["currency"], r["date_from"], r["date_to"], r["reference_date"], r["return_prefix"]),
                         ("Europe/Berlin", "EUR", "2020-01-01", "2100-12-31", "2024-06-01", "C"))
        self.assertEqual((r["rfm"]["recency"], r["rfm"]["monetary"], r["rfm"]["measure"]), ("ntile", "quantile", "sales"))
        self.assertEqual(r["rfm"]["grid"], [["Low"] * 5] * 3 + [["High"] * 5] * 2)
        # Forward in the gap (02:30 is 03:30 summer time), the earlier offset in the overlap.
        self.assertEqual([o["returned_at"] for o in r["returned_orders"]],
                         ["2024-03-31T01:30:00+00:00", "2024-10-27T00:30:00+00:00"])
        self.assertEqual([(a["_source_row"], a["country"]) for a in r["customer_attributes"]], [(1, "DE"), (2, None)])
        self.assertEqual([a["product_name"] for a in r["product_attributes"]], ["b", "a"])

    def test_refuses(self):
        for text in ("sources: [{table: sales, files: none.csv}]",
                     "sources: [{table: sales, files: smelt.yml, skip_rows: 1, customers: {country: X}}]",
                     "sources: [{table: sales, files: smelt.yml, customers: {birth_date: X}}]",
                     "rfm: {segments: {A: [R1]}}"):
            with self.assertRaises(shop.Unsupported, msg=text):
                self.load(text)


if __name__ == "__main__":
    unittest.main()
