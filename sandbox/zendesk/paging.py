"""The three ways Zendesk pages: time-based exports, cursor exports, cursor lists."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from sandbox.world.index import Index, Place
from sandbox.zendesk import errors
from sandbox.zendesk.desk import Ask

EXPORT_ROWS = 1_000
LIST_ROWS = 100
OFFSET_ROWS = 10_000
KEPT = ("include", "per_page", "support_type_scope")
T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """A page of places; ``more`` when others follow before the newest second."""

    places: list[Place]
    more: bool


def rows(ask: Ask, most: int = EXPORT_ROWS) -> int:
    """The page size asked for, at most ``most``."""
    return max(1, min(ask.number("per_page", most), most))


def page_from_time(index: Index, stream: str, start: int, newest: int, limit: int) -> Page:
    """The records from a second on, the last second whole: so it may exceed the limit.

    A page never ends in the second it starts in while others follow: the next page,
    which starts at that second again, would be the same.
    """
    first, bound = index.position(stream, start), index.position(stream, newest + 1)
    end = _second_end(index, stream, min(first + limit, bound), bound)
    if first < end < bound and _at(index, stream, end - 1) <= start:
        end = _second_end(index, stream, end + 1, bound)
    return Page(index.places(stream, first, end), end < bound)


def _at(index: Index, stream: str, position: int) -> int:
    return index.places(stream, position, position + 1)[0].at


def _second_end(index: Index, stream: str, end: int, bound: int) -> int:
    if end <= 0 or end >= bound:
        return max(0, min(end, bound))
    return min(index.position(stream, _at(index, stream, end - 1) + 1), bound)


def time_envelope(ask: Ask, path: str, page: Page, count: int, **extra: str) -> dict[str, Any]:
    """count, end_time, next_page, end_of_stream of a time-based export."""
    if not page.places:
        return {"count": 0, "end_time": None, "next_page": None, "end_of_stream": True}
    end = page.places[-1].at
    kept = {name: ask.query[name] for name in KEPT if name in ask.query}
    query = urlencode({"start_time": end} | kept | extra)
    return {
        "count": count,
        "end_time": end,
        "next_page": ask.url(f"{path}?{query}"),
        "end_of_stream": not page.more,
    }


def encode_cursor(at: int, number: int) -> str:
    """The export's cursor after a record."""
    return base64.b64encode(f"{at}.0||{number}|".encode()).decode()


def decode_cursor(cursor: str) -> tuple[int, int]:
    """The instant and number in a cursor. Raises: Refusal."""
    try:
        at, _, number, _ = base64.b64decode(cursor, validate=True).decode().split("|")
        return int(float(at)), int(number)
    except (ValueError, binascii.Error, UnicodeDecodeError) as exc:
        raise errors.invalid_value("cursor is invalid") from exc


def cursor_envelope(ask: Ask, path: str, cursor: str | None, *, more: bool) -> dict[str, Any]:
    """after_cursor, after_url, end_of_stream of a cursor export; there is no way back."""
    kept = {name: ask.query[name] for name in KEPT if name in ask.query}
    url = ask.url(f"{path}?{urlencode({'cursor': cursor} | kept)}") if cursor else None
    return {
        "after_url": url,
        "before_url": None,
        "after_cursor": cursor,
        "before_cursor": None,
        "end_of_stream": not more,
    }


def list_page(ask: Ask, key: str, whole: Sequence[T], shape: Callable[[T], Any]) -> dict[str, Any]:
    """A page of a list held in memory: by cursor with ``page[size]``, by offset without."""
    if "page[size]" not in ask.query:
        return offset_page(ask, key, len(whole), lambda a, b: [shape(one) for one in whole[a:b]])
    size = max(1, min(ask.number("page[size]"), LIST_ROWS))
    start = _list_position(ask.query.get("page[after]"))
    chosen = whole[start : start + size]
    more = start + size < len(whole)
    after = _list_cursor(start + len(chosen)) if chosen else None
    return {key: [shape(one) for one in chosen]} | list_envelope(ask, after, more=more)


def offset_page(
    ask: Ask, key: str, total: int, fetch: Callable[[int, int], list[Any]]
) -> dict[str, Any]:
    """A page by number. Raises: Refusal beyond 10,000 rows."""
    size = max(1, min(ask.number("per_page", LIST_ROWS), LIST_ROWS))
    page = max(1, ask.number("page", 1))
    if page * size > OFFSET_ROWS:
        title = "Offset pagination limit reached"
        raise errors.bad_request(
            title, f"Requests beyond {OFFSET_ROWS} records need cursor pagination"
        )
    start = (page - 1) * size
    more = start + size < total

    def url(number: int) -> str:
        kept = [pair for pair in ask.pairs if pair[0] != "page"]
        return ask.url(f"{ask.path}?{urlencode([*kept, ('page', str(number))])}")

    return {
        key: fetch(start, min(start + size, total)),
        "next_page": url(page + 1) if more else None,
        "previous_page": url(page - 1) if page > 1 else None,
        "count": total,
    }


def list_envelope(ask: Ask, after: str | None, *, more: bool) -> dict[str, Any]:
    """meta and links of a cursor list; an empty page has no cursor."""
    kept = [pair for pair in ask.pairs if not pair[0].startswith("page[")]
    size = [("page[size]", ask.query["page[size]"])] if "page[size]" in ask.query else []
    following = urlencode([*kept, *size, ("page[after]", after)]) if after and more else None
    return {
        "meta": {"has_more": more, "after_cursor": after, "before_cursor": after},
        "links": {"next": ask.url(f"{ask.path}?{following}") if following else None, "prev": None},
    }


def _list_cursor(position: int) -> str:
    return base64.b64encode(f"o:{position}".encode()).decode()


def _list_position(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        kind, position = base64.b64decode(cursor, validate=True).decode().split(":")
        if kind != "o":
            raise ValueError(kind)
        return int(position)
    except (ValueError, binascii.Error, UnicodeDecodeError) as exc:
        raise errors.bad_request("Invalid cursor", "page[after] is not valid") from exc
