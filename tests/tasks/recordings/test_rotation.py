"""Recordings move to new keys wherever they are kept."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from tasks.audio import read_recording
from tasks.encryption import sealing, streams
from tasks.errors import PermanentError
from tasks.recordings import fetch_recordings
from tasks.resources import Resources, opened
from tasks.rotate import rotate_data_keys
from tasks.storage import open_stores
from tests.tasks.zendesk.scripted.server import Said, Script
from warehouse.ledger import exclusive
from warehouse.recordings import stored_recordings
from warehouse.sessions import tenant_session

RECORDINGS = "zendesk.recordings"


def _audio(slug: str) -> dict[tuple[int, str], tuple[int, bytes]]:
    """By recording, the id of its key and what it holds, for a process that starts now."""
    with (
        opened(slug) as fresh,
        open_stores(fresh.settings, fresh.organization.org_id) as stores,
        fresh.session() as connection,
    ):
        found = {}
        for one in stored_recordings(connection):
            start = stores.holding(connection, one.ref).start(one.ref, sealing.HEADER.size)
            key_id, _ = streams.read_header(iter([start]))
            audio = read_recording(fresh, stores, connection, one)
            found[one.call_id, one.kind] = (key_id, audio)
        return found


def _states(desk: Resources) -> dict[str, str]:
    with desk.session() as connection:
        rows = connection.execute(text("select kind, state from zendesk.recordings"))
        return {row.kind: row.state for row in rows}


@pytest.fixture
def kept(
    store: str, desk: Resources, script: Script, pending: Callable[..., int], as_of: datetime
) -> Resources:
    """A call and a voicemail of different weeks, stored."""
    pending(7)
    pending(7, "voicemail", at=as_of - timedelta(days=9))
    script.answers = [Said(b"RIFF of the voicemail"), Said(b"RIFF of the call" * 40_000)]
    assert fetch_recordings.fn(desk.organization.slug).note == ""
    return desk


def test_recordings_are_sealed_anew_where_they_lie(kept: Resources) -> None:
    """The same audio under other keys, its state untouched, no copy under the old ones left."""
    slug = kept.organization.slug
    before = _audio(slug)
    done = rotate_data_keys(slug, at_once=True)
    assert (done.moved[RECORDINGS], done.left, done.note) == (2, 0, "")
    after = _audio(slug)
    assert {one: audio for one, (_, audio) in after.items()} == {
        one: audio for one, (_, audio) in before.items()
    }
    assert not {key for key, _ in after.values()} & {key for key, _ in before.values()}
    assert _states(kept) == {"call": "stored", "voicemail": "stored"}
    with (
        open_stores(kept.settings, kept.organization.org_id) as stores,
        kept.session() as connection,
    ):
        assert len(stores.for_new(connection).names()) == 2


def test_recordings_wait_for_a_run_and_their_keys_with_them(kept: Resources) -> None:
    """A run sweeps what no row names: nothing is put beside it meanwhile. Later it is finished."""
    slug = kept.organization.slug
    with exclusive(kept.engine, kept.organization):
        done = rotate_data_keys(slug, at_once=True)
        assert "wait for the end of the run" in str(done)
        assert done.left == 2
        assert len(_audio(slug)) == 2
    done = rotate_data_keys(slug, at_once=True)
    assert (done.retired, done.moved[RECORDINGS], done.left, done.kept) == (0, 2, 0, 0)
    assert len(_audio(slug)) == 2


def test_a_damaged_recording_stays_under_its_key(kept: Resources, store: str) -> None:
    """Its audio isn't sealed anew as if it were sound; the other one's is."""
    if store != "warehouse":
        pytest.skip("one store is enough: what is read is the same")
    org_id = kept.organization.org_id
    with tenant_session(kept.engine, org_id) as connection:
        connection.execute(
            text(
                "update zendesk.recording_chunks"
                " set sealed = set_byte(sealed, 200, get_byte(sealed, 200) # 1)"
                " where kind = 'call' and chunk_no = 0"
            )
        )
    done = rotate_data_keys(kept.organization.slug, at_once=True)
    assert dict(done.damaged) == {RECORDINGS: 1}
    assert done.left == 1
    with pytest.raises(PermanentError, match="does not open"):
        _audio(kept.organization.slug)
