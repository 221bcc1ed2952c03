"""Prints, as JSON, what Airflow's database says of the newest run of a DAG: the state
and tries of each task, and the assets that it has reported.

    python airflow_state.py airflow.db DAG
"""

import json
import sqlite3
import sys

database, dag = sys.argv[1:]
db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
(run,) = db.execute("SELECT run_id FROM dag_run WHERE dag_id = ? ORDER BY id DESC LIMIT 1", [dag]).fetchone()
tasks = db.execute("SELECT task_id, state, try_number FROM task_instance WHERE dag_id = ? AND run_id = ?", [dag, run])
assets = db.execute(
    "SELECT a.uri FROM asset_event e JOIN asset a ON a.id = e.asset_id WHERE e.source_dag_id = ? AND e.source_run_id = ?", [dag, run]
)
json.dump(
    {"tasks": {task: [state, tries] for task, state, tries in tasks}, "assets": sorted(uri for (uri,) in assets)}, sys.stdout
)
