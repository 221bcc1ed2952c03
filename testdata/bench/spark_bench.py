"""The whole job of smelt in Spark's SQL: a generated shop's files to every table of bronze, silver and gold, as Parquet.

    python testdata/bench/spark_bench.py SHOP_DIR OUT_DIR [--threads 2] [--memory 8GB] [--steps] [--check]

Spark 4, local[threads], in one JVM. It knows the smelt.yml that `smelt generate` writes, and refuses others.
"""

import functools
import glob
import json
import os
import re
import shutil
import sys
import time
import unicodedata

import common
import pyspark
from common import GOLD, HERE, SALES
from pyspark.sql import SparkSession, functions

SPACE = "[\\t-\\r \\u0085\\u00A0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000]+"
CUSTOMERS = ["customer_id", "first_name", "last_name", "email", "phone", "gender", "birth_date", "address", "city", "state", "postal_code",
             "country", "segment", "signup_date", "updated_at"]
PRODUCTS = ["product_id", "product_name", "category", "subcategory", "brand", "unit_cost", "unit_price", "currency", "updated_at"]
NULLS = {"returned_at": "TIMESTAMP", "line_amount": "DECIMAL(18, 4)", "discount_amount": "DECIMAL(18, 4)", "currency": "STRING", "city": "STRING",
         "postal_code": "STRING", "full_name": "STRING"}
# The contract's order of bronze.
BRONZE = {
    "sales": ["order_id", "line_number", "line_type", "status", "ordered_at", "returned_at", "customer_id", "product_id", "quantity", "unit_price",
              "line_amount", "discount_rate", "discount_amount", "tax_amount", "currency", "channel", "payment_method", "city", "state", "postal_code",
              "country", "original_order_id", "updated_at"],
    "customers": CUSTOMERS[:3] + ["full_name"] + CUSTOMERS[3:],
    "products": PRODUCTS,
}


def whole(c, kind):
    """Spark's own cast of '1.5' to a whole number cuts it, so only digits are cast."""
    return f"CASE WHEN {c} RLIKE '^-?[0-9]+(\\\\.0*)?$' THEN try_cast(split_part({c}, '.', 1) AS {kind}) END"


def money(c):
    shape = r"^\\s*-?(USD|\\$)?\\s*-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\\.[0-9]*)?\\s*(USD|\\$)?\\s*$"
    return f"coalesce(try_cast({c} AS DECIMAL(18, 4)), CASE WHEN {c} RLIKE '{shape}' THEN try_cast(regexp_replace({c}, '[^0-9.-]', '') AS DECIMAL(18, 4)) END)"


def instant(c):
    return f"CASE WHEN substr({c}, 5, 1) = '-' THEN try_cast({c} AS TIMESTAMP) END"


def day(c):
    return f"coalesce(CASE WHEN substr({c}, 5, 1) = '-' THEN try_cast({c} AS DATE) END, to_date(try_to_timestamp({c}, 'dd/MM/yyyy')))"


CASTS = {
    "sales": {"line_number": whole("line_number", "INT"), "ordered_at": instant("ordered_at"), "quantity": whole("quantity", "BIGINT"),
              "unit_price": money("unit_price"), "discount_rate": "try_cast(discount_rate AS DECIMAL(9, 6))",
              "tax_amount": "try_cast(tax_amount AS DECIMAL(18, 4))", "updated_at": instant("updated_at")},
    "customers": {"birth_date": day("birth_date"), "signup_date": day("signup_date"), "updated_at": instant("updated_at")},
    "products": {"unit_cost": money("unit_cost"), "unit_price": money("unit_price"), "updated_at": instant("updated_at")},
}


class Run:
    def __init__(self, args):
        self.shop, self.out, self.threads = args.shop, args.out, args.threads
        memory = args.memory.upper().removesuffix("B")
        settings = {
            "spark.driver.memory": memory, "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR",
            "spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": str(2 * args.threads), "spark.default.parallelism": str(args.threads),
            "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS", "spark.sql.parquet.compression.codec": "snappy",
            "spark.sql.autoBroadcastJoinThreshold": "256MB", "spark.sql.csv.parser.columnPruning.enabled": "false",  # or short lines are not told
            "spark.sql.warehouse.dir": os.path.join(args.out, "warehouse"), "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
            "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
            "spark.driver.extraJavaOptions": "-XX:+UseParallelGC",
        }
        builder = SparkSession.builder.master(f"local[{args.threads}]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self.spark = builder.getOrCreate()
        self.sql, self.tick = self.spark.sql, common.Steps(args.steps).tick

    def run(self):
        self.tick("start")
        self.bronze()
        self.silver()
        self.gold()

    def stop(self):
        """End the JVM and wait for it, so that its CPU seconds and memory are counted."""
        gateway = self.spark.sparkContext._gateway
        self.spark.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()

    def write(self, table, frame):
        folder = os.path.join(self.out, *table.split("."))
        frame.write.mode("overwrite").parquet(folder)
        self.tick(table)
        return folder

    def typed(self, table, frame, batch):
        """Give texts the contract's columns of bronze."""
        casts = CASTS[table]
        lost = lambda c: f"{c} IS NOT NULL AND _{c} IS NULL"
        member = lambda c: rf"""'"{c}":"' || replace(replace({c}, '\\', '\\\\'), '"', '\\"') || '"'"""
        members = ", ".join(f"CASE WHEN {lost(c)} THEN {member(c)} END" for c in casts)
        frame = frame.selectExpr("*", *[f"{e} AS _{c}" for c, e in casts.items()])
        columns = [f"_{c} AS {c}" if c in casts else f"CAST(NULL AS {NULLS[c]}) AS {c}" if c in NULLS and c not in frame.columns else c for c in BRONZE[table]]
        return frame.selectExpr(*columns, "_source_file", "_source_row", f"'{batch}' AS _batch_id",
                                f"CASE WHEN {' OR '.join(map(lost, casts))} THEN '{{' || concat_ws(',', {members}) || '}}' END AS _rescued_data")

    def csv(self, path, columns, **options):
        return self.spark.read.csv(path, schema=", ".join(f"{c} STRING" for c in columns), header=True, escape='"', **options)

    def bronze(self):
        files, batch = common.sales_files(self.shop)
        for table, columns in (("customers", CUSTOMERS), ("products", PRODUCTS)):
            # One partition, whose rows stand in order: fields hold line breaks.
            frame = self.csv(os.path.join(self.shop, table + ".csv"), columns, multiLine=True).coalesce(1).selectExpr(
                "*", "monotonically_increasing_id() + 1 AS _source_row", f"'{table}.csv' AS _source_file")
            self.write("bronze." + table, self.typed(table, frame, batch))
        lines, self.names = [], [os.path.basename(f) for f in files]
        for i, path in enumerate(files):
            # A line that is not len(SALES) fields is kept whole in _bad.
            lines.append(self.csv(path, SALES + ["_bad"], mode="PERMISSIVE", columnNameOfCorruptRecord="_bad").selectExpr("*", f"{i} AS file"))
        lines = functools.reduce(lambda a, b: a.unionAll(b), lines)
        # Records are numbered by their place in their partition, after a pass that counts each partition's.
        place, partition = "monotonically_increasing_id() & 8589934591L", "spark_partition_id()"
        counts = lines.selectExpr("file", "_bad", "updated_at", f"{partition} AS p", f"{place} AS n").groupBy("file", "p").agg(
            functions.count("*"), functions.expr("collect_list(CASE WHEN _bad IS NOT NULL THEN struct(n, _bad, updated_at) END)")).orderBy("p").collect()
        before, firsts, bad = {}, {}, []
        for file, p, n, some in counts:
            firsts[p] = before.get(file, 0)
            before[file] = firsts[p] + n
            bad += [(self.names[file], firsts[p] + k + 1, line) for k, line, _ in some]
        offset = "element_at(map(" + ", ".join(f"{p}, {n}L" for p, n in firsts.items()) + f"), {partition})"
        name = "element_at(array(" + ", ".join(f"'{n}'" for n in self.names) + "), file + 1)"
        self.tick("count lines")
        self.write("bronze.sales", self.typed("sales", lines.selectExpr(
            "*", f"({place}) + 1 + {offset} AS _source_row", f"{name} AS _source_file").where("_bad IS NULL"), batch))
        self.rejects(files, sorted(bad))
        self.spark.conf.set("spark.sql.files.minPartitionNum", "1")

    def rejects(self, files, bad):
        rows = []
        for path, name in zip(files, self.names):
            with open(path, "rb") as f:
                text, at = common.Lines(f), 0
                for _, row, line in (r for r in bad if r[0] == name):
                    raw = line.encode()
                    at = text.find(raw, at)
                    n = line.count(",") + 1
                    rows.append(("sales", name, row, at, "unterminated quote" if n == len(SALES) else f"{n} fields, want {len(SALES)}", bytearray(raw)))
                    at += len(raw)
        self.write("bronze.rejects", self.spark.createDataFrame(
            rows, "source_table STRING, source_file STRING, source_row BIGINT, byte_offset BIGINT, error STRING, raw BINARY").coalesce(1))

    def scan(self, table):
        """Read a table whose files stand in order, each as one partition, in their order."""
        files = sorted(glob.glob(os.path.join(glob.escape(self.out), *table.split("."), "part-*.parquet")))
        return functools.reduce(lambda a, b: a.unionAll(b), [self.spark.read.parquet(f) for f in files])

    def view(self, name, frame, keep=False):
        if keep:
            frame = frame.cache()
            frame.count()
        frame.createOrReplaceTempView(name)
        return frame

    def clean(self, e):
        pairs = ", ".join(f"struct('{text}' AS a, '{one}' AS b)" for text, one in self.composed.items())
        composed = f"aggregate(array({pairs}), {e}, (t, p) -> replace(t, p.a, p.b))" if pairs else e  # a chain of replace takes minutes to plan
        folded = f"""nullif(trim(regexp_replace({composed}, '{SPACE}', ' ')), '')"""
        return f"""(CASE WHEN {e} RLIKE '[^!-~]' THEN {folded} ELSE nullif({e}, '') END)"""

    def file(self, path, **marks):
        with open(os.path.join(HERE, path), encoding="utf-8") as f:
            text = re.sub(r"--.*", "", f.read())
        text = re.sub(r"\$clean:([\w.]+)\$", lambda m: self.clean(m[1]), text)
        text = re.sub(r"\$(\w+)\$", lambda m: marks.get(m[1], m[0]), text)
        for statement in text.split(";\n"):
            keep = re.fullmatch(r"\s*\$keep (\w+)\s+(.+)\$\s*", statement, re.S)
            if keep:
                self.view(keep[1], self.sql(keep[2]) if " " in keep[2] else self.spark.table(keep[2]), keep=True)
                self.tick(keep[1])
            elif statement.strip():
                self.sql(statement)

    def silver(self):
        for table in ("customers", "products"):
            self.view("bronze_" + table, self.scan("bronze." + table))
        number = "element_at(map(" + ", ".join(f"'{n}', {i}000000000000L" for i, n in enumerate(self.names)) + "), _source_file)"
        sales = self.view("bronze_sales", self.scan("bronze.sales").selectExpr("*", f"{number} + _source_row AS record"))
        small = ["country", "state", "channel", "payment_method", "line_type", "status"]
        sets = [set(s) for s in sales.selectExpr(*[f"collect_set({c}) AS {c}" for c in small]).first()]
        own = self.sql("SELECT collect_set(country), collect_set(state) FROM bronze_customers").first()
        marks = self.sql("""SELECT array_distinct(flatten(collect_list(regexp_extract_all(concat_ws(' ', *), '(\\\\P{M}\\\\p{M}+)', 1)))) FROM
            (SELECT first_name, last_name, email, address, city, state, country FROM bronze_customers) """).first()[0]
        pairs = set(marks) | {m for s in sets for t in s for m in re.findall("[^\u0300-\u036f][\u0300-\u036f]+", t)}
        self.composed = {p: unicodedata.normalize("NFC", p) for p in sorted(pairs)}
        texts = {t: clean(t) for s in sets + [set(own[0]), set(own[1])] for t in s}
        countries, codes = common.countries({t: texts[t] for t in sets[0] | set(own[0])})
        rows = [(t, n, codes[n]) for t, n in countries.items()]
        self.view("country_texts", self.spark.createDataFrame(rows, "text STRING, country STRING, country_code STRING").coalesce(1), keep=True)
        self.view("country_codes", self.spark.createDataFrame(list(codes.items()), "country STRING, country_code STRING").coalesce(1), keep=True)
        self.view("small_texts", self.spark.createDataFrame(list(texts.items()), "text STRING, clean STRING").coalesce(1), keep=True)
        self.tick("texts")
        self.file("spark_silver.sql")
        self.file("spark_lines.sql", name="lines_now", sales="bronze_sales")
        self.write("stage.lines", self.spark.table("lines_now"))  # once: the fact, the quarantine and the repeated lines need them
        self.view("lines", self.scan("stage.lines"))
        self.losers(sales)
        fact = self.sql("""
            WITH kept AS (SELECT /*+ BROADCAST(x) */ l.* FROM lines l LEFT ANTI JOIN losers x ON x.record = l.record WHERE l.reason IS NULL),
                 kinds AS (SELECT *, explode(CASE WHEN is_document THEN array(1) WHEN came_back THEN array(2, 0) ELSE array(0) END) AS kind FROM kept)
            SELECT /*+ BROADCAST(k) */ order_id, line_number, CASE WHEN kind = 0 THEN 'sale' ELSE 'return' END AS line_type, ordered_at, order_date, customer_id, product_id,
                   CAST(CASE WHEN kind = 0 THEN units ELSE -units END AS BIGINT) AS quantity, unit_price::DECIMAL(18, 4) AS unit_price,
                   greatest(gross - net, 0)::DECIMAL(18, 4) AS discount_amount, tax_amount,
                   CASE WHEN kind = 0 THEN net ELSE 0 END::DECIMAL(18, 4) AS sales, CASE WHEN kind = 0 THEN 0 ELSE net END::DECIMAL(18, 4) AS returns,
                   (CASE WHEN kind = 0 THEN net ELSE -net END)::DECIMAL(18, 4) AS revenue, (CASE WHEN kind = 0 THEN cost ELSE -cost END)::DECIMAL(18, 4) AS cost,
                   (CASE WHEN kind = 0 THEN net - cost ELSE cost - net END)::DECIMAL(18, 4) AS margin, category, f.country, k.country_code, state, city, channel,
                   payment_method, CAST(NULL AS STRING) AS currency, original_order_id, updated_at, _source_file, _source_row
            FROM kinds f LEFT JOIN country_codes k ON k.country = f.country""")
        self.write("silver.fact_sales", fact)
        self.view("fact", self.spark.read.parquet(os.path.join(self.out, "silver", "fact_sales")))
        self.quarantine()
        shutil.rmtree(os.path.join(self.out, "stage"))
        self.view("customers_kept", self.sql("""
            SELECT c.* EXCEPT (birth_date), CASE WHEN birth_date > (SELECT max(order_date) FROM fact) THEN NULL ELSE birth_date END AS birth_date
            FROM customers c WHERE NOT is_inferred OR customer_id IN (SELECT customer_id FROM fact)"""), keep=True)
        self.view("products_kept", self.sql("SELECT * FROM products WHERE NOT is_inferred OR product_id IN (SELECT product_id FROM fact)"), keep=True)
        self.write("silver.dim_customers", self.sql("""
            SELECT customer_id, first_name, last_name, full_name, email, phone, gender, birth_date, address, city, state, postal_code, country, country_code,
                   segment, signup_date, is_inferred, updated_at FROM customers_kept ORDER BY customer_id"""))
        self.write("silver.dim_products", self.sql("""
            SELECT product_id, product_name, category, subcategory, brand, unit_cost, unit_price, is_inferred, updated_at FROM products_kept ORDER BY product_id"""))

    def losers(self, sales):
        """ "The same (order_id, line_number, return document or not) keeps the latest updated_at, else the last."

        Lines that share a key are found by its hash (more than needed), and judged by the key itself.
        """
        key = f"xxhash64({self.clean('order_id')}, line_number)"
        self.view("repeated", sales.where("line_number IS NOT NULL").selectExpr(f"{key} AS h").groupBy("h").count().where("count > 1").select("h"), keep=True)
        hashed = self.view("hashed", sales.selectExpr("*", f"{key} AS h"))
        self.view("some_sales", self.sql("SELECT /*+ BROADCAST(d) */ s.* FROM hashed s LEFT SEMI JOIN repeated d ON d.h = s.h WHERE s.line_number IS NOT NULL"))
        self.file("spark_lines.sql", name="some_lines", sales="some_sales")
        self.view("losers", self.sql("""
            SELECT record FROM (SELECT record, row_number() OVER (PARTITION BY order_id, line_number, is_document ORDER BY updated_at DESC NULLS LAST, record DESC) AS place
                                FROM some_lines WHERE reason IS NULL) WHERE place > 1"""), keep=True)
        self.tick("repeated lines")

    def quarantine(self):
        """Few rows, so their JSON is Python's."""
        rows = []
        for table, key in (("customers", "customer_id"), ("products", "product_id")):
            found = self.sql(f"SELECT * FROM bronze_{table} WHERE {self.clean(key)} IS NULL ORDER BY _source_row").collect()
            rows += [(table, "missing_key", members(r.asDict()), r._source_file, r._source_row) for r in found]
        found = self.sql("""SELECT /*+ BROADCAST(l) */ s.*, l.reason FROM bronze_sales s JOIN (SELECT record, reason FROM lines WHERE reason IS NOT NULL) l
            ON l.record = s.record ORDER BY s.record""").collect()
        for r in map(lambda r: r.asDict(), found):
            del r["record"]
            rows.append(("sales", r.pop("reason"), members(r), r["_source_file"], r["_source_row"]))
        self.write("silver.quarantine", self.spark.createDataFrame(
            rows, "table STRING, reason STRING, values STRING, source_file STRING, source_row BIGINT").coalesce(1))

    def gold(self):
        self.file("spark_gold.sql")
        for table, key in zip(GOLD, ("customer_id", "customer_id", "product_id", "grain, period_start", "level, country, state")):
            self.write("gold." + table, self.sql(f"SELECT * FROM {table} ORDER BY {key}"))


def members(row):
    return json.dumps({k: common.text(v) for k, v in row.items() if v is not None}, ensure_ascii=False, separators=(",", ":"))


def clean(text):
    return re.sub(r"[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+", " ", unicodedata.normalize("NFC", text)).strip(" ") or None


def run(args):
    os.environ["TZ"] = "UTC"  # Spark gives Python times in the local zone
    time.tzset()
    r = Run(args)
    try:
        r.run()
    finally:
        r.stop()


if __name__ == "__main__":
    sys.exit(common.main(__doc__, "spark " + pyspark.__version__, run))
