"""Parsing pages: whole at once, and record by record where one of them is not as promised."""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from tasks.errors import PermanentError
from tasks.zendesk.page import BadRecord, Page, id_text
from tasks.zendesk.records import Record

T = TypeVar("T", bound=msgspec.Struct)
Kinds = Mapping[str, type[Record]]
# Levels that are left of Python's thousand for whoever decodes a record again, deep in other calls.
ROOM = 700
MOST_LEVELS = 100
DIGITS = 4_000
MARKS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.S)
# A field as APIs name them; anything else may be somebody's words.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
MOST_NAMES = 100
OTHER_NAMES = "(others)"


def whole_json(body: bytes) -> bytes:
    """`body`, if it is JSON to its end; what is no text in it becomes a replacement character.

    Texts that were cut in the middle of an emoji come as half of a surrogate pair. One such
    comment must not hold back the page that it is on; nor must a record that is nested without end,
    which becomes a string of itself, and so no record.

    Raises: ValueError if it is cut off, without a word of it.
    """
    try:
        return _readable(body)
    except RecursionError:
        return _readable(_flattened(body))


def _readable(body: bytes) -> bytes:
    try:
        msgspec.json.decode(b"[" * ROOM + body + b"]" * ROOM, type=msgspec.Raw)
        body.decode()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _repaired(body)
    return body


def _repaired(body: bytes) -> bytes:
    """What is no number is null; one that nothing holds is a string, and so no number."""
    try:
        loaded = json.loads(
            body.decode(errors="replace"),
            parse_constant=lambda _: None,
            parse_int=lambda told: int(told) if len(told) < DIGITS else told,
            parse_float=lambda told: float(told) if math.isfinite(float(told)) else told,
        )
    except ValueError:
        raise ValueError("the JSON is cut off") from None
    return json.dumps(loaded, ensure_ascii=False).encode(errors="replace")


def _flattened(body: bytes) -> bytes:
    """`body` with the text of each record that is nested too deep as a string in its place.

    Raises: ValueError if it is cut off.
    """
    parts: list[bytes] = []
    level = deepest = start = kept = 0
    for mark in MARKS.finditer(body):
        if mark[0] in b"[{":
            level += 1
            if level == 3:  # in a list of the page
                start, deepest = mark.start(), 0
            deepest = max(deepest, level)
        elif mark[0] in b"]}":
            level -= 1
            if level == 2 and deepest > MOST_LEVELS:
                told = json.dumps(body[start : mark.end()].decode(errors="replace")).encode()
                parts += [body[kept:start], told]
                kept = mark.end()
    if level:
        raise ValueError("the JSON is cut off")
    return b"".join([*parts, body[kept:]])


def parse_page(body: bytes, kinds: Kinds, *, cursor: str | None = None) -> Page:
    """The records of `body` by kind, and apart from them what is not as Zendesk promises.

    `kinds` gives the type for each key of the page that holds a list. Raises: PermanentError.
    """
    try:
        raw = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        raise PermanentError("a page of Zendesk's is no JSON object") from None
    records: dict[str, Sequence[Any]] = {}
    bad: list[BadRecord] = []
    unknown: Counter[tuple[str, str]] = Counter()
    for key, kind in kinds.items():
        if key in raw:
            records[key] = parse_list(key, raw[key], kind, bad)
            _count_unknown(key, raw[key], kind, unknown)
    return Page(records, bad, cursor, unknown)


def parse_envelope(body: bytes, kind: type[T]) -> T:
    """What a page says about itself. Raises: PermanentError."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError:
        raise PermanentError(f"a page of Zendesk's has no {kind.__name__.strip('_')}") from None


def parse_list(key: str, raw: msgspec.Raw, kind: type[T], bad: list[BadRecord]) -> list[T]:
    """The records of a list; those that are no `kind` are added to `bad` instead."""
    try:
        return msgspec.json.decode(raw, type=list[kind])  # type: ignore[valid-type]
    except msgspec.MsgspecError:
        pass
    good = []
    for one in _apart(raw):
        try:
            good.append(msgspec.json.decode(one, type=kind))
        except msgspec.MsgspecError:
            reason = f"not_a_{kind.__name__.lower()}"
            bad.append(BadRecord(key, _id_of(one), reason, bytes(one)))
    return good


def _count_unknown(
    key: str, raw: msgspec.Raw, kind: type[Record], unknown: Counter[tuple[str, str]]
) -> None:
    """Adds the fields that `kind` neither reads nor knows: names only."""
    known = kind.known_fields()
    try:
        fields = msgspec.json.decode(raw, type=list[dict[str, msgspec.Raw]] | None) or []
    except msgspec.MsgspecError:
        return  # not every record is an object: those that are not stand among the bad ones
    for one in fields:
        if not one.keys() <= known:
            for name in one.keys() - known:
                is_name = NAME.fullmatch(name) and (
                    (key, name) in unknown or len(unknown) < MOST_NAMES
                )
                unknown[key, name if is_name else OTHER_NAMES] += 1


def _apart(raw: msgspec.Raw) -> list[msgspec.Raw]:
    """The records of a list, unread; none where there is null in its place."""
    try:
        return msgspec.json.decode(raw, type=list[msgspec.Raw] | None) or []
    except msgspec.MsgspecError:
        raise PermanentError("a page of Zendesk's has no list where records belong") from None


def _id_of(raw: msgspec.Raw) -> str | None:
    try:
        found: Any = msgspec.json.decode(raw)["id"]
    except (msgspec.MsgspecError, LookupError, TypeError):
        return None
    return id_text(found)
