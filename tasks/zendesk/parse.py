"""Parsing pages: whole at once, and record by record where one of them is not as promised."""

from typing import Any, TypeVar

import msgspec

from tasks.errors import PermanentError
from tasks.zendesk.page import BadRecord

T = TypeVar("T", bound=msgspec.Struct)


def parse_records(
    body: bytes, kinds: dict[str, type[T]]
) -> tuple[dict[str, list[T]], list[BadRecord]]:
    """The records of `body` by kind, and those that are not what Zendesk promises.

    `kinds` gives the type for each key of the page that holds a list.
    """
    try:
        raw = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        raise PermanentError("a page of Zendesk's is no JSON object") from None
    records: dict[str, list[T]] = {}
    bad: list[BadRecord] = []
    for key, kind in kinds.items():
        if key in raw:
            records[key] = _records(raw[key], kind, bad)
    return records, bad


def parse_envelope(body: bytes, kind: type[T]) -> T:
    """What a page says about itself. Raises: PermanentError."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError:
        raise PermanentError(f"a page of Zendesk's has no {kind.__name__.strip('_')}") from None


def _records(raw: msgspec.Raw, kind: type[T], bad: list[BadRecord]) -> list[T]:
    try:
        return msgspec.json.decode(raw, type=list[kind])  # type: ignore[valid-type]
    except msgspec.MsgspecError:
        pass
    good = []
    for one in msgspec.json.decode(raw, type=list[msgspec.Raw]):
        try:
            good.append(msgspec.json.decode(one, type=kind))
        except msgspec.ValidationError:
            bad.append(BadRecord(_id_of(one), f"not_a_{kind.__name__.lower()}", bytes(one)))
    return good


def _id_of(raw: msgspec.Raw) -> str | None:
    try:
        found: Any = msgspec.json.decode(raw)["id"]
    except (msgspec.MsgspecError, LookupError, TypeError):
        return None
    return str(found) if isinstance(found, int) else None
