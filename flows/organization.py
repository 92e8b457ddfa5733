"""One organization's day, from Zendesk to metric tables and the digest in Slack."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from prefect import flow

from tasks import check, embed, escalate, extract, measure, score, transcribe
from tasks.errors import ConfigurationError
from tasks.ledger import Run, StageLine, running
from warehouse.ledger import StageResult


class Stage(StrEnum):
    """The stages, in the order in which they run."""

    EXTRACT = "extract"
    CHECK = "check"
    TRANSCRIBE = "transcribe"
    EMBED = "embed"
    SCORE = "score"
    MEASURE = "measure"
    PUBLISH = "publish"
    ESCALATE = "escalate"


@flow(name="organization", flow_run_name="organization {slug}", persist_result=False)
def organization(
    slug: str, as_of: datetime | None = None, stages: list[Stage] | None = None
) -> list[StageLine]:
    """Runs the day of one organization, as of an instant (now), all stages or some.

    Every stage takes what is pending and commits it with its watermark: a run that was killed
    is taken up by the next one. Returns the lines of the run's ledger.
    """
    instant = as_of or datetime.now(UTC)
    with running(slug, flow="organization", as_of=instant) as run:
        for stage in Stage:
            if stages is None or stage in stages:
                run.stage(stage.value, _work(stage, run))
        return run.lines


def parse_stages(names: str | None) -> list[Stage] | None:
    """The stages of a comma-separated list. Raises: ConfigurationError naming those there are."""
    if names is None:
        return None
    known = [stage.value for stage in Stage]
    unknown = [name for name in names.split(",") if name.strip() not in known]
    if unknown:
        raise ConfigurationError(f"no stage {unknown[0]!r}; there are: {', '.join(known)}")
    return [Stage(name.strip()) for name in names.split(",")]


def _work(stage: Stage, run: Run) -> Callable[[], StageResult]:
    slug, as_of = run.slug, run.as_of
    return {
        Stage.EXTRACT: lambda: _extract(slug, as_of),
        Stage.CHECK: lambda: check.check_gate(slug, "after_load", as_of),
        Stage.TRANSCRIBE: lambda: transcribe.transcribe_recordings(slug),
        Stage.EMBED: lambda: embed.embed_text(slug),
        Stage.SCORE: lambda: score.score_tickets(slug),
        Stage.MEASURE: lambda: measure.build_metrics(slug, as_of),
        Stage.PUBLISH: lambda: check.check_gate(slug, "after_build", as_of),
        Stage.ESCALATE: lambda: escalate.escalate(slug, as_of),
    }[stage]


def _extract(slug: str, as_of: datetime) -> StageResult:
    extract.prepare_days(slug, as_of)
    results = [extract.extract_stream(slug, name, as_of) for name in extract.STREAM_NAMES]
    return _sum(results)


def _sum(results: Sequence[StageResult]) -> StageResult:
    return StageResult(
        rows_in=sum(result.rows_in for result in results),
        rows_out=sum(result.rows_out for result in results),
        quarantined=sum(result.quarantined for result in results),
        note=" ".join(result.note for result in results if result.note),
    )
