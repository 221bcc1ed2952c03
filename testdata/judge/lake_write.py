"""delta-rs writes to a lake's tables: lake_write.py LAKE TASK TABLE…

append adds the table's first row again, delete takes rows out, compact rewrites files without changing rows, vacuum only
says what it would remove. Prints the tables' versions.
"""

import os
import pathlib
import sys

import deltalake

lake, task, tables = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
for name in tables:
    dt = deltalake.DeltaTable(lake.joinpath(*name.split(".")))
    if task == "append":
        deltalake.write_deltalake(dt, dt.to_pyarrow_table().slice(0, 1), mode="append")
    elif task == "delete":
        column = dt.schema().fields[0].name
        value = dt.to_pyarrow_table()[column].drop_null()[0].as_py()
        dt.delete(f"{column} = '{value}'")
    elif task == "compact":
        dt.optimize.compact()
    elif task == "vacuum":
        dt.vacuum(dry_run=True)
    elif task == "checkpoint":
        dt.create_checkpoint()
    else:
        sys.exit(f"no task {task}")
    print(name, deltalake.DeltaTable(dt.table_uri).version())

# The engine's threads do not always survive the end of an interpreter.
sys.stdout.flush()
os._exit(0)
