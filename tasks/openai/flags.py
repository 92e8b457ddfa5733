"""What the server at a base URL can do: told by the settings, else learned when it says no."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache

from tasks.errors import ConfigurationError

ON = {"yes": True, "no": False}


class Flag(StrEnum):
    """One thing that servers which speak OpenAI's API may lack."""

    RESPONSES = "responses"
    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    DIMENSIONS = "embeddings.dimensions"
    TRANSCRIPTIONS = "transcriptions"


# The word in a 400 that tells which part of a request was not understood.
WORDS = {
    Flag.RESPONSES: ("responses",),
    Flag.JSON_SCHEMA: ("json_schema", "response_format", "text.format"),
    Flag.JSON_OBJECT: ("json_object", "response_format"),
    Flag.DIMENSIONS: ("dimensions", "matryoshka"),
    Flag.TRANSCRIPTIONS: ("transcriptions",),
}


class Flags:
    """The flags of one base URL: on until the settings or a refusal say otherwise."""

    def __init__(self, told: Mapping[Flag, bool]) -> None:
        self._told = dict(told)
        self._lacking: set[Flag] = set()

    def has(self, flag: Flag) -> bool:
        """Whether to try it."""
        return self._told.get(flag, flag not in self._lacking)

    def lack(self, flag: Flag) -> None:
        """Notes that the server refused it."""
        self._lacking.add(flag)

    def first(self, flags: Iterable[Flag]) -> Flag | None:
        """The first of these to try, best first."""
        return next((flag for flag in flags if self.has(flag)), None)

    def as_text(self) -> str:
        """One line for people, such as "responses yes, json_schema no"."""
        return ", ".join(f"{flag.value} {'yes' if self.has(flag) else 'no'}" for flag in Flag)


@cache
def flags_of(base_url: str, told: str) -> Flags:
    """The flags of `base_url` in this process; `told` is what the settings say of them.

    Raises: ConfigurationError.
    """
    return Flags(parse_flags(told))


def parse_flags(told: str) -> dict[Flag, bool]:
    """The flags of "responses=no, json_schema=yes". Raises: ConfigurationError."""
    pairs = [part.partition("=") for part in told.split(",") if part.strip()]
    try:
        return {Flag(name.strip()): ON[value.strip()] for name, _, value in pairs}
    except (KeyError, ValueError):
        raise ConfigurationError(
            "VENSOR_OPENAI_FLAGS is not a list such as responses=no,json_schema=yes of: "
            + ", ".join(flag.value for flag in Flag)
        ) from None
