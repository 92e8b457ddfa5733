"""One organization's day, from Zendesk to metric tables and the digest in Slack."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from prefect import flow

from tasks import (
    assess,
    check,
    embed,
    escalate,
    extract,
    measure,
    publish,
    reconcile,
    recordings,
    score,
    seal,
    transcribe,
)
from tasks.artifacts import showing_progress
from tasks.errors import ClosedGateError
from tasks.ledger import Run, StageLine, running
from tasks.naming import flow_name
from tasks.parameters import AsOf, Slug
from tasks.stages import Stage
from tasks.summary import summarised
from tasks.watching import watched
from warehouse.ledger import StageResult, summed


@flow(name="organization", flow_run_name=flow_name, persist_result=False)
def organization(
    slug: Slug, as_of: AsOf | None = None, stages: list[Stage] | None = None
) -> list[StageLine]:
    """Runs the day of one organization, as of an instant (now), all stages or some.

    Every stage takes what is pending and commits it with its watermark: a run that was killed
    is taken up by the next one. Returns the lines of the run's ledger.

    Where the gate before publishing is closed, tickets that may escalate are told of all the same,
    without the day's figures; the run fails with the gate's error in the end.
    """
    instant = as_of or datetime.now(UTC)
    chosen = [one for one in Stage if stages is None or one in stages]
    with (
        watched("organization", slug),
        running(slug, flow="organization", as_of=instant) as run,
        showing_progress(slug),
        summarised(run, chosen),
    ):
        _run_stages(run, chosen)
        return run.lines


def _run_stages(run: Run, stages: Sequence[Stage]) -> None:
    closed: ClosedGateError | None = None
    for stage in stages:
        try:
            run.stage(stage.value, _work(stage, run, published=closed is None))
        except ClosedGateError as error:
            if stage is not Stage.PUBLISH:
                raise
            closed = error
    seal.seal_trail(run.slug)
    if closed is not None:
        raise closed


def _work(stage: Stage, run: Run, *, published: bool) -> Callable[[], StageResult]:
    slug, as_of = run.slug, run.as_of
    return {
        Stage.EXTRACT: lambda: _extract(slug, as_of),
        Stage.CHECK: lambda: check.check_gate(slug, "after_load", as_of),
        Stage.TRANSCRIBE: lambda: transcribed(slug),
        Stage.EMBED: lambda: embed.embed_text(slug),
        Stage.SCORE: lambda: score.score_tickets(slug),
        Stage.ASSESS: lambda: _assess(slug, as_of),
        Stage.MEASURE: lambda: measure.build_metrics(slug, as_of),
        Stage.PUBLISH: lambda: publish.publish_metrics(slug, as_of),
        Stage.ESCALATE: lambda: escalate.escalate(slug, as_of, published=published),
    }[stage]


def _extract(slug: str, as_of: datetime) -> StageResult:
    extract.prepare_days(slug, as_of)
    extract.probe_streams(slug, as_of)
    results = [extract.extract_stream(slug, name, as_of) for name in extract.STREAM_NAMES]
    results.append(reconcile.repair_tickets(slug, as_of))
    results.append(reconcile.reconcile(slug, as_of))
    results.append(reconcile.repair_tickets(slug, as_of))
    # last: the events of a deleted ticket are still exported, with its words
    results.append(extract.forget_deleted(slug))
    return summed(results)


def transcribed(slug: str) -> StageResult:
    """Recordings are fetched, then heard."""
    return summed([recordings.fetch_recordings(slug), transcribe.transcribe_recordings(slug)])


def _assess(slug: str, as_of: datetime) -> StageResult:
    """The last of the models' work, and the gate behind all of it. Its checks are no rows."""
    assessed = assess.assess_tickets(slug)
    checked = check.check_gate(slug, "after_scoring", as_of)
    return replace(assessed, note=f"{assessed.note} {checked.note}".strip())
