"""Screening: of an erased person no row is made that names them, and no other record is lost."""

import hmac
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.zendesk import Page, to_rows
from tasks.zendesk.erased import EMAIL, PHONE, Erased, screened, stone_of, without_ids
from tasks.zendesk.parse import parse_page
from tasks.zendesk.streams import KINDS
from warehouse.naming import naming_columns
from warehouse.tombstones import Known

AT = "2026-01-02T03:04:05Z"
SINCE, NEVER = datetime(2020, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
PEOPLE = st.integers(1, 6)


class Plain:
    """Keyed hashes under a key of this test's; what is sealed can be read."""

    def blind_index(self, value: str, *, column: str) -> bytes:
        return self.keyed_hash(value.strip().casefold().encode(), purpose=column)[:16]

    def keyed_hash(self, data: bytes, *, purpose: str) -> bytes:
        return hmac.digest(purpose.encode(), data, "sha256")

    def seal(self, plaintext: bytes, *, column: str, row_id: str, changed_at: datetime) -> bytes:
        return plaintext


@st.composite
def pages(draw: st.DrawFn) -> Page:
    """Tickets with their events, people and calls, each anybody's."""
    numbers = range(1, draw(st.integers(1, 6)) + 1)
    records: dict[str, list[dict[str, Any]]] = {
        "users": [
            {"id": one, "role": "end-user", "updated_at": AT, "email": f"p{one}@example.com"}
            for one in range(1, 7)
        ],
        "tickets": [],
        "ticket_events": [],
        "calls": [],
        "satisfaction_ratings": [],
    }
    for number in numbers:
        people = [draw(PEOPLE) for _ in range(6)]
        both = {"created_at": AT, "updated_at": AT}
        records["tickets"].append({
            "id": number, "status": "open", "requester_id": people[0], "submitter_id": people[1],
            "assignee_id": people[2], "subject": f"by p{people[0]}!", **both,
        })  # fmt: skip
        children = [
            {"id": number * 10 + at, "event_type": "Comment", "author_id": one,
             "plain_body": f"by p{one}!", "public": True}
            for at, one in enumerate(people[3:5])
        ]  # fmt: skip
        children.append({
            "id": number * 10 + 5, "event_type": "Change", "requester_id": str(people[0]),
            "previous_value": str(people[5]),
        })  # fmt: skip
        records["ticket_events"].append({
            "id": number, "ticket_id": number, "created_at": AT, "updater_id": people[3],
            "child_events": children,
        })  # fmt: skip
        records["calls"].append({
            "id": number, "ticket_id": number, "customer_id": people[5], "agent_id": people[2],
            **both,
        })  # fmt: skip
        records["satisfaction_ratings"].append({
            "id": number, "ticket_id": number, "requester_id": people[0], "comment":
            f"by p{people[0]}!", **both,
        })  # fmt: skip
    return parse_page(msgspec.json.encode(records), {kind: KINDS[kind] for kind in records})


def rows_of(page: Page, erased: Erased) -> list[Any]:
    hasher: Any = Plain()
    parts = screened(page, erased)
    made = to_rows("tickets", parts.whole, hasher, cutoff=SINCE, as_of=SINCE)
    made += to_rows("tickets", parts.bare, hasher, cutoff=NEVER, as_of=SINCE)
    return [without_ids(one, erased) for one in made]


@settings(max_examples=60, deadline=None)
@given(page=pages(), gone=st.sets(PEOPLE, max_size=3))
def test_no_row_names_who_was_erased_and_no_skeleton_is_lost(page: Page, gone: set[int]) -> None:
    """And of everybody else's words none is missing, but in tickets that are not theirs."""
    stones = {stone_of(Plain(), "user", one): uuid4() for one in gone}
    made = rows_of(page, Erased(Plain(), Known(stones)))
    everything = rows_of(page, Erased(Plain(), Known()))
    theirs = {
        one.id for one in page.records["tickets"] if gone & {one.requester_id, one.submitter_id}
    }
    for table in {one.table for one in everything}:
        kept = [row for one in made if one.table is table for row in one.values]
        all_rows = [row for one in everything if one.table is table for row in one.values]
        columns = next(one.columns for one in made if one.table is table)
        wanted = {one.name for one in naming_columns(table)} | {"value", "previous_value"}
        places = [at for at, name in enumerate(columns) if name in wanted]
        assert not [row for row in kept if {str(row[at]) for at in places} & set(map(str, gone))]
        if table.info["class"] == "skeleton" and table.name != "users":
            ids = {row[0] for row in all_rows}
            assert {row[0] for row in kept} == ids
        if "sealed" in columns:
            at = columns.index("sealed")
            words = b"\n".join(row[at] for row in kept)
            assert not [one for one in gone if f"p{one}".encode() in words]
        if table.name == "comment_contents":
            ticket = columns.index("ticket_id")
            assert {row[0] for row in kept} == {
                row[0]
                for row in all_rows
                if row[ticket] not in theirs
                and not [one for one in gone if f"p{one}!".encode() in row[at]]
            }


def test_hashes_of_one_kind_say_nothing_of_another() -> None:
    """An id, an address and a number that are written alike are three tombstones."""
    same = b"1"
    stones = {stone_of(Plain(), kind, same)[1] for kind in ("email", "phone")}
    assert len(stones | {stone_of(Plain(), "user", 1)[1]}) == 3
    assert stone_of(Plain(), "user", 1)[1] == stone_of(Plain(), "agent", 1)[1]


def test_addresses_are_found_however_they_are_written() -> None:
    hasher = Plain()
    index = hasher.blind_index("maria@example.com", column=EMAIL)
    erased = Erased(hasher, Known({stone_of(hasher, "email", index): uuid4()}))
    assert erased.address(" Maria@Example.COM ", EMAIL)
    assert not erased.address("maria@example.com", PHONE)
    assert not erased.address(None, EMAIL)
