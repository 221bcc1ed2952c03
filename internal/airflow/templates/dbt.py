"""[[.Description]]

The dbt project of the shop, written by `smelt export dbt`, makes the tables and tests
them[[if eq .Granularity "layer"]], layer by layer[[else if eq .Granularity "table"]], table by table: astronomer-cosmos draws a task for each[[end]].

This file was written by `smelt export airflow --dbt`, for Airflow 3 and 2.10. It is
meant to be changed: when it runs, whom it tells. The tables:

"""

import logging
from datetime import timedelta

import pendulum
[[if eq .Granularity "table" -]]
from cosmos import DbtDag, ProfileConfig, ProjectConfig, RenderConfig

PROJECT = [[py .DBT.Dir]]  # the dbt project, as the workers see it
[[- else]]
try:  # Airflow 3
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG, Asset
except ImportError:  # Airflow 2.10
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.operators.bash import BashOperator

DBT = "dbt"  # the program, on the workers' PATH
PROJECT = [[py .DBT.Dir]]  # the dbt project, as the workers see it
[[- end]]

[[template "tables" .]]

[[if ne .Granularity "table"]]
[[template "assets" .]]

[[end]]
[[template "on_failure" .]]

[[if ne .Granularity "table"]]
def dbt(task_id, command, **more):
    """A task that runs dbt in the project's folder, where its profiles.yml is."""
    command = DBT + " " + command + "{{ ' --full-refresh' if params.full_refresh else '' }}"
    return BashOperator(task_id=task_id, bash_command=command, cwd=PROJECT, **more)

[[if eq .Granularity "layer"]]
def layer(name):
    """A layer's tables, and the tests of what is there by then."""
    tables = assets(table for table in TABLES if table.startswith(f"{name}."))
    return dbt(name, f"build --select {name} --indirect-selection buildable", outlets=tables)

[[end]]
with DAG(
[[template "dag" .]]
):
[[- if eq .Granularity "layer"]]
    dbt("seeds", "seed") >> layer("bronze") >> layer("silver") >> layer("gold")
[[- else]]
    dbt("build", "build", outlets=assets(TABLES))
[[- end]]
[[else]]
dag = DbtDag(
    project_config=ProjectConfig(
        PROJECT,
        install_dbt_deps=False,  # it has none
[[- if or .DBT.Files (eq .DBT.Target "duckdb")]]
        # cosmos runs dbt in a folder of its own, where relative paths lead nowhere.
[[- end]]
[[- if .DBT.Files]]
        dbt_vars={"data": [[py .DBT.Files]]},
[[- end]]
[[- if eq .DBT.Target "duckdb"]]
        env_vars={"DUCKDB_PATH": f"{PROJECT}/[[.DBT.Profile]].duckdb"},
[[- end]]
    ),
    profile_config=ProfileConfig(
        profile_name="[[.DBT.Profile]]",
        target_name="[[.DBT.Target]]",
        profiles_yml_filepath=f"{PROJECT}/profiles.yml",
    ),
    render_config=RenderConfig(should_detach_multiple_parents_tests=True),  # a test waits for all tables that it reads
    operator_args={"full_refresh": "{{ params.full_refresh }}"},
[[template "dag" .]]
[[- if eq .DBT.Target "duckdb"]]
    max_active_tasks=1,  # one at a time opens DuckDB's file
[[- end]]
)
[[end]]
