"""Lists of words, which are data."""

from functools import cache
from importlib.resources import files


def ordinary_words() -> frozenset[str]:
    """Words that are names as well: they count as names only with a capital."""
    return _read("ordinary_words.tsv")


def nobody() -> frozenset[str]:
    """Words with a capital that are nobody's name."""
    return _read("nobody.tsv")


def shared_addresses() -> frozenset[str]:
    """What stands before the @ of addresses that are no one person's."""
    return _read("shared_addresses.tsv")


@cache
def _read(name: str) -> frozenset[str]:
    told = files("tasks.redaction").joinpath(name).read_text(encoding="utf-8")
    return frozenset(word for line in told.splitlines() if line[0] != "#" for word in line.split())
