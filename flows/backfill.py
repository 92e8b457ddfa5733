"""Days of the past, from the form in Prefect or the terminal, the oldest first."""

from collections.abc import Callable, Iterator, Sequence
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
from tasks.ledger import PATIENCE_SECONDS, Run, running
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
    """Loads and measures days of the past, in windows of a day. Returns a line each time.

    Days inside the retention clock are read again, side by side, and measured up to a week at once.
    Older days are loaded without words, measured, sealed and deleted again, each before the next
    begins: no old personal data stays. Days that are sealed already are left as they are. Stopped
    or cancelled, what is done stays, and the same days asked for again go on from there. The
    organization's daily run gets its turn in between.

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
        if not set(asked.stages) & set(MODELS):
            return list(_lines(plan, as_of))
        agreed = steps.estimate(plan, as_of or datetime.now(UTC), up_to_usd)
        return [*_lines(plan, as_of), steps.account(plan, agreed)]


def _lines(plan: Plan, as_of: datetime | None) -> Iterator[str]:
    """Days done, and a line of them. They hold the organization's place, not the backfill.

    At a terminal another run's holding it is told at once; later it is waited for, as it waits.
    """
    slug, whole, left = plan.asked.slug, len(plan.windows), plan.left
    bar = begin_progress(f"progress-{slug}", f"{slug}: {whole} days")
    missing = BackfillStage.EXTRACT in plan.asked.stages
    patience: float | None = None
    while left:
        report("backfill", whole - len(left), total=whole, note=left[0].day.isoformat())
        move_progress(bar, 100 * (whole - len(left)) / whole)
        instant = as_of or datetime.now(UTC)
        with running(slug, flow="backfill", as_of=instant, patience_seconds=patience) as run:
            days = steps.next_days(plan, left, run.as_of)
            if missing and days[0].state == "pending":
                steps.load_staff(slug, run.as_of)
                missing = False
            line = _done(plan, days, run)
        yield line
        left, patience = left[len(days) :], PATIENCE_SECONDS
    report("backfill", whole, total=whole, note="done")
    move_progress(bar, 100.0)


def _done(plan: Plan, days: Sequence[Window], run: Run) -> str:
    """The days done, which are one, or some that lie inside the clock."""
    first, named = days[0], " to ".join(dict.fromkeys([str(days[0].day), str(days[-1].day)]))
    if first.state == "kept":
        return f"{named}: measured and sealed, left as it is"
    if first.state == "pending":
        for name, work in _stages(plan, days, run):
            run.stage(name, work)
    if first.past_clock:
        run.stage("clear", lambda: steps.clear_past(run.slug, run.as_of))
    steps.note_done(plan, days)
    seal.seal_trail(run.slug)
    told = ", ".join(f"{one.stage} {one.result.rows_out:,}" for one in run.lines)
    return f"{named}: {told}"


def _stages(
    plan: Plan, days: Sequence[Window], run: Run
) -> Iterator[tuple[str, Callable[[], StageResult]]]:
    """What is done with these days, by the name that the ledger gives it.

    "load" is no extraction: how fresh the data is does not follow from it. Measured is as of the
    instant that is published: no newer day is told anew by what a backfill happens to know of it.
    """
    slug, as_of, seen = run.slug, run.as_of, steps.published_as_of(run.slug)
    past = days[0].day if days[0].past_clock else None
    works: dict[BackfillStage, tuple[str, Callable[[], StageResult]]] = {
        BackfillStage.EXTRACT: ("load", lambda: _load(slug, days, as_of)),
        BackfillStage.CHECK: ("check", lambda: check.check_gate(slug, "after_load", as_of)),
        BackfillStage.TRANSCRIBE: ("transcribe", lambda: transcribed(slug)),
        BackfillStage.EMBED: ("embed", lambda: embed.embed_text(slug)),
        BackfillStage.SCORE: ("score", lambda: scoring.score_tickets(slug)),
        BackfillStage.ASSESS: ("assess", lambda: assess.assess_tickets(slug)),
        BackfillStage.MEASURE: ("measure", lambda: measure.build_metrics(slug, seen, past)),
        BackfillStage.PUBLISH: ("publish", lambda: publish.publish_metrics(slug, seen, past)),
    }
    for stage in plan.asked.stages:
        if past is None or stage not in MODELS:  # past the clock nothing is here to be read
            yield works[stage]
    if past is not None:
        yield "seal", lambda: steps.seal_measured(plan, days[0])


def _load(slug: str, days: Sequence[Window], as_of: datetime) -> StageResult:
    extract.prepare_days(slug, as_of)
    results = [
        steps.load_days(slug, days, as_of),
        reconcile.repair_tickets(slug, as_of),
        extract.forget_deleted(slug),  # last: deleted tickets' events are exported, with words
    ]
    return summed(results)
