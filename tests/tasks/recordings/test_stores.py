"""The stores of recordings: one behaviour, in the warehouse, in a folder and in S3."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.errors import ConfigurationError, TransientError
from tasks.resources import Resources
from tasks.settings import load_settings
from tasks.storage import MissingError, Placed, Stores, open_stores
from tasks.storage.objects import BLOCK_BYTES
from warehouse.recordings import PendingRecording, Ref, pending_recordings

SEALED = [b"a" * 300_000, b"b" * 5, b"c" * 300_000]


@pytest.fixture
def recording(
    store: str, desk: Resources, pending: Callable[..., int], stores: Stores
) -> PendingRecording:
    pending(7)
    with desk.session() as connection:
        return pending_recordings(connection, "pending")[0]


def _put(
    desk: Resources, stores: Stores, recording: PendingRecording, sealed: Iterable[bytes] = SEALED
) -> Placed:
    with desk.session() as connection:
        return stores.for_new(connection).put(recording, sealed)


def _read(desk: Resources, stores: Stores, ref: Ref) -> bytes:
    with desk.session() as connection:
        return b"".join(stores.holding(connection, ref).read(ref))


def _names(desk: Resources, stores: Stores) -> set[str]:
    with desk.session() as connection:
        return stores.for_new(connection).names()


def test_what_is_put_is_read_and_deleted(
    desk: Resources, stores: Stores, recording: PendingRecording
) -> None:
    """Byte for byte; its name holds ids and nothing else; deleting twice is no error."""
    placed = _put(desk, stores, recording)
    ref = Ref(7, "call", placed.location)
    assert _read(desk, stores, ref) == b"".join(SEALED)
    (name,) = _names(desk, stores)
    assert name.rsplit("/", 1)[-1].startswith("7-call")
    assert placed.location in (None, name)
    if placed.location is not None:
        assert placed.location.startswith(f"{desk.organization.org_id}/")
    for _ in range(2):
        with desk.session() as connection:
            stores.holding(connection, ref).delete([ref])
    assert _names(desk, stores) == set()
    with pytest.raises(MissingError, match="call 7"):
        _read(desk, stores, ref)


def test_a_stream_that_breaks_off_leaves_nothing(
    desk: Resources, stores: Stores, recording: PendingRecording
) -> None:
    """Not even what was written of it before; a copy that was there stays readable."""
    first = _put(desk, stores, recording)

    def broken() -> Iterator[bytes]:
        yield b"x" * (BLOCK_BYTES + 1)  # more than one part of S3's
        raise TransientError("the carrier hung up")

    with pytest.raises(TransientError, match="hung up"):
        _put(desk, stores, replace(recording, location=first.location), broken())
    assert _read(desk, stores, Ref(7, "call", first.location)) == b"".join(SEALED)
    assert len(_names(desk, stores)) == 1


def test_a_second_copy_takes_the_place_of_the_first(
    desk: Resources, stores: Stores, recording: PendingRecording
) -> None:
    """For a store of objects once the row names it: then the first is swept."""
    _put(desk, stores, recording)
    placed = _put(desk, stores, recording, [b"again"])
    assert _read(desk, stores, Ref(7, "call", placed.location)) == b"again"
    if stores.objects is not None and placed.location is not None:
        assert stores.objects.sweep({placed.location}) == 1
    assert len(_names(desk, stores)) == 1


def test_what_a_killed_process_left_is_swept(
    s3: str, desk: Resources, stores: Stores, pending: Callable[..., int]
) -> None:
    """An upload in parts that never ended is in no list of names, and would be kept for ever."""
    objects = stores.objects
    assert objects is not None
    path = objects._path(f"{desk.organization.org_id}/7-call-0.partial")
    other = objects._path("another-organization/7-call-0.partial")
    for place in (path, other):
        file = objects._files.open(place, "wb", block_size=BLOCK_BYTES)
        file.write(bytes(BLOCK_BYTES + 1))
        file.flush()
        file.closed = True  # as if the process had ended here
    bucket = path.partition("/")[0]
    assert len(objects._files.list_multipart_uploads(bucket)) == 2
    assert objects.names() == set()
    assert objects.sweep(set()) == 1
    (left,) = objects._files.list_multipart_uploads(bucket)
    assert left["Key"].endswith("another-organization/7-call-0.partial")


def test_a_folder_holds_the_bytes_and_another_organization_s_are_not_touched(
    folder: Path, desk: Resources, stores: Stores, pending: Callable[..., int]
) -> None:
    """Names are `organization/call-kind-random`."""
    pending(7)
    stranger = folder / "another-organization" / "1-call-x"
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"theirs")
    with desk.session() as connection:
        recording = pending_recordings(connection, "pending")[0]
    placed = _put(desk, stores, recording)
    assert placed.location is not None
    assert (folder / placed.location).read_bytes() == b"".join(SEALED)
    assert stores.objects is not None
    assert stores.objects.sweep(set()) == 1
    assert stranger.read_bytes() == b"theirs"


def test_recordings_from_before_a_store_was_named_stay_readable(
    desk: Resources, pending: Callable[..., int], folder: Path
) -> None:
    """And the other way round it is said which setting is missing."""
    pending(7)
    org_id = desk.organization.org_id
    with desk.session() as connection:
        recording = pending_recordings(connection, "pending")[0]
    before = Stores(org_id, None)
    _put(desk, before, recording)
    with open_stores(load_settings(), org_id) as stores:
        assert stores.objects is not None
        assert _read(desk, stores, recording.ref) == b"".join(SEALED)
        placed = _put(desk, stores, recording)
    with pytest.raises(ConfigurationError, match="VENSOR_RECORDINGS_URL"):
        _read(desk, before, Ref(7, "call", placed.location))


def test_a_store_that_is_away_may_come_back(
    desk: Resources, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message holds no key and no address."""
    away = {"endpoint_url": "http://127.0.0.1:9", "key": "k3y", "secret": "s3cret"}
    options = {**away, "config_kwargs": {"connect_timeout": 1, "retries": {"max_attempts": 0}}}
    monkeypatch.setenv("VENSOR_RECORDINGS_OPTIONS", json.dumps(options))
    with open_stores(load_settings(), desk.organization.org_id) as stores:
        assert stores.objects is not None
        with pytest.raises(TransientError) as caught:
            stores.objects.names()
    for word in ("k3y", "s3cret", "127.0.0.1", "vensor-"):
        assert word not in repr(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("URL", "http://example.org/recordings"),
        ("URL", "s3://"),
        ("URL", "s3://key:word@bucket/a"),
        ("URL", "/var/recordings"),
        ("OPTIONS", "no JSON: Wilhelmina"),
        ("OPTIONS", '["Wilhelmina"]'),
        ("OPTIONS", '{"endpoint_url": "http://s3.example.org", "secret": "Wilhelmina"}'),
    ],
)
def test_a_setting_that_cannot_be_names_itself_and_not_its_value(
    settings_environment: None, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Keys over plain http to a host elsewhere included."""
    monkeypatch.setenv(f"VENSOR_RECORDINGS_{name}", value)
    with pytest.raises(ConfigurationError, match=f"VENSOR_RECORDINGS_{name}") as caught:
        load_settings()
    assert "Wilhelmina" not in repr(caught.value)
    assert "word" not in repr(caught.value)


def test_secrets_show_as_stars(
    settings_environment: None, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings()
    assert "secret-of-the-tests" not in repr(settings)
    assert settings.store_options()["secret"] == "secret-of-the-tests"


def test_the_hosts_of_recordings_can_be_set(
    settings_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comma-separated list takes the place of the usual ones."""
    assert "twilio.com" in load_settings().media_hosts()
    monkeypatch.setenv("VENSOR_RECORDING_HOSTS", " Zendesk.com, .media.example ,")
    assert load_settings().media_hosts() == ("zendesk.com", "media.example")
