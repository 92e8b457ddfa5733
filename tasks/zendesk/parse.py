"""Parsing pages: whole at once, and record by record where one of them is not as promised."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from tasks.errors import PermanentError
from tasks.zendesk.page import BadRecord, Page
from tasks.zendesk.records import Record

T = TypeVar("T", bound=msgspec.Struct)
Kinds = Mapping[str, type[Record]]


def whole_json(body: bytes) -> bytes:
    """`body`, if it is JSON to its end; what is no text in it becomes a replacement character.

    Texts that were cut in the middle of an emoji come as half of a surrogate pair. One such
    comment must not hold back the page that it is on.

    Raises: ValueError if it is cut off, without a word of it.
    """
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
        body.decode()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _repaired(body)
    return body


def _repaired(body: bytes) -> bytes:
    try:
        loaded = json.loads(body.decode(errors="replace"), parse_constant=lambda _: None)
    except ValueError:
        raise ValueError("the JSON is cut off") from None
    return json.dumps(loaded, ensure_ascii=False).encode(errors="replace")


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
            unknown.update((key, name) for name in one.keys() - known)


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
    return str(found) if isinstance(found, int) else None
