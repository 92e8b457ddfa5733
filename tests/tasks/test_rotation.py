"""Keys rotate under load: nothing fails to open, nothing stays behind, a kill changes nothing."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, Engine, Integer, LargeBinary, Text, Uuid, text

from tasks.encryption import sealing
from tasks.errors import PermanentError, TransientError
from tasks.resources import Resources, opened
from tasks.rotate import finish_rotation, rotate_data_keys
from warehouse.ledger import exclusive
from warehouse.sealed import SealedColumn, Value, count_by_key, sealed_columns
from warehouse.sessions import Organization, tenant_session
from warehouse.tables.app import connections
from warehouse.tables.rights import corrections

TASKS = Path(__file__).resolve().parents[2] / "tasks"
COMMENTS = "zendesk.comment_contents.sealed"
PROVIDERS, FIELDS = ("zendesk", "slack"), ("name", "email")
ANY = {Text: "none", LargeBinary: b"", Uuid: UUID(int=0)}
ROTATE = "import sys; from tasks.rotate import rotate_data_keys as r; r(sys.argv[1])"


def _ids(column: SealedColumn, number: int) -> tuple[object, ...]:
    """A row's key of the right types."""
    if column.table is connections:
        return (PROVIDERS[number],)
    if column.table is corrections:
        return number, FIELDS[number]

    def one(kind: object) -> object:
        return UUID(int=number) if isinstance(kind, Uuid) else str(number)

    return tuple(
        number if isinstance(found.type, BigInteger | Integer) else one(found.type)
        for found in column.ids()
    )


def _store(resources: Resources, column: SealedColumn, number: int, at: datetime) -> Value:
    """A row with a sealed value, whatever else its table asks for."""
    value = Value(_ids(column, number), at if column.versioned else None, b"")
    cipher, words = resources.cipher, f"words {number}".encode()
    place = {"column": column.name, "row_id": value.row_id}
    if value.changed_at is None:
        value = value._replace(sealed=cipher.seal_secret(words, **place))
    else:
        value = value._replace(sealed=cipher.seal(words, changed_at=at, **place))
    row = {found.name: told for found, told in zip(column.ids(), value.ids, strict=True)}
    row |= {"org_id": resources.organization.org_id, column.column.name: value.sealed}
    if value.changed_at is not None:
        row["changed_at"] = value.changed_at
    for found in column.table.columns:
        if found.name not in row and not found.nullable and found.server_default is None:
            row[found.name] = ANY.get(type(found.type), 0)
    with resources.session() as connection:
        connection.execute(column.table.insert().values(row))
        cipher.record_uses(connection)
    return value


def _open(resources: Resources, column: SealedColumn, value: Value) -> bytes:
    place = {"column": column.name, "row_id": value.row_id}
    if value.changed_at is None:
        return resources.cipher.unseal_secret(value.sealed, **place)
    return resources.cipher.unseal(value.sealed, changed_at=value.changed_at, **place)


def _stored(resources: Resources, column: SealedColumn) -> list[Value]:
    ids = ", ".join(one.name for one in column.ids())
    at = "changed_at" if column.versioned else "null"
    with resources.session() as connection:
        rows = connection.execute(
            text(f"select {ids}, {at}, {column.column.name} from {column.table.fullname}")
        )
        return [Value(tuple(ids), at, bytes(sealed)) for *ids, at, sealed in rows]


def _states(resources: Resources) -> dict[int, tuple[str, str]]:
    with resources.session() as connection:
        rows = connection.execute(text("select key_id, purpose, state from keys.org_keys"))
        return {key_id: (purpose, state) for key_id, purpose, state in rows}


def _an_hour_later(resources: Resources) -> None:
    with resources.session() as connection:
        connection.execute(text("update keys.org_keys set emptied_at = emptied_at - interval '1h'"))


def _column(name: str) -> SealedColumn:
    return next(one for one in sealed_columns() if one.name == name)


def _numbers(column: SealedColumn) -> range:
    return range(6 if column.versioned else len(PROVIDERS))


@pytest.fixture
def filled(resources: Resources, as_of: datetime) -> Resources:
    """Three weeks of values in every column that holds any."""
    for column in sealed_columns():
        for number in _numbers(column):
            _store(resources, column, number, as_of - timedelta(days=3 * number))
    return resources


def test_every_column_that_something_is_sealed_for_takes_part() -> None:
    """A new sealed column that its table doesn't declare with `sealed` would be left behind."""
    code = "".join(path.read_text() for path in TASKS.rglob("*.py"))
    named = set(re.findall(r'"([a-z]+\.[a-z_]+\.(?:sealed|credentials))"', code))
    assert named == {column.name for column in sealed_columns()}


def test_a_rotation_moves_everything_and_leaves_nothing_behind(filled: Resources) -> None:
    """Every value under a new key, every one opens, none is left; blind indexes stay the same."""
    slug, index = filled.organization.slug, filled.cipher.blind_index("a", column="b")
    before = _states(filled)
    done = rotate_data_keys(slug)
    assert (done.left, done.destroyed, sum(done.damaged.values())) == (0, 0, 0)
    expected = {column.name: len(_numbers(column)) for column in sealed_columns()}
    assert done.moved == expected
    assert done.retired == done.kept == len(before) - 1
    with opened(slug) as fresh:
        assert fresh.cipher.blind_index("a", column="b") == index
        for column in sealed_columns():
            values = _stored(fresh, column)
            assert {_open(fresh, column, one) for one in values} == {
                f"words {number}".encode() for number in _numbers(column)
            }
            assert not {sealing.key_id_of(one.sealed) for one in values} & set(before)
    assert all(_states(filled)[key] != ("content", "active") for key in before)


def test_old_keys_open_for_an_hour_and_then_never(filled: Resources, as_of: datetime) -> None:
    """Who read a value before it was moved can still open it; a stolen copy is lost later."""
    slug, column = filled.organization.slug, _column(COMMENTS)
    read_before = _stored(filled, column)
    rotate_data_keys(slug)
    with opened(slug) as reader:
        assert all(_open(reader, column, one) for one in read_before)
    again = rotate_data_keys(slug)
    assert (again.retired, again.destroyed) == (0, 0)
    _an_hour_later(filled)
    assert "keys destroyed" in finish_rotation.fn(slug)
    with opened(slug) as reader, pytest.raises(PermanentError, match="destroyed"):
        _open(reader, column, read_before[0])
    assert finish_rotation.fn(slug) == ""


def test_a_key_that_others_may_know_ends_at_once(filled: Resources) -> None:
    """Without the hour; blind indexes keep theirs, which seals nothing."""
    filled.cipher.blind_index("a", column="b")
    done = rotate_data_keys(filled.organization.slug, at_once=True)
    assert (done.kept, done.left, done.destroyed) == (0, 0, done.retired)
    assert {state for purpose, state in _states(filled).values() if purpose == "index"} == {
        "active"
    }


def test_an_altered_value_stays_as_evidence_and_holds_up_its_own_key_only(
    filled: Resources, as_of: datetime
) -> None:
    """It is counted, its key is kept, and all the rest is moved."""
    with filled.session() as connection:
        connection.execute(
            text(
                "update zendesk.comment_contents"
                " set sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1)"
                " where comment_id = 0"
            )
        )
    done = rotate_data_keys(filled.organization.slug, at_once=True)
    assert dict(done.damaged) == {COMMENTS: 1}
    assert (done.left, done.destroyed) == (1, done.retired - 1)
    assert "1 left under old keys" in str(done)


@contextmanager
def _while_running(*targets: object) -> Iterator[list[BaseException]]:
    """Runs each target over and over in a thread of its own until the end; what went wrong."""
    stop, wrong = threading.Event(), list[BaseException]()

    def loop(target: object) -> None:
        while not stop.is_set():
            try:
                target()
            except BaseException as error:
                wrong.append(error)
                return

    threads = [threading.Thread(target=loop, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    try:
        yield wrong
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_under_load_no_read_and_no_write_fails(filled: Resources, as_of: datetime) -> None:
    """Readers and writers that keep their keyrings through two rotations."""
    slug, column = filled.organization.slug, _column(COMMENTS)
    written, read = iter(range(1000, 10**9)), list[int]()

    with opened(slug) as writer, opened(slug) as reader:

        def write() -> None:
            number = next(written)
            _store(writer, column, number, as_of - timedelta(days=number % 20))

        def look() -> None:
            for value in _stored(reader, column):
                _open(reader, column, value)
                read.append(1)

        with _while_running(write, write, look) as wrong:
            for _ in range(2):
                rotate_data_keys(slug)
                _an_hour_later(filled)
                finish_rotation.fn(slug)
    assert wrong == []
    assert len(read) > 1000
    values = _stored(filled, column)
    assert len(values) == next(written) - 1000 + 6
    rotate_data_keys(slug, at_once=True)
    with opened(slug) as fresh:
        for value in _stored(fresh, column):
            _open(fresh, column, value)
        with fresh.session() as connection:
            alive = {key for key, (_, state) in _states(fresh).items() if state == "active"}
            assert {key for key, _ in count_by_key(connection)} <= alive


def test_a_rotation_that_is_killed_goes_on_where_it_was(
    filled: Resources, engine: Engine, as_of: datetime
) -> None:
    """SIGKILL among the batches: the same words, no second set of keys, none left behind."""
    slug, column = filled.organization.slug, _column(COMMENTS)
    with filled.session() as connection:
        for number in range(100, 4100):
            at = as_of - timedelta(days=number % 14)
            place = {"column": COMMENTS, "row_id": str(number), "changed_at": at}
            sealed = filled.cipher.seal(f"words {number}".encode(), **place)
            row = {"comment_id": number, "ticket_id": 0, "changed_at": at, "sealed": sealed}
            connection.execute(
                column.table.insert().values(org_id=filled.organization.org_id, **row)
            )
    kills = 0
    for least in (1, 900, 1900):
        process = subprocess.Popen([sys.executable, "-c", ROTATE, slug])
        while process.poll() is None and not least <= _moved(filled):
            time.sleep(0.002)
        kills += process.poll() is None
        process.kill()
        process.wait()
        _wait_for_its_place(engine, filled)
    assert kills >= 2, "the kills must fall within the rotation"
    retired = sum(state == "retired" for _, state in _states(filled).values())
    done = rotate_data_keys(slug)
    assert (done.retired, done.left, done.kept) == (0, 0, retired)
    with opened(slug) as fresh:
        words = {_open(fresh, column, one) for one in _stored(fresh, column)}
    assert words == {f"words {number}".encode() for number in (*range(6), *range(100, 4100))}


def _wait_for_its_place(engine: Engine, resources: Resources) -> None:
    """The server takes a moment to notice that who held it was killed."""
    for _ in range(1000):
        try:
            with exclusive(engine, resources.organization, "rotation"):
                return
        except TransientError:
            time.sleep(0.01)
    raise AssertionError("the rotation's place was never given up")


def _moved(resources: Resources) -> int:
    """How many comments lie under an active key since others retired."""
    with resources.session() as connection:
        found = connection.execute(
            text(
                "select count(*) from zendesk.comment_contents as c"
                " where exists (select from keys.org_keys as k where k.state = 'retired')"
                " and substring(c.sealed, 3, 4) in ("
                " select decode(lpad(to_hex(k.key_id), 8, '0'), 'hex')"
                " from keys.org_keys as k where k.state = 'active')"
            )
        )
        return int(found.scalar_one())


def test_what_was_sealed_with_a_key_that_ended_meanwhile_is_not_stored(
    filled: Resources, as_of: datetime
) -> None:
    """Its writer is told to try again, and the next try has the new key."""
    column = _column(COMMENTS)
    with opened(filled.organization.slug) as slow:
        place = {"column": COMMENTS, "row_id": "77", "changed_at": as_of}
        slow.cipher.seal(b"words", **place)
        rotate_data_keys(filled.organization.slug, at_once=True)
        with (
            pytest.raises(TransientError, match="ended meanwhile"),
            slow.session() as connection,
        ):
            slow.cipher.record_uses(connection)
        value = _store(slow, column, 77, as_of)
        assert _open(slow, column, value) == b"words 77"


def test_one_rotation_at_a_time_and_another_organization_is_not_touched(
    filled: Resources, engine: Engine, other_organization: Organization, as_of: datetime
) -> None:
    """The second is refused while the first runs; keys are each organization's own."""
    with opened(other_organization.slug) as other:
        value = _store(other, _column(COMMENTS), 1, as_of)
        rotate_data_keys(filled.organization.slug, at_once=True)
        with tenant_session(engine, other_organization.org_id) as connection:
            assert count_by_key(connection)[sealing.key_id_of(value.sealed), COMMENTS] == 1
        with (
            exclusive(engine, filled.organization, "rotation"),
            pytest.raises(TransientError, match="a rotation of"),
        ):
            rotate_data_keys(filled.organization.slug)
