"""The stages of an organization's day."""

from enum import StrEnum

from tasks.errors import ConfigurationError


class Stage(StrEnum):
    """The stages, in the order in which they run."""

    EXTRACT = "extract"
    CHECK = "check"
    TRANSCRIBE = "transcribe"
    EMBED = "embed"
    SCORE = "score"
    ASSESS = "assess"
    MEASURE = "measure"
    PUBLISH = "publish"
    ESCALATE = "escalate"


def parse_stages(names: str | None) -> list[Stage] | None:
    """The stages of a comma-separated list. Raises: ConfigurationError naming those there are."""
    if names is None:
        return None
    known = [stage.value for stage in Stage]
    unknown = [name for name in names.split(",") if name.strip() not in known]
    if unknown:
        raise ConfigurationError(f"no stage {unknown[0]!r}; there are: {', '.join(known)}")
    return [Stage(name.strip()) for name in names.split(",")]


class BackfillStage(StrEnum):
    """The stages that a backfill may do with each of its days, in order."""

    EXTRACT = "extract"
    CHECK = "check"
    TRANSCRIBE = "transcribe"
    EMBED = "embed"
    SCORE = "score"
    ASSESS = "assess"
    MEASURE = "measure"
    PUBLISH = "publish"


def parse_backfill_stages(names: str | None) -> list[BackfillStage] | None:
    """As `parse_stages`, of those of a backfill."""
    found = parse_stages(names)
    if found and Stage.ESCALATE in found:
        raise ConfigurationError("a backfill escalates nothing: leave that stage out")
    return None if found is None else [BackfillStage(one.value) for one in found]
