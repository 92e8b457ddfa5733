"""Ids as people say them: whole, or by their first signs, as versions of code are."""

from collections.abc import Sequence
from typing import TypeVar

from tasks.errors import ConfigurationError

T = TypeVar("T")
FEWEST_SIGNS = 8  # of an id that stands for the whole


def the_one(found: Sequence[T], told: str, what: str, listed_by: str) -> T:
    """The only one of those whose id begins so. `listed_by` is the command that shows ids.

    Raises: ConfigurationError unless there is one.
    """
    if len(told) < FEWEST_SIGNS:
        raise ConfigurationError(f"{what}s are named by their id, or {FEWEST_SIGNS} signs of it")
    if len(found) != 1:
        how = f"several {what}s begin" if found else f"no {what} begins"
        raise ConfigurationError(f"{how} with {told}: see `{listed_by}`")
    return found[0]
