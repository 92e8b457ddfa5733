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
