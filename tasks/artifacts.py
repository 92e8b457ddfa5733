"""Tables that a run shows in Prefect's UI: names and counts, never a value."""

from collections.abc import Sequence
from uuid import UUID

from prefect.artifacts import (
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.runtime import flow_run


def show_table(key: str, rows: Sequence[dict[str, object]], description: str) -> None:
    """Keeps a table with the run, if there is one."""
    if flow_run.id is None:  # Prefect would start a server of its own to keep it
        return
    create_table_artifact(key=key, table=list(rows), description=description)


def begin_progress(key: str, description: str) -> UUID | None:
    """Keeps a bar with the run; its id, for `move_progress`. None where there is no run."""
    if flow_run.id is None:
        return None
    made = create_progress_artifact(progress=0.0, key=key, description=description)
    return UUID(str(made))


def move_progress(bar: UUID | None, percent: float) -> None:
    """Moves the bar to 0–100 percent."""
    if bar is not None:
        update_progress_artifact(artifact_id=bar, progress=percent)
