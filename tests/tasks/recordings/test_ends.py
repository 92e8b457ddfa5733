"""Where recordings end: in their store, in the warehouse, and in Zendesk where that is wanted."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import stamina
from sqlalchemy import text

from cli.organizations import Upstream, add
from tasks.errors import ConfigurationError, TransientError
from tasks.extract import forget_deleted
from tasks.purge import purge_organization
from tasks.recording_ends import sweep_objects
from tasks.recordings import fetch_recordings
from tasks.resources import Resources
from tasks.storage import Stores
from tests.conftest import published
from tests.tasks.zendesk.scripted.server import Said, Script
from warehouse.upstream import is_deleting

OLD, YOUNG = 40, 3


@pytest.fixture(autouse=True)
def _impatient() -> Iterator[None]:
    stamina.set_testing(True, attempts=10, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
def kept(
    store: str, desk: Resources, script: Script, pending: Callable[..., int], as_of: datetime
) -> Resources:
    """Two recordings stored, one of them past its clock."""
    return _keep(desk, script, pending, as_of)


def _keep(
    desk: Resources, script: Script, pending: Callable[..., int], as_of: datetime
) -> Resources:
    for call_id, days in ((1, OLD), (2, YOUNG)):
        pending(call_id, at=as_of - timedelta(days=days))
    script.answers = [Said(b"RIFF one"), Said(b"RIFF two")]
    fetch_recordings.fn(desk.organization.slug)
    script.asked.clear()
    return desk


def _delete_upstream(desk: Resources) -> None:
    with desk.session() as connection:
        connection.execute(text("update app.organizations set upstream_recordings = 'delete'"))


def _calls(desk: Resources) -> list[int]:
    with desk.session() as connection:
        query = "select call_id from zendesk.recordings order by 1"
        return list(connection.execute(text(query)).scalars())


def _names(desk: Resources, stores: Stores) -> list[str]:
    with desk.session() as connection:
        names = stores.for_new(connection).names()
    return sorted(name.rsplit("/", 1)[-1].split("-")[0] for name in names)


def _purge(desk: Resources, as_of: datetime) -> str:
    return purge_organization.fn(desk.organization.slug, as_of, False)


def test_a_recording_past_its_clock_is_gone_from_its_store(
    kept: Resources, stores: Stores, script: Script, as_of: datetime
) -> None:
    """Where no ticket may go yet, and where they go; the younger one stays. Zendesk keeps both."""
    assert _names(kept, stores) == ["1", "2"]
    _purge(kept, as_of)
    assert _names(kept, stores) == ["2"]
    assert _calls(kept) == [1, 2], "not measured yet: the skeleton stays"
    published(kept.logins, kept.organization, as_of)
    _purge(kept, as_of)
    assert _calls(kept) == [2]
    assert _names(kept, stores) == ["2"]
    assert script.asked == []


def test_a_ticket_deleted_in_its_source_takes_its_object_along(
    kept: Resources, stores: Stores, as_of: datetime
) -> None:
    """By the one call that deletion makes after its transaction."""
    if stores.objects is None:
        return
    with kept.session() as connection:
        connection.execute(text("update zendesk.tickets set status = 'deleted' where id = 2"))
    assert sweep_objects(kept) == 1
    assert _names(kept, stores) == ["1"]
    with kept.session() as connection:
        query = text("select location from zendesk.recordings where call_id = 2")
        assert connection.execute(query).scalar_one() is None
    assert sweep_objects(kept) == 0


def test_a_deleted_tickets_audio_is_gone_when_its_words_are(
    kept: Resources, stores: Stores
) -> None:
    """In every store at the end of extraction: a gate that fails then would stop a later sweep."""
    with kept.session() as connection:
        connection.execute(text("update zendesk.tickets set status = 'deleted' where id = 2"))
    forget_deleted.fn(kept.organization.slug)
    assert _names(kept, stores) == ["1"]


def test_a_store_that_no_setting_names_any_more_is_no_quiet_loss(
    folder: Path,
    desk: Resources,
    script: Script,
    pending: Callable[..., int],
    as_of: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its objects' time would end and they would not. What lies in the warehouse goes first."""
    _keep(desk, script, pending, as_of)
    monkeypatch.delenv("VENSOR_RECORDINGS_URL")
    with pytest.raises(ConfigurationError, match="VENSOR_RECORDINGS_URL"):
        _purge(desk, as_of)
    with desk.session() as connection:
        left = connection.execute(text("select count(*) from zendesk.comment_contents"))
        assert left.scalar_one() == 1
    assert _calls(desk) == [1, 2]


def test_what_ends_here_is_deleted_in_zendesk_where_that_is_wanted(
    kept: Resources, script: Script, as_of: datetime
) -> None:
    """By call and kind, noted before its row goes, and in the audit trail; the younger stays."""
    _delete_upstream(kept)
    dry = purge_organization.fn(kept.organization.slug, as_of, True)
    assert "1 recordings deleted in Zendesk" in dry
    assert script.asked == []
    script.answers = [Said(status=204)]
    assert "1 recordings deleted in Zendesk" in _purge(kept, as_of)
    asked = [(one.method, one.path) for one in script.asked]
    assert asked == [("DELETE", "/api/v2/channels/voice/calls/1/recordings/call")]
    with kept.session() as connection:
        noted = connection.execute(
            text(
                "select call_id from zendesk.recordings where deleted_upstream_at is not null"
                " and state = 'gone'"
            )
        )
        assert list(noted.scalars()) == [1]
        told = "select details from audit.events where action = 'delete.upstream'"
        assert connection.execute(text(told)).scalar_one() == {"deleted": 1, "left": 0}
    published(kept.logins, kept.organization, as_of)
    _purge(kept, as_of)
    assert len(script.asked) == 1, "once"
    assert _calls(kept) == [2]


def test_what_becomes_of_recordings_in_zendesk_is_a_setting_of_the_organization(
    desk: Resources,
) -> None:
    """They are kept until somebody says otherwise."""

    def told() -> bool:
        with desk.session() as connection:
            return is_deleting(connection)

    assert not told()
    slug = desk.organization.slug
    add(slug, name="A", timezone="UTC", retention_days=30, upstream_recordings=Upstream.DELETE)
    assert told()
    add(slug, name="A", timezone="UTC", retention_days=30, upstream_recordings=Upstream.KEEP)
    assert not told()


def test_one_that_zendesk_deleted_before_is_done(
    kept: Resources, script: Script, as_of: datetime
) -> None:
    _delete_upstream(kept)
    script.answers = [Said({"error": "RecordNotFound"}, 404)]
    assert "1 recordings deleted in Zendesk" in _purge(kept, as_of)


def test_a_missing_scope_is_said_and_stops_no_purge(
    kept: Resources, stores: Stores, script: Script, as_of: datetime
) -> None:
    """What is here goes at its time whatever Zendesk allows."""
    _delete_upstream(kept)
    published(kept.logins, kept.organization, as_of)
    script.answers = [Said({"description": "Wilhelmina"}, 403)]
    receipt = _purge(kept, as_of)
    assert "1 recordings left in Zendesk" in receipt
    assert "needs the scope write" in receipt
    assert "Wilhelmina" not in receipt
    assert _calls(kept) == [2]
    assert _names(kept, stores) == ["2"]


def test_what_fails_for_now_keeps_its_row_until_the_next_purge(
    kept: Resources, stores: Stores, script: Script, as_of: datetime
) -> None:
    """Its ticket, words and audio go; ids alone wait, to be deleted in Zendesk yet."""
    _delete_upstream(kept)
    published(kept.logins, kept.organization, as_of)
    script.answers = [Said(status=503)] * 3
    receipt = _purge(kept, as_of)
    assert "the next purge tries again" in receipt
    assert (_calls(kept), _names(kept, stores)) == ([1, 2], ["2"])
    with kept.session() as connection:
        ids = connection.execute(text("select id from zendesk.tickets order by 1"))
        assert list(ids.scalars()) == [2]
    script.answers = [Said(status=204)]
    assert "1 recordings deleted in Zendesk" in _purge(kept, as_of)
    assert _calls(kept) == [2]


def test_one_that_zendesk_refuses_holds_back_no_other(
    desk: Resources, script: Script, pending: Callable[..., int], as_of: datetime
) -> None:
    for call_id in (1, 2):
        pending(call_id, at=as_of - timedelta(days=OLD))
    _delete_upstream(desk)
    script.answers = [Said(status=422), Said(status=204)]
    receipt = _purge(desk, as_of)
    assert "1 recordings deleted in Zendesk, 1 recordings left in Zendesk" in receipt
    assert "422" in receipt


def test_a_store_that_is_away_holds_back_no_row(
    s3: str,
    desk: Resources,
    script: Script,
    pending: Callable[..., int],
    as_of: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The warehouse is purged, then the step fails, to be tried again; then the object goes."""
    _keep(desk, script, pending, as_of)
    published(desk.logins, desk.organization, as_of)
    with monkeypatch.context() as away:
        retries = {"connect_timeout": 1, "retries": {"max_attempts": 0}}
        options = {"endpoint_url": "http://127.0.0.1:9", "key": "k", "secret": "s"}
        told = json.dumps(options | {"config_kwargs": retries})
        away.setenv("VENSOR_RECORDINGS_OPTIONS", told)
        with pytest.raises(TransientError, match="the store failed"):
            _purge(desk, as_of)
    assert _calls(desk) == [2]
    assert "1 recordings in their store" in _purge(desk, as_of)
