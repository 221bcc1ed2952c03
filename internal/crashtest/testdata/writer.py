"""delta-rs as another writer, and as the judge of what is left.

append TABLE ROWS_OF N STOP  appends the first row of the table ROWS_OF to TABLE,
                             again and again: N times or until the file STOP is
                             there. Prints "ready", then how often it appended and
                             how often delta-rs refused because of a conflict.
load LAKE                    reads every version of every table of a lake.
"""
import os, sys, time
from pathlib import Path
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError


def append(table, rows_of, n, stop):
    row = DeltaTable(rows_of).to_pyarrow_dataset().head(1)
    print("ready", flush=True)
    appended = refused = 0
    while appended + refused < int(n) and not os.path.exists(stop):
        try:
            write_deltalake(table, row, mode="append")
            appended += 1
        except CommitFailedError as e:
            print(e, file=sys.stderr)
            refused += 1
        time.sleep(0.01)
    print(appended, refused)


def load(lake):
    versions = 0
    for log in sorted(Path(lake).glob("*/*/_delta_log")):
        for v in range(DeltaTable(log.parent).version() + 1):
            t = DeltaTable(log.parent, version=v)
            t.to_pyarrow_table()
            versions += 1
    print(versions)


{"append": append, "load": load}[sys.argv[1]](*sys.argv[2:])
sys.stdout.flush()
os._exit(0)  # some threads of the libraries do not end well
