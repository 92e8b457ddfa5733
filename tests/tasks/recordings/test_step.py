"""Fetching as a step: each recording whole, sealed and once, wherever it is kept."""

import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
import stamina
from sqlalchemy import Row, text

from tasks.audio import DamagedError, read_recording
from tasks.connections import StoredCredentials
from tasks.errors import PermanentError
from tasks.recordings import Fetching, fetch_recordings
from tasks.resources import Resources
from tasks.storage import Stores, open_stores
from tasks.transcribe import transcribe_recordings
from tasks.zendesk import ZendeskClient
from tasks.zendesk.hosts import MediaHosts
from tests.tasks.zendesk.scripted.server import Said, Script
from warehouse.recordings import pending_recordings

CLIP = Path(__file__).parents[1] / "speech/clips/outage.ogg"


@pytest.fixture
def impatient() -> Iterator[None]:
    """As many tries as ever, without the waits between them."""
    stamina.set_testing(True, attempts=10, cap=True)
    yield
    stamina.set_testing(False)


def _rows(desk: Resources) -> "list[Row[tuple[object, ...]]]":
    with desk.session() as connection:
        query = "select * from zendesk.recordings order by call_id, kind"
        return list(connection.execute(text(query)))


def _audio(desk: Resources, call_id: int, kind: str = "call") -> bytes:
    with (
        open_stores(desk.settings, desk.organization.org_id) as stores,
        desk.session() as connection,
    ):
        (found,) = (
            one
            for one in pending_recordings(connection, "stored")
            if (one.call_id, one.kind) == (call_id, kind)
        )
        return read_recording(desk, stores, connection, found)


def _fetch(desk: Resources) -> str:
    return fetch_recordings.fn(desk.organization.slug).note


def test_both_recordings_of_a_call_are_kept_apart(
    store: str, desk: Resources, script: Script, pending: Callable[..., int], tmp_path: Path
) -> None:
    """The call and its voicemail: each from its own comment's address, each with its own bytes."""
    pending(7)
    pending(7, "voicemail")
    script.answers = [Said(b"RIFF of the call" * 40_000), Said(b"RIFF of the voicemail")]
    assert _fetch(desk) == ""
    assert [one.path for one in script.asked] == ["/7/call", "/7/voicemail"]
    assert _audio(desk, 7) == b"RIFF of the call" * 40_000
    assert _audio(desk, 7, "voicemail") == b"RIFF of the voicemail"
    call, voicemail = _rows(desk)
    assert (call.kind, call.state, call.size_bytes) == ("call", "stored", 640_000)
    assert (voicemail.kind, voicemail.size_bytes) == ("voicemail", 21)
    assert call.digest != voicemail.digest
    assert (call.location is None) == (store == "warehouse")
    assert call.chunks == (3 if store == "warehouse" else 1)
    assert _fetch(desk) == ""
    assert len(script.asked) == 2, "what is here is not asked for again"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and _is_plain(path)]


def _is_plain(path: Path) -> bool:
    return b"RIFF" in path.read_bytes()


def test_a_body_that_is_short_is_fetched_again(
    desk: Resources, script: Script, pending: Callable[..., int], impatient: None
) -> None:
    """Half a recording is none."""
    pending(7)
    half = Said(b"RIFF", headers={"content-length": "8"}, hangs_up=True)
    script.answers = [half, half, Said(b"RIFFRIFF")]
    assert _fetch(desk) == ""
    assert _audio(desk, 7) == b"RIFFRIFF"


def test_one_that_does_not_come_holds_back_neither_the_day_nor_the_others(
    desk: Resources, script: Script, pending: Callable[..., int], impatient: None, as_of: datetime
) -> None:
    """Five in a row and the rest waits; the next run begins with those that have not failed."""
    for call_id in range(1, 7):
        pending(call_id, at=as_of - timedelta(hours=10 - call_id))
    script.answers = [Said(status=500)] * 15
    assert _fetch(desk) == "6 recordings did not come yet;"
    assert {row.state for row in _rows(desk)} == {"pending"}
    script.answers = [Said(b"RIFF")] * 6
    script.asked.clear()
    assert _fetch(desk) == ""
    assert [one.path for one in script.asked][:2] == ["/6/call", "/1/call"]
    assert {(row.state, row.reason) for row in _rows(desk)} == {("stored", None)}


def test_what_is_gone_or_refused_is_noted_and_not_asked_again(
    desk: Resources, script: Script, pending: Callable[..., int]
) -> None:
    """With its reason; the ones after it are fetched."""
    for call_id in (1, 2, 3):
        pending(call_id)
    script.answers = [Said(status=410), Said(status=403), Said(b"RIFF")]
    _fetch(desk)
    told = [(row.state, row.reason) for row in _rows(desk)]
    assert told == [
        ("gone", "the recording is not there any more"),
        ("refused", "a recording was refused with 403"),
        ("stored", None),
    ]
    _fetch(desk)
    assert len(script.asked) == 3


@pytest.mark.parametrize("spoil", ["digest = '\\x00'", "size_bytes = 5"])
def test_size_and_digest_are_checked_whenever_it_is_read(
    desk: Resources, script: Script, pending: Callable[..., int], spoil: str
) -> None:
    """One that is not what was fetched is not heard: it is fetched anew."""
    pending(7)
    script.answers = [Said(CLIP.read_bytes())] * 2
    _fetch(desk)
    with desk.session() as connection:
        connection.execute(text(f"update zendesk.recordings set {spoil}"))
    with pytest.raises(DamagedError, match="call 7"):
        _audio(desk, 7)
    assert transcribe_recordings.fn(desk.organization.slug).rows_out == 0
    (row,) = _rows(desk)
    assert (row.state, row.reason) == ("pending", "DamagedError")
    _fetch(desk)
    assert _audio(desk, 7) == CLIP.read_bytes()


def test_recordings_that_change_places_in_their_store_do_not_open(
    store: str, desk: Resources, script: Script, pending: Callable[..., int]
) -> None:
    """Nor does one without its last chunk."""
    for call_id in (1, 2):
        pending(call_id)
    script.answers = [Said(b"one" * 100_000), Said(b"two" * 100_000)]
    _fetch(desk)
    with desk.session() as connection:
        if store == "warehouse":
            for step in ("call_id = call_id + 10", "call_id = 13 - call_id"):
                connection.execute(text(f"update zendesk.recording_chunks set {step}"))
        else:
            connection.execute(
                text(
                    "update zendesk.recordings as r set location = o.location"
                    " from zendesk.recordings as o where o.call_id = 3 - r.call_id"
                )
            )
    for call_id in (1, 2):
        with pytest.raises(PermanentError, match="does not open"):
            _audio(desk, call_id)


def test_a_recording_without_its_last_chunk_does_not_open(
    desk: Resources, script: Script, pending: Callable[..., int]
) -> None:
    pending(1)
    script.answers = [Said(b"one" * 200_000)]
    _fetch(desk)
    last = "delete from zendesk.recording_chunks where chunk_no = 2"
    with desk.session() as connection:
        assert connection.execute(text(last)).rowcount == 1
    with pytest.raises(PermanentError, match="cut off"):
        _audio(desk, 1)


def test_one_that_its_store_lost_is_fetched_anew(
    folder: Path, desk: Resources, script: Script, pending: Callable[..., int]
) -> None:
    pending(7)
    script.answers = [Said(CLIP.read_bytes())] * 2
    _fetch(desk)
    (row,) = _rows(desk)
    (folder / row.location).unlink()
    assert transcribe_recordings.fn(desk.organization.slug).rows_out == 0
    assert [(one.state, one.reason) for one in _rows(desk)] == [("pending", "MissingError")]
    _fetch(desk)
    assert _audio(desk, 7) == CLIP.read_bytes()


def test_a_stored_recording_is_heard(
    store: str, desk: Resources, script: Script, pending: Callable[..., int]
) -> None:
    """From its store, opened in memory; its words are sealed beside the comment's."""
    pending(7)
    script.answers = [Said(CLIP.read_bytes())]
    _fetch(desk)
    result = transcribe_recordings.fn(desk.organization.slug)
    assert (result.rows_in, result.rows_out) == (1, 1)
    assert [row.state for row in _rows(desk)] == ["transcribed"]
    with desk.session() as connection:
        segments = connection.execute(text("select segments from ai.transcripts")).scalar_one()
    assert segments > 0
    assert transcribe_recordings.fn(desk.organization.slug).rows_in == 0


def test_memory_does_not_grow_with_a_recording(
    store: str, desk: Resources, script: Script, pending: Callable[..., int], stores: Stores
) -> None:
    """96 MiB pass through a few blocks of 8."""
    pending(7)
    size = 96 * 2**20
    script.answers = [Said(bytes(2**20), headers={"content-length": str(size)}, repeated=96)]
    hosts = MediaHosts(httpx.URL(script.url), ())
    with (
        desk.session() as connection,
        ZendeskClient.opened(script.url, StoredCredentials(desk)) as client,
    ):
        (recording,) = pending_recordings(connection, "pending")
        tracemalloc.start()
        assert Fetching(desk, client, hosts, stores).fetch(recording)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    (row,) = _rows(desk)
    assert (row.state, row.size_bytes) == ("stored", size)
    assert peak < 48 * 2**20 if store == "s3" else peak < 16 * 2**20


@pytest.mark.parametrize("kept", ["warehouse", "file"])
def test_a_run_killed_within_a_recording_leaves_nothing_half(
    request: pytest.FixtureRequest,
    kept: str,
    tmp_path: Path,
) -> None:
    """SIGKILL while bytes come: no state, no chunk; what lies in the folder goes with the next."""
    if kept == "file":
        request.getfixturevalue("folder")
    desk: Resources = request.getfixturevalue("desk")
    script: Script = request.getfixturevalue("script")
    request.getfixturevalue("pending")(7)
    script.answers = [Said(bytes(2**20), headers={"content-length": str(2**27)}, repeated=20)]
    script.answers[0].stays_seconds = 20.0
    command = (
        f"from tasks.recordings import fetch_recordings as f; f.fn({desk.organization.slug!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", command])
    kept_files = tmp_path / "kept"
    for _ in range(600):
        begun = kept == "warehouse" or any(kept_files.rglob("*.partial"))
        if script.asked and begun:
            break
        time.sleep(0.05)
    time.sleep(0.5)
    assert process.poll() is None, "the kill must fall within the recording"
    process.kill()
    process.wait()
    assert [(row.state, row.chunks, row.location) for row in _rows(desk)] == [
        ("pending", None, None)
    ]
    with desk.session() as connection:
        chunks = connection.execute(text("select count(*) from zendesk.recording_chunks"))
        assert chunks.scalar_one() == 0
    assert len(list(kept_files.rglob("7-call-*.partial"))) == (kept == "file")
    script.answers = [Said(b"RIFF")]
    _fetch(desk)
    assert _audio(desk, 7) == b"RIFF"
    assert not list(kept_files.rglob("*.partial"))
