"""Tables that a run shows in Prefect's UI: names and counts, never a value."""

from collections.abc import Sequence

from prefect.artifacts import create_table_artifact
from prefect.runtime import flow_run


def show_table(key: str, rows: Sequence[dict[str, object]], description: str) -> None:
    """Keeps a table with the run, if there is one."""
    if flow_run.id is None:  # Prefect would start a server of its own to keep it
        return
    create_table_artifact(key=key, table=list(rows), description=description)
