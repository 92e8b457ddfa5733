"""What a run shows in Prefect's UI: tables, pages and how far it is. Names and counts, no value.

What is shown is for people; where Prefect cannot take it, the log says so and the run goes on.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.exceptions import PrefectException
from prefect.runtime import flow_run

from tasks.progress import Progress, also_reporting_to

EVERY_SECONDS = 5.0

logger = logging.getLogger(__name__)


def is_run() -> bool:
    """Whether there is a run to show something of: else Prefect would start a server for it."""
    return flow_run.id is not None


def show_table(key: str, rows: Sequence[dict[str, object]], description: str) -> None:
    """Keeps a table with the run, if there is one."""
    if is_run():
        _shown(
            lambda: create_table_artifact(key=key, table=list(rows), description=description), key
        )


def show_page(key: str, markdown: str, description: str) -> None:
    """Keeps a page with the run, if there is one."""
    if is_run():
        _shown(lambda: create_markdown_artifact(markdown, key=key, description=description), key)


class ShownProgress:
    """How far the stages of one organization's run are, a bar each.

    A bar appears once its stage has taken five seconds, and moves every five at most: what is over
    sooner costs nothing. Without a total it stands at 0 and counts in words.
    """

    def __init__(self, slug: str) -> None:
        self._slug = slug
        self._next_at: dict[str, float] = {}
        self._bars: dict[str, UUID | None] = {}

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now < self._next_at.setdefault(progress.stage, now + EVERY_SECONDS):
            return
        self._next_at[progress.stage] = now + EVERY_SECONDS
        of = "" if progress.total is None else f" of {progress.total:,}"
        told = f"{progress.stage}: {progress.done:,}{of} {progress.note}".strip()
        share = min(progress.done / progress.total, 1.0) if progress.total else 0.0
        self._show(progress.stage, 100 * share, told)

    def close(self) -> None:
        """The stages are over: bars that are there are full."""
        for stage in list(self._bars):
            self._show(stage, 100.0, f"{stage}: over")

    def _show(self, stage: str, percent: float, told: str) -> None:
        key, bar = f"progress-{self._slug}-{stage}", self._bars.get(stage)
        if bar is not None:
            _shown(lambda: update_progress_artifact(bar, percent, description=told), key)
            return
        self._bars[stage] = _shown(
            lambda: create_progress_artifact(percent, key=key, description=told), key
        )


@contextmanager
def showing_progress(slug: str) -> Iterator[None]:
    """Within, progress of this organization's run is shown in Prefect too, if it is a run."""
    if not is_run():
        yield
        return
    shown = ShownProgress(slug)
    with also_reporting_to(shown):
        yield
    shown.close()


def begin_progress(key: str, description: str) -> UUID | None:
    """Keeps a bar with the run; its id, for `move_progress`. None where there is no run."""
    if not is_run():
        return None
    return _shown(
        lambda: create_progress_artifact(progress=0.0, key=key, description=description), key
    )


def move_progress(bar: UUID | None, percent: float) -> None:
    """Moves the bar to 0–100 percent."""
    if bar is not None:
        _shown(lambda: update_progress_artifact(artifact_id=bar, progress=percent), "progress")


def _shown(show: Callable[[], object], key: str) -> UUID | None:
    """The artifact's id; None where Prefect would not take it, which no run fails of."""
    try:
        return cast(UUID, show())  # flows and steps are not async: nor is this, here
    except (httpx.HTTPError, PrefectException) as error:
        logger.warning("%s is not shown in Prefect (%s)", key, type(error).__name__)
        return None
