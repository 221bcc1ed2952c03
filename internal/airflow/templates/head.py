[[define "operators"]]try:  # Airflow 3
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG, Asset[[if ne .Granularity "pipeline"]], TaskGroup[[end]]
except ImportError:  # Airflow 2.10
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.operators.bash import BashOperator
[[- if ne .Granularity "pipeline"]]
    from airflow.utils.task_group import TaskGroup
[[- end]]
[[- end]]

[[define "tables"]]# The tables, and what a row of each is.
TABLES = {
[[- range .Tables]]
    [[py .Name]]: [[py .Doc]],
[[- end]]
}
[[- end]]

[[define "assets"]]def assets(names):
    """Tables as Airflow knows them. A DAG that waits for one says
    schedule=[Asset("smelt://[[.ID]]/gold/customer_metrics")]."""
    return [Asset(f"smelt://[[.ID]]/{name.replace('.', '/')}") for name in names]
[[- end]]

[[define "on_failure"]]def on_failure(context):
    """A task has failed and is not tried again: tell those who should know."""
    task = context["task_instance"]
    # Instead of this, or with it: a mail, a message, a call.
    logging.getLogger(__name__).error("%s of %s has failed", task.task_id, task.dag_id)
[[- end]]

[[define "dag"]]    dag_id="[[.ID]]",
    description=[[py .Description]],
    doc_md=__doc__ + "\n".join(f"- **{name}**: {doc}" for name, doc in TABLES.items()),
    schedule="@daily",
    start_date=pendulum.datetime(2026, 1, 1, tz="[[.Zone]]"),
    catchup=False,  # a run takes in all that has come, of whatever day
    max_active_runs=1,  # one at a time writes the tables
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
        "on_failure_callback": on_failure,
    },
    params={"full_refresh": False},  # true: make everything anew
    tags=["smelt"],
[[- end]]
