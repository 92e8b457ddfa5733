"""Nothing personal leaves the sealed columns: marks in every personal field, sought everywhere.

Each field that `tasks/zendesk/fields.yml` classes as personal gets a mark of its own in every
record that the sandbox answers with. After a whole day of two organizations, one with exports and
ratings and one with lists, audits and surveys, each place of `places.PLACES` is searched.

That the test cannot pass for want of anything is tested as well: each mark is in the answers that
were fetched, each mark of a sealed field is in what its table's sealed column opens to, and each
place is found to hold the control that the test itself puts there.
"""

import os
import random
import re
import string
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, text

from cli import peers
from tasks.resources import Resources, opened
from tasks.settings import PROJECT
from tasks.zendesk.inventory import read_inventory
from tests.conftest import UNLIMITED
from tests.flows.conftest import Terminal, connect_by_hand
from tests.flows.elsewhere import collecting_errors, watching
from tests.flows.places import PLACES, Day, begin, clean
from tests.flows.seeking import ENCODINGS, Search, hits, unpacked
from warehouse.sealed import sealed_columns
from warehouse.sessions import Logins

PERSONAL = {
    f"{key}.{field.path}": field
    for key, kind in read_inventory().items()
    for field in kind.fields
    if field.nature == "personal"
}
SEALED = {
    f"{key}.{field.path}": kind.sealed
    for key, kind in read_inventory().items()
    for field in kind.fields
    if (field.nature, field.fate) == ("personal", "sealed")
}
# Records that go wrong: a text where an id belongs, an id that no column holds, a field nobody
# knows. Their values are as personal as any.
WRONG = [
    {"path": "tickets.problem_id", "form": "text", "record": 25},
    {"path": "tickets.group_id", "form": "number", "record": 26},
    {"path": "ticket_events.child_events.shoe_size", "form": "text"},
    {"path": "users.shoe_size", "form": "text"},
]
# A status that there is not: the gate after the load is closed by it, and says so. A status is
# operational, so it is in the warehouse's tables; the gate's words must not hold it.
UNHEARD_OF = {"path": "tickets.status", "form": "text", "account": "globex"}
IN_TABLES = {"the warehouse's files", "the write-ahead log", "a dump of the database"}
RECORDINGS = PROJECT / "sandbox" / "recordings"
TICKETS = {"acme": 60, "globex": 40}


@pytest.fixture(scope="module")
def marked_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peers.Sandbox]:
    """A sandbox for these tests alone."""
    folder = tmp_path_factory.mktemp("marked")
    yield peers.start(folder, TICKETS, limits=dict.fromkeys(UNLIMITED, 1_000_000))
    peers.stop(folder)


@pytest.fixture(scope="module")
def day(
    terminal: Terminal,
    marked_sandbox: peers.Sandbox,
    logins: Logins,
    home: Path,
    vensor_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Day]:
    """A whole day, with marks in every personal field."""
    folder = tmp_path_factory.mktemp("day")
    own = {"TMPDIR": str(folder / "tmp"), "HOME": str(folder / "user")}
    for path in own.values():
        Path(path).mkdir()
    with watching() as elsewhere, collecting_errors() as sentry:
        own["SENTRY_DSN"] = sentry.dsn
        environment = terminal.environment | own | elsewhere.environment()
        terminal = replace(terminal, environment=environment)
        places = (logins, home, vensor_home, folder, time.time())
        found = Day(terminal, marked_sandbox, elsewhere, sentry, *places)
        begin(found)
        fields = [{"path": path, "form": field.form} for path, field in PERSONAL.items()]
        found.control("POST", "/marks", [*fields, *WRONG, UNHEARD_OF])
        with ThreadPoolExecutor() as both:
            list(both.map(lambda run: run(found), (_run_exports, _run_lists)))
        found.run("doctor", status=None)  # other tests' organizations lack connections
        yield found
        clean(found)


def _connected(day: Day, account: str) -> str:
    slug = f"{account}-{os.urandom(4).hex()}"
    day.slugs[account] = connect_by_hand(day.terminal, day.sandbox, slug, account)
    return slug


def _run_exports(day: Day) -> None:
    """The first organization's day: a page comes cut off, two records are wrong."""
    slug = _connected(day, "acme")
    cut = {"path": "/incremental/tickets/cursor", "kind": "truncate", "account": "acme"}
    day.control("POST", "/faults", cut)
    day.control("POST", "/changes", {"account": "acme", "kind": "delete_ticket", "ticket_id": 30})
    day.run("run", "--org", slug)
    day.run("quarantine", "list", "--org", slug)
    day.run("quarantine", "retry", "--org", slug)
    day.run("metrics", "--org", slug, "fct_ticket_flow_daily")
    day.run("search", "--org", slug, "how is a refund made")
    day.run("retention", "--org", slug, "--dry-run", "--as-of", "2031-01-01T00:00Z")
    for shown in (("assess", "list"), ("quality", "show"), ("evaluate",), ("outbound",)):
        day.run(*shown, "--org", slug)
    _run_rights(day, slug)
    # these print customers' words, for who asked to read them: only what they leave is sought
    asked = ("search", "--org", slug, "refund has not arrived", "--in", "tickets")
    for words in (asked, ("label", "--org", slug, "--next")):
        assert day.terminal.run(*words).returncode == 0


def _run_rights(day: Day, slug: str) -> None:
    """What is held of someone is shown and exported; the archive lies sealed."""
    with day.terminal.within(), opened(slug) as resources, resources.session() as connection:
        requester = connection.execute(
            text("""
                select requester_id from zendesk.tickets
                where id in (select ticket_id from zendesk.calls) order by id limit 1
            """)
        ).scalar_one()
    who = ("--zendesk-id", str(requester))
    for command in (("access", *who), ("export", *who), ("opt-out", *who), ("opt-in", *who)):
        day.run("privacy", *command, "--org", slug)
    day.run("privacy", "requests", "--all", "--org", slug)
    sealed = [one for one in (day.home / "exports").rglob("*") if one.is_file()]
    assert sum(one.stat().st_size for one in sealed) > 10_000


def _run_lists(day: Day) -> None:
    """The second's: its exports are refused, it has surveys, and a gate is closed in the end."""
    slug = _connected(day, "globex")
    day.control("POST", "/refusals", {"account": "globex", "what": ["export", "csat"]})
    closed = day.run("run", "--org", slug, "--stages", "extract,check", status=1)
    assert "the gate after_load is closed: zendesk.tickets.status known value" in closed


@pytest.fixture(scope="module")
def marks(day: Day) -> dict[str, str]:
    """The marks by the path of their fields."""
    return {one["path"]: one["mark"] for one in day.control("GET", "/marks").json()["marks"]}


@pytest.fixture(scope="module")
def controls(day: Day, marks: dict[str, str]) -> dict[str, str]:
    """A control in each place, by the place: it begins as all marks do."""
    stem = day.control("GET", "/marks").json()["stems"]["letters"]
    made = {name: stem + "".join(random.choices(string.ascii_lowercase, k=8)) for name in PLACES}
    for name, place in PLACES.items():
        place.plant(day, made[name])
    return made


@pytest.fixture(scope="module")
def opened_columns(day: Day) -> dict[str, bytes]:
    """What the sealed columns of both organizations open to, by table."""
    found: dict[str, bytes] = {}
    with day.terminal.within():
        for slug in day.slugs.values():
            with opened(slug) as resources:
                for table, content in _iter_opened(resources):
                    found[table] = found.get(table, b"") + content + b"\n"
    return found


def _iter_opened(resources: Resources) -> Iterator[tuple[str, bytes]]:
    with resources.session() as connection:
        for one in sealed_columns():
            statement = select(*one.ids(), one.instant(), one.column)
            for *ids, at, sealed in connection.execute(statement):
                row_id = "/".join(map(str, ids))
                if sealed is not None and one.table.schema != "keys":
                    yield (
                        one.table.fullname,
                        resources.cipher.unseal(
                            bytes(sealed), column=one.name, row_id=row_id, changed_at=at
                        ),
                    )


@pytest.fixture(scope="module")
def spoken(opened_columns: dict[str, bytes]) -> dict[str, str]:
    """The longest sentence of each transcript: no mark can be spoken, so words themselves are
    sought."""
    told = opened_columns["ai.transcripts"].decode().splitlines()
    segments = [_texts(msgspec.json.decode(line)) for line in told if line]
    longest = {max(texts, key=len) for texts in segments}
    return {text: f"spoken: {text[:12]}…" for text in longest}


def _texts(told: object) -> list[str]:
    if isinstance(told, str):
        return [told]
    parts = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
    return [text for part in parts for text in _texts(part)]


@pytest.fixture(scope="module")
def search(
    day: Day, marks: dict[str, str], controls: dict[str, str], spoken: dict[str, str]
) -> Search:
    """What is sought: all marks, all controls, names of people, what was said on the telephone."""
    stems = day.control("GET", "/marks").json()["stems"]
    words = {mark: path for path, mark in marks.items()}
    people = {
        max(re.findall(r"[A-Za-z]+", one[kind].partition("@")[0]), key=len): f"someone's {kind}"
        for one in day.sandbox.canaries["acme"]
        for kind in ("name", "email")
    }
    return Search(
        tuple(stems.values()),
        words | {word: f"control of {name}" for name, word in controls.items()},
        people | spoken,
        _sounds(),
    )


def _sounds() -> dict[bytes, str]:
    """A stretch from the loudest half second of each recording that the sandbox serves."""
    found = {}
    for path in RECORDINGS.glob("*.wav"):
        content = path.read_bytes()
        loudest = max(range(1_000, len(content) - 100, 4_000), key=lambda at: _loud(content, at))
        found[content[loudest : loudest + 48]] = f"sound of {path.stem}"
    return found


def _loud(content: bytes, at: int) -> int:
    return len(set(content[at : at + 48]))


@pytest.mark.parametrize("name", PLACES)
def test_no_mark_is_found(day: Day, search: Search, name: str) -> None:
    """The control is found; of what is personal, nothing."""
    found, _ = hits(search, PLACES[name].contents(day))
    assert f"control of {name}" in found, "this place was not searched"
    allowed = {UNHEARD_OF["path"]} if name in IN_TABLES else set()
    leaks = {path: places for path, places in found.items() if not path.startswith("control of")}
    assert {path: places for path, places in leaks.items() if path not in allowed} == {}


def test_every_mark_was_fetched(day: Day, marks: dict[str, str], search: Search) -> None:
    """A field that the sandbox never fills, or that is never asked for, would be sought in vain."""
    fetched, size = hits(search, ((one.path, one.answered) for one in day.exchanges("/zendesk")))
    assert size > 1_000_000
    assert sorted(marks.keys() - fetched.keys()) == []


def test_every_sealed_field_opens_to_its_mark(
    marks: dict[str, str], opened_columns: dict[str, bytes]
) -> None:
    """What the inventory says is sealed is there, in the table that it says."""
    missing = [
        path
        for path, table in SEALED.items()
        if marks[path].encode() not in opened_columns.get(str(table), b"")
    ]
    assert missing == []
    held = opened_columns["app.quarantine"]
    assert [one["path"] for one in WRONG[:2] if marks[str(one["path"])].encode() not in held] == []


def test_nothing_was_asked_of_openai(day: Day, controls: dict[str, str]) -> None:
    """The models are local: but for the control, no request; the digest did go to Slack."""
    assert [one.path for one in day.exchanges("/openai")] == ["/openai/v1/embeddings"]
    assert "/slack/api/chat.postMessage" in {one.path for one in day.exchanges("/slack")}


def test_what_went_wrong_was_told_to_sentry(day: Day) -> None:
    """The gate that was closed: its own words, which hold no value, and where in the code."""
    told = b"\n".join(part for one in day.sentry.received for part in unpacked(one))
    assert b"the gate after_load is closed" in told
    assert b'"step":"check_gate"' in told


def test_nobody_else_was_asked_for_anything(day: Day, controls: dict[str, str]) -> None:
    """No statistics of dbt's, Great Expectations's or Prefect's, no models from a hub."""
    (control,) = day.elsewhere.received
    assert b"http://example.com/" in control


def test_what_was_spoken_was_transcribed(day: Day, spoken: dict[str, str]) -> None:
    """Words, and stretches of sound, that only the recordings hold."""
    assert spoken
    assert min(map(len, spoken)) > 25
    assert len(_sounds()) > 3


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_word_is_found_in_each_encoding(encoding: str) -> None:
    """Wherever it stands, between whatever bytes; and what only looks like it is not."""
    word, other = "bcdfghjkmnpqrstv", "bcdfghjkzzzzzzzz"
    search = Search(("bcdfghjk",), {word: "it", other: "other"})
    encoded = ENCODINGS[encoding](word)
    for before in range(4):
        content = os.urandom(before) + b"\0 " + encoded + b' "' + os.urandom(5)
        assert search.names_in(content) == {"it"}
    assert search.names_in(b"bcdfghj-mnpqrstv") == set()
