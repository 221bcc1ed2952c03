"""[[.Description]]

[[if eq .Granularity "pipeline" -]]
smelt makes all tables in one pass over the files, and publishes them together where
their checks hold. A run that finds nothing new is skipped, with all that waits for it.
[[- else if eq .Granularity "layer" -]]
Each layer is published by itself, and tested before the next one begins. Each task
makes a pass over the new files: the pipeline in one task does with one.
[[- else -]]
Each table is published by itself, and tested before those that are made of it. Each
task makes a pass over the new files: the pipeline in one task does with one.
[[- end]]

This file was written by `smelt export airflow`, for Airflow 3 and 2.10. It is meant to
be changed: when it runs, whom it tells. The tables:

"""

import logging
from datetime import timedelta

import pendulum

[[template "operators" .]]

SMELT = "smelt"  # the program, on the workers' PATH
SHOP = [[py .Shop]]  # the folder of [[.Config]], as the workers see it

RUN = SMELT + [[py .Run]]
TEST = SMELT + [[py .Test]]

[[template "tables" .]]


def lineage():
    """Where Airflow reports lineage to OpenLineage, smelt's events name the task as their parent."""
    try:
        from airflow.providers.openlineage.plugins.openlineage import OpenLineageProviderPlugin as plugin
    except ImportError:  # it is not installed
        return {}
    if "lineage_root_parent_id" not in [macro.__name__ for macro in plugin.macros]:  # or has nowhere to report to
        return {}
    return {
        "OPENLINEAGE_PARENT_ID": "{{ macros.OpenLineageProviderPlugin.lineage_parent_id(task_instance) }}",
        "OPENLINEAGE_ROOT_PARENT_ID": "{{ macros.OpenLineageProviderPlugin.lineage_root_parent_id(task_instance) }}",
    }


# What smelt's environment holds beside the worker's. A run takes the files that are new,
# of whatever day: the interval is for a program that fetches them before.
ENV = {
    "DATA_INTERVAL_START": "{{ data_interval_start | default('', true) }}",
    "DATA_INTERVAL_END": "{{ data_interval_end | default('', true) }}",
    **lineage(),
}


[[template "assets" .]]


[[template "on_failure" .]]


def smelt(task_id, command, **more):
    """A task that runs smelt. It is skipped where smelt finds nothing new, which it says
    with 99; outlets of a skipped task have no event."""
    return BashOperator(
        task_id=task_id, bash_command=command, cwd=SHOP, env=ENV, append_env=True, skip_on_exit_code=99, **more
    )

[[if eq .Granularity "layer"]]
def layer(name):
    """A layer's tables. What a layer before has had nothing new for is no reason to wait."""
    with TaskGroup(name) as group:
        tables = assets(table for table in TABLES if table.startswith(f"{name}."))
        run = smelt("run", f"{RUN} --select {name}", outlets=tables, trigger_rule="none_failed")
        run >> smelt("test", f"{TEST} --select {name}")
    return group

[[else if eq .Granularity "table"]]
def table(name):
    """A table. That those it is made of have had nothing new is no reason to wait."""
    with TaskGroup(name.split(".")[1], tooltip=TABLES[name]) as group:
        run = smelt("run", f"{RUN} --select {name}", outlets=assets([name]), trigger_rule="none_failed")
        run >> smelt("test", f"{TEST} --select {name}")
    return group

[[end]]
with DAG(
[[template "dag" .]]
[[- if eq .Granularity "table"]]
    max_active_tasks=1,  # of two that write to the tables at once the second would fail
[[- end]]
):
[[- if eq .Granularity "pipeline"]]
    run = smelt("run", RUN, outlets=assets(TABLES))
    test = smelt("test", TEST)
    run >> test
[[- else if eq .Granularity "layer"]]
    layer("bronze") >> layer("silver") >> layer("gold")
[[- else]]
[[- range .Tables]]
    [[.Base]] = table([[py .Name]])
[[- end]]
[[range .Tables]][[if .From]]
    [[.MadeOf]] >> [[.Base]][[end]][[end]]
[[- end]]
