"""The inventory of fields against what is read, what is stored, and what Zendesk's peer answers."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import httpx
import msgspec
import pytest

from cli.peers import Sandbox
from tasks.zendesk.inventory import FILTER, Field, Kind, read_inventory
from tasks.zendesk.records import DeletedTicket, Record
from tasks.zendesk.streams import KINDS
from warehouse.sealed import sealed_columns

RECORDS: dict[str, type[Record]] = KINDS | {"deleted_tickets": DeletedTicket}
EVERY = "page[size]=100&start_time=0&include="
ANSWERS = {
    "acme": [
        f"users?{EVERY}",
        f"incremental/users/cursor?{EVERY}identities",
        f"incremental/organizations?{EVERY}",
        f"incremental/tickets/cursor?{EVERY}metric_sets,users",
        f"tickets/show_many?ids=1,2,3&{EVERY}metric_sets,users,comment_count",
        f"incremental/ticket_events?{EVERY}comment_events",
        f"incremental/ticket_metric_events?{EVERY}",
        f"channels/voice/stats/incremental/calls?{EVERY}",
        f"channels/voice/stats/incremental/legs?{EVERY}",
        f"satisfaction_ratings?{EVERY}",
        f"help_center/incremental/articles?{EVERY}",
        "deleted_tickets",
        "groups",
        "brands",
        "ticket_fields",
        "custom_statuses",
        "slas/policies",
        "business_hours/schedules",
        *(f"tickets/{number}/audits" for number in range(1, 21)),
    ],
    "globex": ["guide/survey_responses"],
}


def _lines() -> list[tuple[str, Kind, Field]]:
    return [(key, kind, field) for key, kind in read_inventory().items() for field in kind.fields]


def _paths(told: Any, before: str = "") -> Iterator[str]:
    """The paths to what a record holds, lists passed through."""
    if isinstance(told, list) and any(isinstance(one, dict | list) for one in told):
        for one in told:
            yield from _paths(one, before)
    elif isinstance(told, dict) and told:
        for name, value in told.items():
            yield from _paths(value, f"{before}.{name}" if before else name)
    else:
        yield before


def _read_paths(kind: Any, before: str = "") -> Iterator[str]:
    """The paths to what a record's struct reads."""
    for field in msgspec.structs.fields(kind):
        path = f"{before}.{field.encode_name}" if before else field.encode_name
        below = list(_structs(field.type))
        if not below:
            yield path
        for one in below:
            yield from _read_paths(one, path)


def _structs(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for one in get_args(annotation):
        yield from _structs(one)


def _is_listed(path: str, names: set[str]) -> bool:
    """Whether the inventory has the path, what lies below it, or a field of any name there."""
    above = path.rpartition(".")[0]
    below = any(name.startswith(f"{path}.") for name in names)
    return path in names or f"{above}.*" in names or below


def test_every_kind_of_record_is_in_the_inventory() -> None:
    """And nothing else is."""
    found = {key: kind.record for key, kind in read_inventory().items()}
    assert found == {key: record.__name__ for key, record in RECORDS.items()}


@pytest.mark.parametrize("key", RECORDS)
def test_what_is_read_is_in_the_inventory_and_what_is_kept_is_read(key: str) -> None:
    """A field that someone begins to read is classed first; one that goes somewhere is read."""
    kind, read = read_inventory()[key], set(_read_paths(RECORDS[key]))
    names = {field.name for field in kind.fields}
    assert [path for path in read if not _is_listed(path, names)] == []
    tops = {path.split(".")[0] for path in read}
    assert [one for one in kind.fields if one.fate != "dropped" and one.top not in tops] == []


def test_nothing_personal_is_kept_in_the_clear() -> None:
    """It is sealed or dropped; what is sealed has a table with a sealed column."""
    lines = _lines()
    assert [one.path for _, _, one in lines if (one.nature, one.fate) == ("personal", "kept")] == []
    sealed = {one.table.fullname for one in sealed_columns()}
    assert {kind.sealed for _, kind, one in lines if one.fate == "sealed"} <= sealed
    assert len({(key, one.path) for key, _, one in lines}) == len(lines)


@pytest.fixture(scope="session")
def answered(sandbox: Sandbox) -> dict[str, set[str]]:
    """The paths in the records that the sandbox answers with, over its socket."""
    bearer = {"Authorization": f"Bearer {sandbox.control_token}"}
    for account, what in (("globex", ["csat"]),):
        refused = {"account": account, "what": what}
        httpx.post(f"{sandbox.control_url}/refusals", json=refused, headers=bearer)
    found: dict[str, set[str]] = {}
    for account, paths in ANSWERS.items():
        with _client(sandbox, account) as client:
            for path in [*paths, *_holidays(client)]:
                for key, record in _records(client.get(path).json()):
                    found.setdefault(key, set()).update(_paths(record))
    httpx.post(
        f"{sandbox.control_url}/refusals", json={"account": "globex", "what": []}, headers=bearer
    )
    return found


def _client(sandbox: Sandbox, account: str) -> httpx.Client:
    peer = sandbox.zendesk[account]
    asked = {name: peer[name] for name in ("client_id", "client_secret")}
    asked |= {"grant_type": "client_credentials", "scope": "read"}
    token = httpx.post(f"{peer['base_url']}/oauth/tokens", json=asked).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=f"{peer['base_url']}/api/v2/", headers=bearer, timeout=30)


def _holidays(client: httpx.Client) -> list[str]:
    schedules = client.get("business_hours/schedules").json()["schedules"]
    return [f"business_hours/schedules/{one['id']}/holidays" for one in schedules]


def _records(page: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, told in page.items():
        if isinstance(told, list):
            yield from ((key, one) for one in told)


@pytest.mark.parametrize("key", RECORDS)
def test_what_zendesk_answers_with_is_in_the_inventory(
    answered: dict[str, set[str]], key: str
) -> None:
    """A field that the peer answers with, and nobody classed, fails."""
    names = {field.name for field in read_inventory()[key].fields}
    assert answered[key], "the peer has none of them"
    assert [path for path in answered[key] if not _is_listed(path, names)] == []


def test_what_is_new_is_counted_and_what_is_known_is_not() -> None:
    """`photo.file_name` makes `photo` known: its record's field, whatever is below it."""
    known = RECORDS["users"].known_fields()
    assert {"name", "photo", "user_fields", "url"} <= known
    assert "shoe_size" not in known
    assert FILTER.sub("", json.dumps("a[b=c].d")) == '"a.d"'
