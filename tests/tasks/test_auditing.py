"""Seals over the audit trail: nothing that is done to it afterwards goes unnamed."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, text

from tasks.audit_checking import Checking, check_audit
from tasks.audit_export import iter_export
from tasks.auditing import Head, head_path, kept_head, seal_audit
from tasks.errors import PermanentError
from tasks.resources import Resources, opened
from tests.conftest import new_organization
from warehouse import audit_seals, embedded
from warehouse.outbound import Sending, record_sending
from warehouse.sessions import Logins, tenant_session

NOW = datetime.now(UTC)
DOCS = Path(__file__).parents[2] / "docs" / "audit.md"
# Batches of rows, each under a seal: whether a row tells of what left.
SHAPES = [
    [[False, False, True], [True]],
    [[True, False, False], [False], [False, True, False, True]],
    [[False, True, False, True], [True, True, False], [False], [True]],
]
Trails = Callable[[int], Resources]
ALTERATIONS = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def superuser(home: Path, logins: Logins) -> Iterator[Engine]:
    """Whoever owns the database, and has no key."""
    told = embedded.start(home)
    url = logins.migrator.set(username=embedded.SUPERUSER, password=told.password)
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[ExitStack, dict[int, Resources]]]:
    """The trails that were written so far, by their shape."""
    with ExitStack() as stack:
        yield stack, {}


@pytest.fixture
def trails(
    made: tuple[ExitStack, dict[int, Resources]],
    settings_environment: None,
    partitions: None,
    engine: Engine,
) -> Trails:
    """The trail of a shape, of an organization of its own: alterations are rolled back."""
    stack, known = made

    def trail(shape: int) -> Resources:
        if shape not in known:
            known[shape] = stack.enter_context(opened(new_organization(engine).slug))
            trail_of(known[shape], SHAPES[shape])
        return known[shape]

    return trail


def act(resources: Resources, purpose: str, *, sends: bool = False) -> None:
    """One row more: of what was done, or of what left."""
    org_id = resources.organization.org_id
    with resources.session() as connection:
        if sends:
            sending = Sending(
                recipient="models.example",
                purpose=purpose,
                model="m",
                ticket_ids=[1, 2],
                items=2,
                payload_bytes=99,
                audio_seconds=0.1,
            )
            record_sending(connection, org_id, sending)
        else:
            resources.audit(connection, action="a", purpose=purpose, details={"tickets": 1})


def trail_of(resources: Resources, batches: list[list[bool]]) -> None:
    """Rows in batches, each under a seal of its own."""
    for number, batch in enumerate(batches):
        for place, sends in enumerate(batch):
            act(resources, f"{number}/{place}", sends=sends)
        seal_audit(resources)


def fault_of(resources: Resources) -> str | None:
    return check_audit(resources, now=NOW).fault


def seen_by_loader(resources: Resources, connection: Connection) -> str | None:
    """What a check finds in the midst of the superuser's transaction."""
    connection.execute(text("set local session_replication_role = origin"))
    connection.execute(text("set local session authorization vensor_loader"))
    org_id = str(resources.organization.org_id)
    connection.execute(text("select set_config('app.org_id', :org_id, true)"), {"org_id": org_id})
    return Checking(resources, connection, NOW).run(None).fault


def test_a_trail_that_nobody_touched_holds(resources: Resources) -> None:
    """Each row under one seal; what came since waits for the next."""
    trail_of(resources, [[False, True, False], [True], [False] * 5])
    act(resources, "later")
    checked = check_audit(resources, now=NOW)
    assert checked.fault is None
    assert checked.events == 10  # and that the organization was added
    assert (checked.seals, checked.unsealed, checked.expired) == (3, 1, 0)
    assert seal_audit(resources) == 1
    assert seal_audit(resources) == 0
    assert str(kept_head(resources)) == check_audit(resources, now=NOW).head


ROWS = {
    "audit.events": {
        "actor": "'someone else'",
        "action": "'b'",
        "purpose": "'none'",
        "details": """'{"tickets": 2}'""",
        "happened_at": "happened_at + interval '1 microsecond'",
        "event_id": "gen_random_uuid()",
        "event_no": "event_no + 1000000",
        "org_id": "gen_random_uuid()",
    },
    "audit.outbound": {
        "recipient": "'elsewhere.example'",
        "purpose": "'none'",
        "model": "null",
        "ticket_ids": "'{1}'",
        "items": "3",
        "payload_bytes": "98",
        "audio_seconds": "audio_seconds * 2",
        "sent_at": "sent_at - interval '1 day'",
        "sending_id": "gen_random_uuid()",
        "event_no": "event_no + 1000000",
        "org_id": "gen_random_uuid()",
    },
}
KEYS = {"audit.events": "event_id", "audit.outbound": "sending_id"}
SEAL = {
    "seal_no": "seal_no + 1000",
    "day": "day - 1",
    "after_no": "after_no - 1",
    "through_no": "through_no + 1",
    "sealed_at": "sealed_at + interval '1 second'",
    "first_at": "first_at + interval '1 second'",
    "last_at": "last_at + interval '1 second'",
    "events": "events + 1",
    "digests": "digests || digests",
    "digest": "sha256(digest)",
    "expired_no": "expired_no + 1",
    "previous": "sha256(previous)",
    "mac": "sha256(mac)",
    "org_id": "gen_random_uuid()",
}


@pytest.mark.parametrize(
    ("table", "column"), [(table, name) for table, names in ROWS.items() for name in names]
)
@given(shape=st.sampled_from(range(len(SHAPES))), data=st.data())
@ALTERATIONS
def test_any_row_that_is_altered_is_named(
    trails: Trails,
    superuser: Engine,
    shape: int,
    table: str,
    column: str,
    data: st.DataObject,
) -> None:
    """Whatever its column: its seal and its id, or which place it is missing from."""
    mine = trails(shape)
    with superuser.begin() as connection:
        rows = rows_of(connection, mine, table)
        row_id, seal_no = data.draw(st.sampled_from(rows))
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(
            text(f"update {table} set {column} = {ROWS[table][column]} where {KEYS[table]} = :id"),
            {"id": row_id},
        )
        fault = seen_by_loader(mine, connection)
        connection.rollback()
        assert fault is not None
        assert f"seal {seal_no} of" in fault
        moved = column in ("org_id", "event_no", "sent_at")
        assert "missing" in fault if moved else "was altered" in fault
        if column not in KEYS.values() and not moved:
            assert str(row_id) in fault


@pytest.mark.parametrize("what", ["delete", "insert", "swap"])
@given(shape=st.sampled_from(range(len(SHAPES))), data=st.data())
@ALTERATIONS
def test_any_row_that_comes_goes_or_changes_place_is_named(
    trails: Trails,
    superuser: Engine,
    shape: int,
    what: str,
    data: st.DataObject,
) -> None:
    """By its seal and place; one that came by its id."""
    mine = trails(shape)
    with superuser.begin() as connection:
        rows = rows_of(connection, mine, "audit.events")
        row_id, seal_no = data.draw(st.sampled_from(rows))
        connection.execute(text("set local session_replication_role = replica"))
        if what == "delete":
            connection.execute(
                text("delete from audit.events where event_id = :id"), {"id": row_id}
            )
            named = "a row is missing"
        elif what == "insert":
            added = connection.execute(
                text(
                    "insert into audit.events (org_id, actor, action, purpose, details, event_no,"
                    " happened_at) select org_id, 'x', 'x', 'x', '{}', event_no, happened_at"
                    " from audit.events where event_id = :id returning event_id"
                ),
                {"id": row_id},
            ).scalar_one()
            named = f"{added}"
        else:
            other = data.draw(st.sampled_from([one for one, _ in rows if one != row_id]))
            connection.execute(
                text(
                    "update audit.events as e set event_no = o.event_no from audit.events as o"
                    " where e.event_id in (:a, :b) and o.event_id in (:a, :b)"
                    " and e.event_id <> o.event_id"
                ),
                {"a": row_id, "b": other},
            )
            seal_no = min(number for one, number in rows if one in (row_id, other))
            named = "was altered"
        fault = seen_by_loader(mine, connection)
        connection.rollback()
        assert fault is not None
        assert f"seal {seal_no} of" in fault
        assert named in fault


@pytest.mark.parametrize("column", SEAL)
@given(shape=st.sampled_from(range(len(SHAPES))), data=st.data())
@ALTERATIONS
def test_any_seal_that_is_altered_is_named(
    trails: Trails,
    superuser: Engine,
    shape: int,
    column: str,
    data: st.DataObject,
) -> None:
    """Whatever its column; one that is given away is missing."""
    mine = trails(shape)
    with superuser.begin() as connection:
        seal_no = data.draw(st.integers(1, len(SHAPES[shape])))
        connection.execute(
            text(
                f"update audit.seals set {column} = {SEAL[column]}"
                " where org_id = :org_id and seal_no = :seal_no"
            ),
            {"org_id": mine.organization.org_id, "seal_no": seal_no},
        )
        fault = seen_by_loader(mine, connection)
        connection.rollback()
        assert fault is not None
        assert f"seal {seal_no} " in fault


@given(shape=st.sampled_from(range(len(SHAPES))), data=st.data())
@ALTERATIONS
def test_whatever_is_cut_off_is_named(
    trails: Trails,
    superuser: Engine,
    shape: int,
    data: st.DataObject,
) -> None:
    """One seal, or all from one on with their rows; the head that this home keeps tells the end."""
    mine = trails(shape)
    with superuser.begin() as connection:
        seal_no = data.draw(st.integers(1, len(SHAPES[shape])))
        place = {"org_id": mine.organization.org_id, "seal_no": seal_no}
        all_from_here, rows_too = data.draw(st.booleans()), data.draw(st.booleans())
        of_mine = "org_id = :org_id and event_no > (select after_no from audit.seals where"
        if rows_too:
            for table in ROWS:
                connection.execute(
                    text(
                        f"delete from {table} where {of_mine} org_id = :org_id and"
                        " seal_no = :seal_no)"
                    ),
                    place,
                )
        compare = ">=" if all_from_here else "="
        connection.execute(
            text(f"delete from audit.seals where org_id = :org_id and seal_no {compare} :seal_no"),
            place,
        )
        fault = seen_by_loader(mine, connection)
        connection.rollback()
        assert fault is not None
        assert f"seal {seal_no} is missing" in fault


def test_a_chain_that_is_made_anew_is_not_the_one_that_was(
    resources: Resources, superuser: Engine
) -> None:
    """Cut off and sealed again, by our own code: the head tells, and is not replaced."""
    trail_of(resources, [[False], [False, True]])
    kept = kept_head(resources)
    with superuser.begin() as connection:
        connection.execute(
            text("delete from audit.seals where org_id = :org_id and seal_no = 2"),
            {"org_id": resources.organization.org_id},
        )
    trail_of(resources, [[True], [True]])
    assert kept_head(resources) == kept
    assert "seal 2 is another than the head in" in str(fault_of(resources))
    head_path(resources).unlink()
    assert fault_of(resources) is None
    noted = check_audit(resources, now=NOW, noted=kept).fault
    assert noted == "seal 2 is another than the head that was noted: it was made anew"


def test_a_head_that_somebody_wrote_over_is_told(resources: Resources) -> None:
    """It is no reason to believe the warehouse."""
    trail_of(resources, [[False]])
    head_path(resources).write_text("none")
    with pytest.raises(PermanentError, match="holds no head"):
        fault_of(resources)


def test_whoever_has_only_the_database_makes_no_seal(
    resources: Resources, superuser: Engine
) -> None:
    """The whole chain made anew with another organization's key, digests and all, does not hold."""
    trail_of(resources, [[False, True]])
    with resources.session() as connection:
        [seal] = list(audit_seals.iter_seals(connection))
    forged = replace(seal, mac=sha256(seal.mac).digest())
    with superuser.begin() as connection:
        org_id = resources.organization.org_id
        connection.execute(
            text("delete from audit.seals where org_id = :org_id"), {"org_id": org_id}
        )
        audit_seals.add(connection, org_id, forged)
    assert "or is none of ours" in str(fault_of(resources))


def test_no_row_slips_past_a_seal_by_committing_late(resources: Resources, engine: Engine) -> None:
    """Eight write, and commit when they like, while one seals without pause: none is stray."""
    org_id, done = resources.organization.org_id, threading.Event()

    def write(number: int) -> None:
        for turn in range(20):
            with tenant_session(engine, org_id) as connection:
                resources.audit(
                    connection, action="a", purpose=f"{number}/{turn}", details={"turn": turn}
                )
                connection.execute(text("select pg_sleep(:s)"), {"s": 0.001 * (number % 4)})

    def seal() -> None:
        while not done.is_set():
            seal_audit(resources)

    with ThreadPoolExecutor(9) as threads:
        sealing = threads.submit(seal)
        for one in [threads.submit(write, number) for number in range(4)]:
            one.result()
        done.set()
        sealing.result()
    seal_audit(resources)
    checked = check_audit(resources, now=NOW)
    assert checked.fault is None
    assert (checked.events, checked.unsealed) == (81, 0)
    assert checked.seals > 3


def test_a_row_that_is_not_committed_is_not_waited_for_in_vain(
    resources: Resources, engine: Engine
) -> None:
    """A seal that begins while a row is being written covers it, or comes before its number."""
    org_id = resources.organization.org_id
    with ThreadPoolExecutor(1) as threads:
        with tenant_session(engine, org_id) as connection:
            resources.audit(connection, action="a", purpose="late", details={})
            sealing = threads.submit(seal_audit, resources)
            connection.execute(text("select pg_sleep(0.2)"))
            assert not sealing.done()
        assert sealing.result() == 2
    assert check_audit(resources, now=NOW).unsealed == 0


def test_nobody_but_the_owner_changes_what_was_written(resources: Resources) -> None:
    """Neither rows nor seals, nor the numbers."""
    trail_of(resources, [[False, True]])
    for statement in (
        "update audit.events set actor = 'x'",
        "delete from audit.events",
        "update audit.outbound set items = 1",
        "delete from audit.outbound",
        "update audit.seals set events = 1",
        "delete from audit.seals",
        "select setval('audit.event_numbers', 1)",
    ):
        with pytest.raises(PermanentError, match="42501"), resources.session() as connection:
            connection.execute(text(statement))


def test_a_writer_chooses_no_number(resources: Resources) -> None:
    """The trigger gives it, whatever is asked for."""
    seal_audit(resources)
    with resources.session() as connection:
        connection.execute(
            text(
                "insert into audit.events (org_id, actor, action, purpose, details, event_no)"
                " values (:org_id, 'x', 'x', 'x', '{}', 1)"
            ),
            {"org_id": resources.organization.org_id},
        )
    assert check_audit(resources, now=NOW).fault is None
    assert seal_audit(resources) == 1


def test_rows_end_with_their_time_and_their_seals_stay(
    resources: Resources, superuser: Engine
) -> None:
    """The chain holds without them; gone before their time they are missing."""
    old, org_id = datetime.now(UTC) - timedelta(days=40), resources.organization.org_id
    with resources.session() as connection:
        for minute in range(3):
            connection.execute(
                text(
                    "insert into audit.events (org_id, actor, action, purpose, details,"
                    " happened_at) values (:org_id, 'x', 'x', 'x', '{}', :at)"
                ),
                {"org_id": org_id, "at": old + timedelta(minutes=minute)},
            )
    assert seal_audit(resources) == 4
    checked = check_audit(resources, now=NOW)
    assert (checked.seals, checked.events, checked.fault) == (2, 4, None)
    gone = text("delete from audit.events where org_id = :org_id and happened_at <= :at")
    with superuser.begin() as connection:
        connection.execute(gone, {"org_id": org_id, "at": old + timedelta(minutes=5)})
    assert "a row is missing, the first one" in str(fault_of(resources))
    later = NOW + timedelta(days=resources.organization.audit_retention_days - 39)
    checked = check_audit(resources, now=later)
    assert (checked.seals, checked.events, checked.expired, checked.fault) == (2, 1, 1, None)
    with superuser.begin() as connection:
        connection.execute(
            text("update app.organizations set audit_retention_days = 30 where org_id = :org_id"),
            {"org_id": org_id},
        )
    with opened(resources.organization.slug) as shorter:
        act(shorter, "after")
        assert seal_audit(shorter) == 1
        with shorter.session() as connection:
            told = [
                (one.digests is None, one.expired_no) for one in audit_seals.iter_seals(connection)
            ]
        assert told == [(True, 0), (False, 0), (False, 1)]
        assert check_audit(shorter, now=NOW).fault is None
    # a clock that is longer again does not ask for what has gone
    assert check_audit(resources, now=NOW).fault is None


def test_an_export_is_checked_without_vensor(resources: Resources, tmp_path: Path) -> None:
    """By the lines of Python that the docs give; one that was altered is told by its line."""
    trail_of(resources, [[False, True], [True]])
    act(resources, "not sealed yet")
    lines = list(iter_export(resources, None, None))
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds == [
        *("event", "event", "outbound", "seal", "mac"),
        *("outbound", "seal", "mac", "event", "event"),
    ]
    assert json.loads(lines[-1])["action"] == "audit.export"
    path = tmp_path / "trail.jsonl"
    path.write_text("\n".join(lines) + "\n")
    program = DOCS.read_text().split("```python\n")[1].split("```")[0]
    done = run(program, path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"2 seals intact over 4 rows; head {kept_head(resources)}" in done.stdout
    path.write_text("\n".join(line.replace('"not', '"now').replace("1/0", "1/1") for line in lines))
    assert "seal 2 does not hold" in run(program, path).stderr
    path.write_text("\n".join(lines[5:]))
    assert run(program, path).returncode == 0  # a part of the chain holds by itself


def run(program: str, path: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
    )


def test_days_of_an_export(resources: Resources) -> None:
    """Those asked for, with their seals, and nothing of other days."""
    trail_of(resources, [[False]])
    day = datetime.now(UTC).date()
    assert len(list(iter_export(resources, day, day))) == 5
    assert list(iter_export(resources, None, day - timedelta(days=1))) == []


def test_a_head_is_what_it_says() -> None:
    """Number and digest; anything else is none."""
    digest = "0a" * 32
    assert Head.parse(f" 12:{digest}\n") == Head(12, digest)
    for told in ("", "12", f"0:{digest}", f"12:{digest}0", f"-1:{digest}", f"12:{digest.upper()}"):
        assert Head.parse(told) is None


def rows_of(connection: Connection, resources: Resources, table: str) -> list[tuple[object, int]]:
    """(id, number of its seal) of each row."""
    found = connection.execute(
        text(
            f"select r.{KEYS[table]}, s.seal_no from {table} as r join audit.seals as s"
            " on s.org_id = r.org_id and r.event_no > s.after_no and r.event_no <= s.through_no"
            " where r.org_id = :org_id order by r.event_no"
        ),
        {"org_id": resources.organization.org_id},
    )
    return [tuple(row) for row in found]
