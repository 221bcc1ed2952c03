"""Spark with Delta, driven by a test: each line of the input is a JSON object, and so is each answer, behind "=> ".

    {"sql": "DESCRIBE HISTORY …"}                                      {"rows": [{column: value}]}
    {"sql": "SELECT …", "table": "gold.x", "want": "gold.x@v3.csv"}    {"rows": []} where every cell is as the file says
    {"sql": "SELECT …", "files": true}                                 {"rows": [{"files": 3}]}, how many files it reads

What fails is answered by {"error": message}.
"""

import json
import os
import sys
import tempfile

from pyspark.sql import SparkSession

import cells

spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.databricks.delta.snapshotPartitions", "2")
    .config("spark.sql.adaptive.enabled", "false")
    .config("spark.sql.sources.parallelPartitionDiscovery.parallelism", "2")  # of VACUUM; else 10,000 tasks
    .config("spark.sql.warehouse.dir", tempfile.mkdtemp())
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.driver.memory", "1g")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("OFF")


def answer(task):
    df = spark.sql(task["sql"])
    if "want" in task:
        cells.same(task["sql"], task["table"], df.toArrow(), task["want"])
        return []
    if "files" in task:
        plan = df._jdf.queryExecution().executedPlan()
        df._jdf.collect()
        scan = plan.collectLeaves().head()
        return [{"files": int(scan.metrics().apply("numFiles").value())}]
    return [row.asDict(recursive=True) for row in df.collect()]


for line in sys.stdin:
    try:
        out = {"rows": answer(json.loads(line))}
    except SystemExit as e:  # cells differ
        out = {"error": str(e)}
    except Exception as e:  # whatever Spark raises
        out = {"error": str(e)[:2000]}
    print("=> " + json.dumps(out, default=str), flush=True)
spark.stop()
sys.stdout.flush()
os._exit(0)
