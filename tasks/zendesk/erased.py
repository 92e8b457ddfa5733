"""Who was erased does not come in again: pages without their words, before anything is sealed.

Their tickets and calls still come, as ids, states and instants, so that they are counted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID

import msgspec

from tasks.encryption.addresses import EMAIL, PHONE, address_index
from tasks.zendesk.page import BadRecord, Page
from tasks.zendesk.records import Call, Identity, Ticket, TicketEvent, User
from tasks.zendesk.rows.events import COMMENTS, voice_of
from tasks.zendesk.rows.people import INDEXED
from tasks.zendesk.rows.surveys import ticket_of
from tasks.zendesk.satisfaction import Rating, SurveyResponse
from warehouse.loading import Rows
from warehouse.naming import FIELDS_OF_AGENTS, FIELDS_OF_ANYONE, naming_columns
from warehouse.tables.zendesk import audit_events
from warehouse.tombstones import Known, Stone

FIELDS = {*FIELDS_OF_ANYONE, *FIELDS_OF_AGENTS}


class Hasher(Protocol):
    """The part of a cipher that tells whether two values are the same."""

    def blind_index(self, value: str, *, column: str) -> bytes: ...

    def keyed_hash(self, data: bytes, *, purpose: str) -> bytes: ...


def stone_of(hasher: Hasher, kind: str, value: int | bytes) -> Stone:
    """A tombstone: of a user or agent by Zendesk's id, of an e-mail or phone by its blind index."""
    data = str(value).encode() if isinstance(value, int) else value
    purpose = "user" if kind == "agent" else kind
    return kind, hasher.keyed_hash(data, purpose=f"tombstone {purpose}")


class Erased:
    """Whom an organization has erased, as it was known when it was read.

    `met` are the tombstones of ids that were not known yet: of who comes with an erased person's
    address or number. `ticket_ids` and `call_ids` turned out to be an erased person's.
    """

    def __init__(self, hasher: Hasher, known: Known) -> None:
        self.known = known
        self.met: dict[Stone, UUID] = {}
        self.ticket_ids: set[int] = set()
        self.call_ids: set[int] = set()
        self._hasher = hasher
        self._asked: dict[int, UUID | None] = {}

    def __bool__(self) -> bool:
        return bool(self.known.stones)

    def user(self, user_id: int | None) -> bool:
        """Whether this user was erased."""
        return user_id is not None and self.request_of(user_id) is not None

    def request_of(self, user_id: int) -> UUID | None:
        """The request by which a user was erased; None for who was not."""
        if user_id not in self._asked:
            digest = stone_of(self._hasher, "user", user_id)[1]
            stones = self.known.stones
            self._asked[user_id] = stones.get(("user", digest)) or stones.get(("agent", digest))
        return self._asked[user_id]

    def customer(self, user_id: int | None) -> bool:
        """Whether this user was erased, and was no agent: tickets are theirs."""
        if not self.user(user_id):
            return False
        return stone_of(self._hasher, "agent", user_id or 0) not in self.known.stones

    def address(self, value: str | None, column: str) -> bool:
        """Whether this e-mail address or telephone number is an erased person's."""
        return self._of_address(value, column) is not None

    def person(self, one: User) -> bool:
        """Whether a user's record is an erased person's; a number alone is, where no address is."""
        if self.user(one.id):
            return True
        found = self._of_address(one.email, EMAIL)
        if found is None and not one.email:
            found = self._of_address(one.phone, PHONE)
        if found is None:
            return False
        self.met[stone_of(self._hasher, "user", one.id)] = self._asked[one.id] = found
        return True

    def ticket(self, ticket_id: int | None) -> bool:
        return ticket_id in self.known.ticket_ids or ticket_id in self.ticket_ids

    def call(self, call_id: int | None) -> bool:
        return call_id in self.known.call_ids or call_id in self.call_ids

    def _of_address(self, value: str | None, column: str) -> UUID | None:
        kind = "email" if column == EMAIL else "phone"
        index = address_index(self._hasher, value, column)
        return None if index is None else self.known.stones.get(stone_of(self._hasher, kind, index))


@dataclass(frozen=True)
class Screened:
    """What of a page comes in as it is, and what without its words."""

    whole: Page
    bare: Page = field(default_factory=lambda: Page({}))


def screened(page: Page, erased: Erased) -> Screened:
    """The page without erased people and their words; records that hold none are as they were."""
    whole = dict(page.records)
    bare: dict[str, Sequence[Any]] = {}
    for kind, screen in SCREENS.items():  # people first: whoever they are is known by then
        if kind in whole:
            whole[kind], bare[kind] = screen(whole[kind], erased)
    bad = [one for one in page.bad if not _mentions(one, erased)]
    left = {kind: records for kind, records in bare.items() if records}
    return Screened(replace(page, records=whole, bad=bad), Page(left))


def without_ids(rows: Rows, erased: Erased) -> Rows:
    """The rows without the ids of erased people, where a column names people."""
    wanted = {one.name for one in naming_columns(rows.table)}
    places = [at for at, name in enumerate(rows.columns) if name in wanted]
    if rows.table is audit_events:
        return replace(rows, values=[_change(rows, row, erased) for row in rows.values])
    if not places:
        return rows
    return replace(rows, values=[_row(row, places, erased) for row in rows.values])


def _row(row: tuple[Any, ...], places: Sequence[int], erased: Erased) -> tuple[object, ...]:
    named = [at for at in places if erased.user(row[at])]
    if not named:
        return row
    return tuple(None if at in named else value for at, value in enumerate(row))


def _change(rows: Rows, row: tuple[Any, ...], erased: Erased) -> tuple[object, ...]:
    if row[rows.columns.index("field_name")] not in FIELDS:
        return row
    places = [rows.columns.index(name) for name in ("value", "previous_value")]
    named = [at for at in places if (row[at] or "").isdigit() and erased.user(int(row[at]))]
    return tuple(None if at in named else value for at, value in enumerate(row))


Parts = tuple[list[Any], list[Any]]


def _users(records: Sequence[User], erased: Erased) -> Parts:
    return [one for one in records if not erased.person(one)], []


def _identities(records: Sequence[Identity], erased: Erased) -> Parts:
    return [
        one
        for one in records
        if not erased.user(one.user_id)
        and not (one.type in INDEXED and erased.address(one.value, INDEXED[one.type]))
    ], []


def _tickets(records: Sequence[Ticket], erased: Erased) -> Parts:
    def theirs(one: Ticket) -> bool:
        if erased.user(one.requester_id) or erased.customer(one.submitter_id):
            erased.ticket_ids.add(one.id)
        return erased.ticket(one.id) or erased.user(one.submitter_id)

    return _apart(records, theirs)


def _ratings(records: Sequence[Rating], erased: Erased) -> Parts:
    return _apart(
        records, lambda one: erased.user(one.requester_id) or erased.ticket(one.ticket_id)
    )


def _surveys(records: Sequence[SurveyResponse], erased: Erased) -> Parts:
    return _apart(
        records, lambda one: erased.user(one.responder_id) or erased.ticket(ticket_of(one))
    )


def _calls(records: Sequence[Call], erased: Erased) -> Parts:
    def theirs(one: Call) -> bool:
        if erased.user(one.customer_id):
            erased.call_ids.add(one.id)
        return erased.call(one.id) or erased.ticket(one.ticket_id)

    return _apart(records, theirs)


def _events(records: Sequence[TicketEvent], erased: Erased) -> Parts:
    """An event with one comment of theirs among others is both: each part with its own."""
    whole: list[TicketEvent] = []
    bare: list[TicketEvent] = []
    for one in records:
        children = one.child_events or []
        theirs = [each for each in children if _is_theirs(one, each, erased)]
        if not theirs:
            whole.append(one)
            continue
        others = [each for each in children if not any(each is mine for mine in theirs)]
        bare.append(msgspec.structs.replace(one, child_events=theirs))
        if others:
            whole.append(msgspec.structs.replace(one, child_events=others))
    return whole, bare


def _is_theirs(event: TicketEvent, child: Any, erased: Erased) -> bool:
    """Whether a comment is an erased person's, of a call of theirs, or in a ticket of theirs."""
    if child.event_type not in COMMENTS:
        return False
    author = child.author_id if child.author_id is not None else event.updater_id
    voice = voice_of(child)
    called = voice is not None and (
        erased.customer(author) or erased.address(voice.from_number, PHONE)
    )
    if called and voice is not None and voice.call_id is not None:
        erased.call_ids.add(voice.call_id)
    if called or erased.ticket(event.ticket_id) or erased.user(author):
        return True
    return voice is not None and erased.call(voice.call_id)


def _apart(records: Sequence[Any], theirs: Callable[[Any], bool]) -> Parts:
    whole: list[Any] = []
    bare: list[Any] = []
    for one in records:
        (bare if theirs(one) else whole).append(one)
    return whole, bare


# By the list of a page: (what comes whole, what comes bare). What is in neither stays out.
SCREENS: Mapping[str, Callable[[Sequence[Any], Erased], Parts]] = {
    "users": _users,
    "identities": _identities,
    "tickets": _tickets,
    "calls": _calls,
    "satisfaction_ratings": _ratings,
    "survey_responses": _surveys,
    "ticket_events": _events,
    "voice_calls": _events,
}


def _mentions(bad: BadRecord, erased: Erased) -> bool:
    return mentions(bad.kind, bad.raw, erased)


def mentions(kind: str, raw: bytes, erased: Erased) -> bool:
    """Whether a record that could not be read is about an erased person, or a ticket of theirs."""
    try:
        told = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return any(_names(key, value, kind, erased) for key, value in _values(told))


def _names(key: str, value: object, kind: str, erased: Erased) -> bool:
    number = value if isinstance(value, int) else None
    if isinstance(value, str):
        if "@" in value and erased.address(value, EMAIL):
            return True
        if erased.address(value, PHONE):
            return True
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None
    if number is None:
        return False
    if key == "ticket_id" or (key == "id" and kind in ("tickets", "listed")):
        return erased.ticket(number)
    return erased.user(number)


def _values(told: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Every value with the key that it stands under."""
    if isinstance(told, dict):
        for name, value in told.items():
            yield from _values(value, str(name))
    elif isinstance(told, list):
        for value in told:
            yield from _values(value, key)
    else:
        yield key, told
