"""What is unsealed is in the audit trail, whoever forgets to say so."""

import ast
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import text

from tasks.encryption import Cipher
from tasks.encryption.reads import CONTENT, SECRET, Reads
from tasks.errors import PermanentError
from tasks.identity import serving
from tasks.resources import Resources, opened
from tasks.settings import PROJECT
from warehouse.sessions import Organization

COLUMN = "zendesk.comment_contents.sealed"
OTHER = "ai.transcripts.sealed"


def trail(resources: Resources) -> list[tuple[str, str, dict]]:
    with resources.session() as connection:
        found = connection.execute(
            text(
                "select action, purpose, details from audit.events"
                " where action like 'read.%' order by event_no"
            )
        )
        return [tuple(row) for row in found]


def read(cipher: Cipher, as_of: datetime, *, times: int = 1, column: str = COLUMN) -> None:
    place = {"column": column, "row_id": "1", "changed_at": as_of}
    sealed = cipher.seal(b"words", **place)
    for _ in range(times):
        cipher.unseal(sealed, **place)


def _read_and_fail(cipher: Cipher, as_of: datetime) -> None:
    read(cipher, as_of)
    raise PermanentError("afterwards")


def test_a_batch_is_one_row_with_how_many_values_of_which_column(
    resources: Resources, as_of: datetime
) -> None:
    """For the purpose that was said, or else what the step or command is for."""
    with resources.session("embed tickets") as connection:
        read(resources.cipher, as_of, times=64)
        read(resources.cipher, as_of, times=3, column=OTHER)
        assert connection.execute(text("select count(*) from audit.events")).scalar_one() == 1
    with serving("transcribe recordings"), resources.session():
        read(resources.cipher, as_of)
    with resources.session():
        pass
    assert trail(resources) == [
        (CONTENT, "embed tickets", {COLUMN: 64, OTHER: 3}),
        (CONTENT, "transcribe recordings", {COLUMN: 1}),
    ]


def test_streams_secrets_and_what_is_sealed_anew_are_counted(
    resources: Resources, as_of: datetime
) -> None:
    """Each in a row of its kind."""
    cipher, told = resources.cipher, {"column": "app.connections.credentials", "row_id": "zendesk"}
    place = {"column": COLUMN, "row_id": "1", "changed_at": as_of}
    sealed = cipher.seal(b"words", **place)
    stream = list(cipher.seal_stream([b"sound"], **{**place, "column": "zendesk.recordings"}))
    secret = cipher.seal_secret(b"token", **told)
    with resources.session("x"):
        cipher.reseal(sealed, **place)
        list(cipher.unseal_stream(stream, column="zendesk.recordings", row_id="1"))
        cipher.unseal_secret(secret, **told)
    assert trail(resources) == [
        (CONTENT, "x", {COLUMN: 1, "zendesk.recordings": 1}),
        (SECRET, "x", {"app.connections.credentials": 1}),
    ]


def test_what_a_failed_transaction_read_is_in_the_next_row(
    resources: Resources, as_of: datetime
) -> None:
    """It was read all the same."""
    with pytest.raises(PermanentError), resources.session("first"):
        _read_and_fail(resources.cipher, as_of)
    with resources.session("second"):
        read(resources.cipher, as_of)
    assert trail(resources) == [(CONTENT, "second", {COLUMN: 2})]


def test_what_no_transaction_read_is_in_the_row_at_the_end(
    settings_environment: None, organization: Organization, resources: Resources, as_of: datetime
) -> None:
    """Whether the work comes to its end or breaks off."""
    slug = organization.slug
    with pytest.raises(PermanentError), serving("a step"), opened(slug) as forgetful:
        _read_and_fail(forgetful.cipher, as_of)
    assert trail(resources) == [(CONTENT, "a step", {COLUMN: 1})]


def test_a_person_s_reading_says_more(resources: Resources, as_of: datetime) -> None:
    """What is told until the end; also where nothing was there to be read."""
    told: dict[str, int | str] = {}
    with resources.session("search", told):
        read(resources.cipher, as_of)
        told["tickets"] = "4711"
    with resources.session("search", {"tickets": ""}):
        pass
    assert trail(resources) == [
        (CONTENT, "search", {COLUMN: 1, "tickets": "4711"}),
        (CONTENT, "search", {"tickets": ""}),
    ]


def test_threads_lose_no_count() -> None:
    """They add while others take."""
    reads, taken = Reads(), []

    def note() -> None:
        for _ in range(20_000):
            reads.note(CONTENT, COLUMN)

    def take() -> None:
        for _ in range(200):
            taken.append(reads.take())

    with ThreadPoolExecutor(6) as threads:
        for done in [threads.submit(work) for work in (note, take, note, take, note, note)]:
            done.result()
    taken.append(reads.take())
    assert sum(one[CONTENT, COLUMN] for one in taken) == 80_000
    assert not reads


def test_nothing_is_unsealed_past_the_cipher() -> None:
    """Only its package opens values; one place outside makes a cipher: that which audits it."""
    makes, opens = set(), set()
    for room in ("cli", "flows", "tasks", "warehouse"):
        for path in (PROJECT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    name = ast.unparse(node.func)
                    if name == "Cipher":
                        makes.add(str(path.relative_to(PROJECT)))
                    if name in ("AESGCM", "Cobblestone256Decryptor"):
                        opens.add(str(path.parent.relative_to(PROJECT)))
    assert makes == {"tasks/resources.py"}
    assert opens == {"tasks/encryption", "tasks/encryption/providers"}
