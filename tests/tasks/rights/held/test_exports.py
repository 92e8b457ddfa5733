"""An export holds all that is held of a person and nothing of others; sealed, opened once."""

import csv
import io
import json
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tasks.encryption.archives import iter_sealed, iter_unsealed, new_key
from tasks.errors import ConfigurationError, PermanentError
from tasks.resources import Resources
from tasks.rights import (
    Person,
    expire_exports,
    export,
    fetch_export,
    find_request,
    live_export,
    named,
    serve_approved,
)
from tasks.rights.zipped import Member, iter_zip
from tasks.storage import open_archives
from tests.tasks.rights.held.conftest import AUDIO, MINE, NOT_MINE, Desk, store_audio
from warehouse import exports

DAY = timedelta(days=1)


def made(desk: Desk, person: Person, as_of: datetime) -> UUID:
    return export(desk.resources, person, as_of=as_of)[1]


def opened(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def lines(files: dict[str, bytes], kind: str) -> list[dict]:
    return [json.loads(line) for line in files[f"{kind}.jsonl"].splitlines()]


@pytest.fixture
def files(desk: Desk, maria: Person, tmp_path: Path, as_of: datetime) -> dict[str, bytes]:
    """Her archive, fetched."""
    out = tmp_path / "maria.zip"
    fetch_export(desk.resources, made(desk, maria, as_of), out, as_of=as_of)
    return opened(out)


def test_it_holds_all_of_hers_and_nothing_of_others(files: dict[str, bytes]) -> None:
    """Notes of the desk on her tickets too; agents and other customers by their role only."""
    words = b"\n".join(content for name, content in files.items() if name.endswith(".jsonl"))
    assert [one for one in MINE if one.encode() not in words] == []
    whole = b"\n".join(files.values())
    assert [one for one in NOT_MINE if one.encode() in whole] == []
    assert b"Bob Agent" not in words.replace(b'"via":{"source":{"from":{"name":"Bob Agent"}}}', b"")
    comments = {one["comment_id"]: one for one in lines(files, "comments")}
    assert {number: one["author"] for number, one in comments.items()} == {
        10: "you", 11: "agent", 12: "agent", 20: "you",
    }  # fmt: skip
    assert [one["ticket_id"] for one in lines(files, "tickets")] == [1]
    assert [one["ticket_id"] for one in lines(files, "other_tickets")] == [2]
    assert files["recordings/300-call.wav"] == AUDIO
    assert lines(files, "sent_to_others")[0]["ticket_ids"] == [1, 2]
    assert lines(files, "transcripts")[0]["segments"][0]["speaker"] == "customer"


def test_the_manifest_tells_whether_it_is_whole(files: dict[str, bytes]) -> None:
    manifest = json.loads(files["manifest.json"])
    assert manifest["schema_version"] == 1
    assert {one["name"] for one in manifest["files"]} == files.keys() - {"manifest.json"}
    for one in manifest["files"]:
        assert sha256(files[one["name"]]).hexdigest() == one["sha256"]
        assert len(files[one["name"]]) == one["size_bytes"]
    counts = {one["name"]: one["records"] for one in manifest["kinds"]}
    for name, count in counts.items():
        assert count == (len(lines(files, name)) if count else 0)
    assert counts["comments"] == 4
    assert b"comments: what you wrote" in files["README.txt"]


def test_tables_say_the_same_and_compute_nothing(files: dict[str, bytes]) -> None:
    """A comment that a spreadsheet would compute stands behind an apostrophe."""
    (rating,) = csv.DictReader(io.StringIO(files["ratings.csv"].decode()))
    assert rating["comment"] == "'=1+1"
    assert lines(files, "ratings")[0]["comment"] == "=1+1"
    for name in (name for name in files if name.endswith(".csv")):
        rows = list(csv.DictReader(io.StringIO(files[name].decode())))
        assert len(rows) == len(lines(files, name.removesuffix(".csv")))


def test_it_lies_sealed_and_is_opened_once(
    desk: Desk, maria: Person, tmp_path: Path, as_of: datetime
) -> None:
    """No word of it is plain on disk; fetched, key and archive are gone, the request is done."""
    request_id, export_id = export(desk.resources, maria, as_of=as_of)
    (sealed,) = [one for one in (tmp_path / "exports").rglob("*") if one.is_file()]
    content = sealed.read_bytes()
    assert [one for one in (*MINE, "PK\x03\x04", "jsonl") if one.encode() in content] == []
    assert desk.count("keys.export_keys") == 1
    out = tmp_path / "out.zip"
    fetched = fetch_export(desk.resources, export_id, out, as_of=as_of)
    assert sha256(out.read_bytes()).digest() == fetched.sha256
    assert out.stat().st_mode & 0o777 == 0o600
    assert not sealed.exists()
    assert desk.count("keys.export_keys") == 0
    with pytest.raises(ConfigurationError, match="was fetched, which can be done once"):
        fetch_export(desk.resources, export_id, tmp_path / "again.zip", as_of=as_of)
    assert not (tmp_path / "again.zip").exists()
    request = find_request(desk.resources, str(request_id)[:8])
    assert request.state == "done"
    assert request.receipt is not None
    assert request.receipt["records of comments"] == 4


def test_one_that_nobody_fetches_ends_and_is_made_anew(
    desk: Desk, maria: Person, tmp_path: Path, as_of: datetime
) -> None:
    """The person still waits: the request is not done by an archive that nobody took."""
    export_id = made(desk, maria, as_of)
    assert expire_exports(desk.resources, as_of + 4 * DAY) == 0
    with pytest.raises(ConfigurationError, match="not fetched within 5 days"):
        fetch_export(desk.resources, export_id, tmp_path / "a.zip", as_of=as_of + 6 * DAY)
    assert expire_exports(desk.resources, as_of + 5 * DAY) == 1
    assert expire_exports(desk.resources, as_of + 5 * DAY) == 0
    assert not [one for one in (tmp_path / "exports").rglob("*") if one.is_file()]
    assert desk.count("keys.export_keys") == 0
    assert serve_approved(desk.resources, as_of + 6 * DAY)["exports made"] == 1
    assert serve_approved(desk.resources, as_of + 6 * DAY)["exports made"] == 0


def test_asked_twice_it_is_one_request_and_the_latest_archive(
    desk: Desk, maria: Person, tmp_path: Path, as_of: datetime
) -> None:
    """By another of her names too; the former archive opens no more."""
    request_id, first = export(desk.resources, maria, as_of=as_of)
    again, second = export(desk.resources, named(desk.resources, user_id=7), as_of=as_of)
    assert again == request_id
    with pytest.raises(ConfigurationError, match="another took its place"):
        fetch_export(desk.resources, first, tmp_path / "a.zip", as_of=as_of)
    assert len([one for one in (tmp_path / "exports").rglob("*") if one.is_file()]) == 1
    fetch_export(desk.resources, second, tmp_path / "a.zip", as_of=as_of)


def test_erasing_her_ends_her_archives_by_whatever_name(
    desk: Desk, maria: Person, tmp_path: Path, as_of: datetime
) -> None:
    export_id = made(desk, maria, as_of)
    with desk.resources.session() as connection:
        assert exports.delete_of(connection, b"of another name", [7]) == 1
        assert exports.delete_of(connection, maria.subject) == 0
    with pytest.raises(ConfigurationError, match="was deleted"):
        fetch_export(desk.resources, export_id, tmp_path / "a.zip", as_of=as_of)


def test_a_place_that_is_taken_is_told_and_nothing_is_spent(
    desk: Desk, maria: Person, tmp_path: Path, as_of: datetime
) -> None:
    export_id = made(desk, maria, as_of)
    (tmp_path / "taken.zip").write_text("mine")
    for place, said in (("taken.zip", "already"), ("no/such.zip", "cannot write")):
        with pytest.raises(ConfigurationError, match=said):
            fetch_export(desk.resources, export_id, tmp_path / place, as_of=as_of)
    fetch_export(desk.resources, export_id, tmp_path / "free.zip", as_of=as_of)


def test_one_that_is_altered_leaves_nothing(
    desk: Desk, maria: Person, tmp_path: Path, as_of: datetime
) -> None:
    """One bit, anywhere: no file, and the archive is not taken for fetched."""
    export_id = made(desk, maria, as_of)
    (sealed,) = [one for one in (tmp_path / "exports").rglob("*") if one.is_file()]
    content = bytearray(sealed.read_bytes())
    content[-40] ^= 1
    sealed.write_bytes(content)
    with pytest.raises(PermanentError, match="does not open"):
        fetch_export(desk.resources, export_id, tmp_path / "a.zip", as_of=as_of)
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".zip"] == []
    request = exports_of(desk)[0]
    assert live_export(desk.resources, request.request_id, as_of) is not None


def exports_of(desk: Desk) -> list[exports.Export]:
    with desk.resources.session() as connection:
        return exports.find_all(connection)


def test_a_damaged_value_is_told_and_holds_nothing_back(
    desk: Desk, maria: Person, tmp_path: Path, as_of: datetime
) -> None:
    """A comment that was altered where it lies, and a recording."""
    with desk.resources.session() as connection:
        for what in (
            "zendesk.comment_contents set sealed = set_byte(sealed, 30, 0) where comment_id = 10",
            "zendesk.recordings set digest = 'x'",
        ):
            connection.execute(text(f"update {what}"))
    fetch_export(desk.resources, made(desk, maria, as_of), tmp_path / "a.zip", as_of=as_of)
    files = opened(tmp_path / "a.zip")
    damaged = {one["comment_id"]: one["does_not_open"] for one in lines(files, "comments")}
    assert damaged == {10: True, 11: False, 12: False, 20: False}
    assert json.loads(files["manifest.json"])["damaged_recordings"] == ["300-call"]


def test_nobody_of_that_name_has_no_archive(desk: Desk, as_of: datetime) -> None:
    with pytest.raises(ConfigurationError, match="nothing is held"):
        made(desk, named(desk.resources, email="nobody@example.com"), as_of)


def test_whose_data_ended_meanwhile_is_told_that_nothing_is_held(
    desk: Desk, maria: Person, as_of: datetime
) -> None:
    """The day's run must not fail on it for ever."""
    request_id, _ = export(desk.resources, maria, as_of=as_of)
    with desk.resources.session() as connection:
        for table in ("users", "user_identities"):
            connection.execute(text(f"delete from zendesk.{table}"))
    assert serve_approved(desk.resources, as_of + 6 * DAY)["exports made"] == 0
    request = find_request(desk.resources, str(request_id))
    assert (request.state, request.receipt["records"]) == ("done", 0)


def test_memory_does_not_grow_with_what_is_held(
    desk: Desk, maria: Person, tmp_path: Path, as_of: datetime
) -> None:
    """A recording of 24 MiB passes through in pieces, both ways."""
    store_audio(desk.resources, desk.at, b"RIFF" + bytes(24 * 2**20))
    tracemalloc.start()
    fetch_export(desk.resources, made(desk, maria, as_of), tmp_path / "a.zip", as_of=as_of)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "a.zip").stat().st_size > 24 * 2**20
    assert peak < 16 * 2**20


@given(st.lists(st.tuples(st.binary(max_size=400), st.booleans()), max_size=5))
@settings(max_examples=50, deadline=None)
def test_what_is_zipped_and_sealed_opens_to_the_same(told: list[tuple[bytes, bool]]) -> None:
    """Whatever the members; under another archive's name, or cut off, it does not open."""
    key, org_id, export_id = new_key(), uuid4(), uuid4()
    members = [
        Member(f"{number}.bin", [content[:100], content[100:]], compressed)
        for number, (content, compressed) in enumerate(told)
    ]
    plain = list(iter_zip(members, datetime(2026, 1, 2, tzinfo=UTC)))
    sealed = b"".join(iter_sealed(key, plain, org_id, export_id))
    back = b"".join(iter_unsealed(key, [sealed], org_id, export_id))
    with zipfile.ZipFile(io.BytesIO(back)) as archive:
        assert [archive.read(one.name) for one in members] == [content for content, _ in told]
    for other in ((sealed, uuid4()), (sealed[:-1], export_id)):
        with pytest.raises(PermanentError):
            list(iter_unsealed(key, [other[0]], org_id, other[1]))


def test_archives_lie_beside_recordings_where_those_have_a_store(
    desk: Desk, maria: Person, resources: Resources, tmp_path: Path, as_of: datetime
) -> None:
    """And no sweep of recordings takes them for one that nobody needs."""
    kept = tmp_path / "kept"
    settings_ = resources.settings.model_copy(update={"recordings_url": kept.as_uri()})
    with open_archives(settings_) as store:
        store.write("org/archive", [b"sealed"])
        assert (kept / "exports" / "org" / "archive").read_bytes() == b"sealed"
        assert list(store.read("org/archive")) == [b"sealed"]
        store.delete("org/archive")
        store.delete("org/archive")
        with pytest.raises(PermanentError, match="not in its store"):
            list(store.read("org/archive"))
