"""Says what pyarrow reads in Parquet files: for each x.parquet that it can
read it writes FOLDER/x.arrow with the columns that are not nested.

corpus.py FOLDER FILE…
"""

import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq

done = columns = 0
for path in map(pathlib.Path, sys.argv[2:]):
    if path.suffix != ".parquet":
        continue
    try:
        file = pq.ParquetFile(path, coerce_int96_timestamp_unit="us", page_checksum_verification=True)
        flat = {file.schema.column(i).path for i in range(len(file.schema)) if file.schema.column(i).max_repetition_level == 0}
        names = [f.name for f in file.schema_arrow if f.name in flat]
        table = file.read(columns=names)
    except Exception as e:
        print(f"{path.name}: pyarrow: {e}")
        continue
    for i, f in enumerate(table.schema):
        c = table.column(i)
        for old, new in ((pa.types.is_float16, pa.float32()), (pa.types.is_time32, f.type)):
            if old(f.type):
                c = c.cast(new)
        if isinstance(f.type, pa.BaseExtensionType):
            c = pa.chunked_array([x.storage for x in c.chunks], f.type.storage_type)
        file96 = file.schema.column(file.schema.names.index(f.name)).physical_type == "INT96"
        if file96:
            c = c.cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))  # an instant, as Spark writes it
        table = table.set_column(i, f.name, c)
    if table.num_columns == 0:
        continue
    with pa.OSFile(str(pathlib.Path(sys.argv[1]) / f"{path.stem}.arrow"), "wb") as f, pa.ipc.new_file(f, table.schema) as w:
        w.write_table(table.combine_chunks())
    done, columns = done + 1, columns + table.num_columns
print(done, "files", columns, "columns")
