"""What Sentry is told of an error, over a real socket: where and of which class, never a value."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from tasks.errors import ConfigurationError, PermanentError, TransientError
from tasks.settings import load_settings
from tasks.step import step
from tests.flows.elsewhere import ErrorServer, collecting_errors
from tests.flows.seeking import unpacked

SECRET = "Wilhelmina Featherstonehaugh"


@pytest.fixture
def sentry(monkeypatch: pytest.MonkeyPatch) -> Iterator[ErrorServer]:
    """A server that SENTRY_DSN leads to."""
    with collecting_errors() as server:
        monkeypatch.setenv("SENTRY_DSN", server.dsn)
        yield server


def _failed(error: Exception) -> None:
    @step
    def failing(name: str) -> None:
        try:
            raise ValueError(f"the row of {name}")
        except ValueError as cause:
            raise error from cause

    with pytest.raises((PermanentError, TransientError, ConfigurationError)):
        failing.fn(SECRET)


def _told(server: ErrorServer) -> bytes:
    return b"\n".join(part for one in server.received for part in unpacked(one))


def test_an_unexpected_error_is_told_without_its_words(sentry: ErrorServer) -> None:
    """Nor those of its causes, nor variables; but with classes, the step, and places."""
    _failed(KeyError(SECRET))
    event = json.loads(_told(sentry).splitlines()[-1])
    assert [one["type"] for one in event["exception"]["values"]] == ["ValueError", "KeyError"]
    assert {one["value"] for one in event["exception"]["values"]} == {""}
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "failing"
    assert {name for one in frames for name in one} <= {
        "filename",
        "module",
        "function",
        "lineno",
        "in_app",
    }
    assert event["tags"] == {"step": "failing"}
    assert event.keys() & {"server_name", "user", "request", "breadcrumbs", "extra"} == set()
    assert SECRET.encode() not in _told(sentry)
    assert b"contexts" not in _told(sentry)


def test_our_own_error_keeps_its_words(sentry: ErrorServer) -> None:
    """They name operations, organizations and ids, and no values."""
    _failed(PermanentError("the gate is closed"))
    assert b"the gate is closed" in _told(sentry)
    assert SECRET.encode() not in _told(sentry)


def test_an_error_of_the_warehouse_is_told_without_the_row(
    sentry: ErrorServer, engine: Engine
) -> None:
    """The driver's message quotes the value."""

    @step
    def inserting() -> None:
        with engine.begin() as connection:
            connection.execute(text("select cast(:name as integer)"), {"name": SECRET})

    with pytest.raises(PermanentError, match="unexpected"):
        inserting.fn()
    assert b"DataError" in _told(sentry)
    assert SECRET.encode() not in _told(sentry)


def test_what_may_pass_or_is_wrongly_set_is_not_told(sentry: ErrorServer) -> None:
    """The one is tried again, the other is for whoever makes the settings."""
    _failed(TransientError("busy"))
    _failed(ConfigurationError("set this"))
    assert sentry.received == []


def test_an_address_that_is_none_or_not_private_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by the name of the setting, without its value."""
    for dsn in ("http://key@sentry.example/1", "https://sentry.example/1", "sentry"):
        monkeypatch.setenv("SENTRY_DSN", dsn)
        with pytest.raises(ConfigurationError, match="SENTRY_DSN") as caught:
            load_settings()
        assert dsn not in str(caught.value)


def test_a_server_that_is_away_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step's own error comes out as ever."""
    with collecting_errors() as gone:
        monkeypatch.setenv("SENTRY_DSN", gone.dsn)
    _failed(PermanentError("the gate is closed"))
