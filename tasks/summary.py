"""What a run of an organization did, as a page with the run in Prefect: counts, never a value."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from tasks.artifacts import is_run, show_page
from tasks.errors import VensorError
from tasks.failures import Failure, classify
from tasks.ledger import Run
from tasks.quality import kept_runs
from tasks.resources import Resources
from tasks.summary_page import GateLine, Summary, page_of
from warehouse import models, quarantine, watermarks
from warehouse.organizations import find_connection

SOURCE = "zendesk"

logger = logging.getLogger(__name__)


@contextmanager
def summarised(run: Run, stages: Sequence[str]) -> Iterator[None]:
    """At the end, however it ends, the run shows what it did and what there is to do next."""
    try:
        yield
    except Exception as error:
        show_summary(run, stages, classify(error))
        raise
    show_summary(run, stages)


def show_summary(run: Run, stages: Sequence[str], failure: Failure | None = None) -> None:
    """Keeps the page with the run in Prefect, if it is one.

    Where the warehouse is away the log says so: that is not why the run fails, or does not.
    """
    if not is_run():
        return
    try:
        summary = summary_of(run, stages, failure)
    except VensorError as error:
        logger.warning("%s: the run is not summed up: %s", run.slug, error.message)
        return
    state = "completed" if failure is None else f"failed ({failure.kind})"
    show_page(f"summary-{run.slug}", page_of(summary), f"{run.slug}: {state}")


def summary_of(run: Run, stages: Sequence[str], failure: Failure | None = None) -> Summary:
    """What there is to say of a run that is at its end; `stages` are those it was to do."""
    resources, now = run.resources, datetime.now(UTC)
    with resources.session() as connection:
        zendesk = find_connection(connection, SOURCE)
        held = quarantine.count_by_reason(connection)
        marks = watermarks.all_marks(connection, SOURCE)
        used, budget = models.used_today(connection), models.find_budget(connection)
    return Summary(
        slug=run.slug,
        as_of=run.as_of,
        lines=run.lines,
        left=[one for one in stages if one not in {line.stage for line in run.lines}],
        failure=failure,
        held=held,
        used=used,
        budget_usd=budget,
        marks=[(one.stream, now - one.moved_at) for one in marks],
        gates=_gates(resources),
        links=_links(resources, None if zendesk is None else zendesk.base_url),
    )


def _gates(resources: Resources) -> list[GateLine]:
    """How the latest gate of each kind was found on this machine."""
    kept = kept_runs(resources.settings.home, resources.organization.slug)
    latest = {run.result.suite: run for run in reversed(kept)}
    return [
        GateLine(
            suite,
            [str(one) for one in found.result.failed],
            len(found.result.warnings),
            found.as_of,
            str(found.page),
        )
        for suite, found in sorted(latest.items())
    ]


def _links(resources: Resources, zendesk: str | None) -> dict[str, str]:
    slug = resources.organization.slug
    reports = sorted((resources.settings.home / "reports" / slug).glob("*.html"))
    links = {} if zendesk is None else {"Zendesk": zendesk}
    if reports:
        links["report"] = f"file://{reports[-1]}"
    return links
