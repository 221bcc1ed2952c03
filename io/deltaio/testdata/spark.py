# Has Spark with Delta read each table of a folder, row for row as the Arrow file
# beside it says, its history and an older version, and then change it: INSERT,
# MERGE, OPTIMIZE, VACUUM DRY RUN.
import datetime
import os
import pathlib
import shutil
import sys
import tempfile

import pyarrow as pa
from pyspark.sql import SparkSession

folder = pathlib.Path(sys.argv[1])
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.sql.warehouse.dir", tempfile.mkdtemp())
    .config("spark.driver.memory", "1g")
    .config("spark.databricks.delta.snapshotPartitions", "2")
    .config("spark.sql.sources.parallelPartitionDiscovery.parallelism", "2")  # of VACUUM; else 10,000 tasks
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
EPOCH = datetime.datetime(1970, 1, 1)


def plain(v):
    if isinstance(v, datetime.datetime):
        v = v.replace(tzinfo=None)
        return (v - EPOCH) // datetime.timedelta(microseconds=1)
    return bytes(v) if isinstance(v, (bytes, bytearray)) else v


for path in sorted(p for p in folder.iterdir() if p.is_dir()):
    with pa.ipc.open_file(folder / (path.name + ".arrow")) as f:
        want = f.read_all()
    name = f"delta.`{path}`"
    columns = want.column_names
    df = spark.table(name).selectExpr(*[f"unix_micros(`{c}`) AS `{c}`" if pa.types.is_timestamp(want.schema.field(c).type) else f"`{c}`" for c in columns])
    at = columns.index("id")
    got = sorted((tuple(plain(v) for v in row) for row in df.collect()), key=lambda r: r[at])
    rows = sorted((tuple(plain(v) for v in row.values()) for row in want.to_pylist()), key=lambda r: r[at])
    if got != rows:
        odd = [(a, b) for a, b in zip(got, rows) if a != b][:3]
        sys.exit(f"{path.name}: {len(got)} rows, want {len(rows)}: {odd}")
    history = spark.sql(f"DESCRIBE HISTORY {name}").collect()
    versions = [h.version for h in history]
    assert versions == list(range(versions[0], versions[-1] - 1, -1)), versions
    assert all(h.operation and h.operationMetrics for h in history if (h.engineInfo or "").startswith("smelt")), history[0]
    spark.sql(f"SELECT count(*) FROM {name} VERSION AS OF {versions[-1]}").collect()
    detail = spark.sql(f"DESCRIBE DETAIL {name}").collect()[0]
    assert detail.description, detail
    one = spark.sql(f"SELECT id FROM {name} WHERE id = (SELECT max(id) FROM {name})").count()
    assert one == 1, one

    spark.sql(f"INSERT INTO {name} (id) VALUES ('spark-1'), ('spark-2')")
    spark.sql(f"MERGE INTO {name} t USING (SELECT 'spark-1' AS id UNION SELECT 'spark-3') s ON t.id = s.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)")
    spark.sql(f"OPTIMIZE {name}")
    spark.sql(f"VACUUM {name} DRY RUN").collect()
    if path.name == "plain":
        # A checkpoint of Spark's own, and one in the form V2 with side files.
        second = folder.parent / "second"
        shutil.copytree(path, second)
        for table, policy in (path, "classic"), (second, "v2"):
            spark.sql(f"ALTER TABLE delta.`{table}` SET TBLPROPERTIES ('delta.checkpointInterval' = '1', 'delta.checkpointPolicy' = '{policy}')")
            spark.sql(f"UPDATE delta.`{table}` SET small = NULL WHERE id = 'spark-2'")
    print(path.name, "version", versions[0], len(rows), "rows", detail.numFiles, "files", flush=True)

spark.stop()
os._exit(0)
