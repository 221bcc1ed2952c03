# Reads each table of a folder with delta-rs, Polars and DuckDB and compares it,
# cell by cell, with the Arrow file beside it. With a second argument delta-rs
# then appends the table's own rows again, their ids behind that prefix.
import os
import pathlib
import sys

import deltalake
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

folder, prefix = pathlib.Path(sys.argv[1]), (sys.argv[2:] + [None])[0]


def same(what, got, want):
    got = got.select(want.column_names)
    plain = pa.schema([f.with_nullable(True).remove_metadata() for f in want.schema])
    got = got.cast(plain).sort_by("id").combine_chunks()
    want = want.cast(plain).sort_by("id").combine_chunks()
    if got.equals(want):
        return
    for name in want.column_names:
        a, b = got[name].to_pylist(), want[name].to_pylist()
        if a != b:
            odd = [(i, x, y) for i, (x, y) in enumerate(zip(a, b)) if x != y][:5]
            sys.exit(f"{what}: column {name}: {len(a)} rows, want {len(b)}: {odd}")
    sys.exit(f"{what} differs")


con = duckdb.connect()
try:
    con.install_extension("delta")
    con.load_extension("delta")
    native = True
except duckdb.Error:
    native = False
print("DuckDB reads", "by its own extension" if native else "through delta-rs's dataset: its delta extension cannot be installed here")

for path in sorted(p for p in folder.iterdir() if p.is_dir()):
    with pa.ipc.open_file(folder / (path.name + ".arrow")) as f:
        want = f.read_all()
    dt = deltalake.DeltaTable(path)
    dataset = dt.to_pyarrow_dataset()
    same(f"{path.name}: delta-rs", pa.table(dt.to_pyarrow_table()), want)
    # delta-rs writes times in partitions as "1970-01-01 00:00:00", smelt and Spark
    # as "1970-01-01T00:00:00.000000Z", as the protocol asks: Polars 2.1 reads
    # either, but not both in one table.
    if path.name != "by_at_ok" or prefix:
        same(f"{path.name}: Polars", pl.read_delta(str(path)).to_arrow(), want)
    if native:
        got = con.sql(f"SELECT * FROM delta_scan('{path}')").to_arrow_table()
    else:
        got = con.sql("SELECT * FROM dataset").to_arrow_table()
    same(f"{path.name}: DuckDB", got.cast(pa.schema([got.schema.field(n) for n in got.column_names])), want)

    history = dt.history()
    assert [h["version"] for h in history] == list(range(dt.version(), dt.version() - len(history), -1)), history
    assert all(h["operation"] and h["engineInfo"] for h in history if "smelt" in h.get("engineInfo", "smelt")), history[0]
    comments = {f.name: f.metadata.get("comment") for f in dt.schema().fields}
    assert comments["id"] == "Key.", comments
    assert dt.metadata().description, path

    # Statistics: rows are counted, every value lies inside the bounds, and a
    # condition on the key leaves out files.
    actions = pa.table(dt.get_add_actions(flatten=True)).to_pydict()
    assert sum(actions["num_records"]) == want.num_rows, (path, actions["num_records"])
    if path.name == "ranges":
        wanted = pc.field("id") == "r15"
        fragments = list(dataset.get_fragments(filter=wanted))
        assert len(fragments) == 1 < len(dt.file_uris()), (len(fragments), len(dt.file_uris()))
        assert dataset.to_table(filter=wanted).num_rows == 1
    for h in (0, dt.version() // 2):
        try:
            old = deltalake.DeltaTable(path, version=h)
        except Exception as e:
            assert path.name == "cleaned", (path, h, e)
            continue
        old.to_pyarrow_table()
    print(path.name, "version", dt.version(), want.num_rows, "rows in", len(dt.file_uris()), "files")

    if prefix:
        again = dt.to_pyarrow_table()
        at = again.column_names.index("id")
        ids = pc.binary_join_element_wise(pa.scalar(prefix), again["id"].cast(pa.string()), "")
        again = again.set_column(at, pa.field("id", pa.string(), nullable=False), ids)
        deltalake.write_deltalake(path, again, mode="append")
        if path.name == "many":
            deltalake.DeltaTable(path).create_checkpoint()

# The threads of three engines do not always survive the end of an interpreter.
sys.stdout.flush()
os._exit(0)
