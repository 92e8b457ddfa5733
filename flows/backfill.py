"""Days of the past, from the form in Prefect or the terminal, one after the other."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.organization import transcribed
from tasks import (
    assess,
    check,
    embed,
    extract,
    measure,
    publish,
    reconcile,
    seal,
)
from tasks import backfill as steps
from tasks import score as scoring
from tasks.artifacts import begin_progress, move_progress
from tasks.authorize import asked_for
from tasks.backfilling import MODELS, READ, Plan, wanted
from tasks.ledger import Run, running
from tasks.parameters import AsOf, Slug
from tasks.progress import report
from tasks.stages import BackfillStage
from warehouse.backfills import Window
from warehouse.ledger import StageResult, summed

DAY = r"^\d{4}-\d{2}-\d{2}$"

Day = Annotated[str, Field(pattern=DAY, json_schema_extra={"examples": ["2026-03-01"]})]


@flow(
    name="backfill",
    flow_run_name="backfill {org} {from_day} to {to_day}",
    persist_result=False,
)
def backfill(
    org: Slug,
    from_day: Day,
    to_day: Day,
    stages: list[BackfillStage] = list(READ),  # noqa: B006
    score: bool = False,
    up_to_usd: Annotated[float, Field(ge=0)] = 0.0,
    as_of: AsOf | None = None,
    authorization: str | None = None,
) -> list[str]:
    """Loads and measures days of the past, in windows of a day. Returns a line each.

    Days inside the retention clock are read again. Older days are loaded without words, measured,
    sealed and deleted again, each before the next begins: no old personal data stays. Days that
    are sealed already are left as they are. Stopped or cancelled, what is done stays, and the same
    days asked for again go on from there. The organization's daily run gets its turn between days.

    Args:
        org: The organization.
        from_day: The first day, in the organization's time zone, such as 2026-03-01.
        to_day: The last day, itself too.
        stages: What is done with each day. Days past the clock need the first four.
        score: Also transcribe, embed, score and assess what is inside the clock. The run
            estimates first what that takes, and stops where it is more than allowed.
        up_to_usd: What scoring may cost, in US dollars. Models on this machine cost nothing.
        as_of: The instant to see the world as of; now, day by day, without it.
        authorization: What `vensor authorize backfill --org <org>` printed; needed where there
            are members, good once, for 15 minutes.

    Raises: ConfigurationError where the days cannot be had, or scoring would cost too much.
    """
    asked = wanted(org, from_day, to_day, stages, score=score)
    with asked_for("backfill", [org], as_of=as_of, authorization=authorization):
        plan = steps.begin(asked, as_of or datetime.now(UTC))
        if set(asked.stages) & set(MODELS):
            steps.estimate(plan, as_of or datetime.now(UTC), up_to_usd)
        return list(_days(plan, as_of))


def _days(plan: Plan, as_of: datetime | None) -> Iterator[str]:
    """Each day done, and a line of it. A day holds the organization's place, not the backfill."""
    slug, whole = plan.asked.slug, len(plan.windows)
    bar = begin_progress(f"progress-{slug}", f"{slug}: {whole} days")
    missing = BackfillStage.EXTRACT in plan.asked.stages
    for done, planned in enumerate(plan.left, start=whole - len(plan.left)):
        report("backfill", done, total=whole, note=planned.day.isoformat())
        move_progress(bar, 100 * done / whole)
        with running(slug, flow="backfill", as_of=as_of or datetime.now(UTC)) as run:
            window = steps.judge(plan, planned, run.as_of)
            if window.state == "pending" and missing:
                steps.load_staff(slug, run.as_of)
                missing = False
            line = _day(plan, window, run)
        yield line
    report("backfill", whole, total=whole, note="done")
    move_progress(bar, 100.0)


def _day(plan: Plan, window: Window, run: Run) -> str:
    if window.state == "kept":
        return f"{window.day}: measured and sealed, left as it is"
    if window.state == "pending":
        for name, work in _stages(plan, window, run):
            run.stage(name, work)
    if window.past_clock:
        run.stage("clear", lambda: steps.clear_past(run.slug, run.as_of))
    steps.note_day(plan, window.day, "done")
    seal.seal_trail(run.slug)
    told = ", ".join(f"{one.stage} {one.result.rows_out:,}" for one in run.lines)
    return f"{window.day}: {told}"


def _stages(
    plan: Plan, window: Window, run: Run
) -> Iterator[tuple[str, Callable[[], StageResult]]]:
    """What is done with a day, by the name that the ledger gives it.

    "load" is no extraction: how fresh the data is does not follow from it. Measured is as of the
    instant that is published: no newer day is told anew by what a backfill happens to know of it.
    """
    slug, as_of, seen = run.slug, run.as_of, steps.published_as_of(run.slug)
    past = window.day if window.past_clock else None
    works: dict[BackfillStage, tuple[str, Callable[[], StageResult]]] = {
        BackfillStage.EXTRACT: ("load", lambda: _load(slug, window, as_of)),
        BackfillStage.CHECK: ("check", lambda: check.check_gate(slug, "after_load", as_of)),
        BackfillStage.TRANSCRIBE: ("transcribe", lambda: transcribed(slug)),
        BackfillStage.EMBED: ("embed", lambda: embed.embed_text(slug)),
        BackfillStage.SCORE: ("score", lambda: scoring.score_tickets(slug)),
        BackfillStage.ASSESS: ("assess", lambda: assess.assess_tickets(slug)),
        BackfillStage.MEASURE: ("measure", lambda: measure.build_metrics(slug, seen, past)),
        BackfillStage.PUBLISH: ("publish", lambda: publish.publish_metrics(slug, seen, past)),
    }
    for stage in plan.asked.stages:
        if not (window.past_clock and stage in MODELS):  # nothing of it is here to be read
            yield works[stage]
    if window.past_clock:
        yield "seal", lambda: steps.seal_measured(plan, window)


def _load(slug: str, window: Window, as_of: datetime) -> StageResult:
    extract.prepare_days(slug, as_of)
    results = [
        steps.load_day(slug, window, as_of),
        reconcile.repair_tickets(slug, as_of),
        extract.forget_deleted(slug),  # last: deleted tickets' events are exported, with words
    ]
    return summed(results)
