"""What Sentry is told of an error, over a real socket: where and of which class, never a value."""

import json
import logging
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tasks.errors import ConfigurationError, PermanentError, RefusedError, TransientError
from tasks.sentry import without_personal_data, without_values_of_spans
from tasks.settings import load_settings
from tasks.step import step
from tasks.tracing import spanned
from tasks.watching import watched
from tests.flows.elsewhere import ErrorServer, collecting_errors
from tests.flows.seeking import unpacked

# Made as the test runs: a word that stands in no file cannot come from one.
SECRET = f"Wilhelmina {secrets.token_hex(8)}"


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
    assert event["tags"] == {"step": "failing", "failure": "bug"}
    assert event.keys() & {"server_name", "user", "request", "breadcrumbs", "extra"} == set()
    assert SECRET.encode() not in _told(sentry)
    assert b"contexts" not in _told(sentry)


def test_our_own_error_keeps_its_words(sentry: ErrorServer) -> None:
    """They name operations, organizations and ids, and no values."""
    _failed(PermanentError("the gate is closed"))
    assert b"the gate is closed" in _told(sentry)
    assert SECRET.encode() not in _told(sentry)


def _events(server: ErrorServer) -> list[dict[str, Any]]:
    """The payloads of all envelopes, whatever they are of."""
    lines = [
        line for one in server.received for part in unpacked(one) for line in part.split(b"\n")
    ]
    told = [json.loads(line) for line in lines if line.startswith(b"{")]
    return list({one["event_id"]: one for one in told if "timestamp" in one}.values())


def test_a_group_of_errors_is_told_without_its_parts_words(sentry: ErrorServer) -> None:
    """Each part by its class; one of ours keeps its words, in a group as elsewhere."""
    parts = [
        ValueError(SECRET),
        RefusedError("no scope"),
        ExceptionGroup(SECRET, [OSError(SECRET)]),
    ]
    _failed(ExceptionGroup(SECRET, parts))
    (event,) = _events(sentry)
    told = {one["type"]: one["value"] for one in event["exception"]["values"]}
    assert told.keys() == {"ExceptionGroup", "ValueError", "RefusedError", "OSError"}
    assert told.pop("RefusedError") == "no scope"
    assert set(told.values()) == {""}
    assert SECRET.encode() not in _told(sentry)


@step
def _reading(slug: str, stream_name: str, word: str) -> None:
    logging.getLogger("vensor").error("the row of %s", word)
    if stream_name == "tickets":
        raise KeyError(word)


def _run(stream: str) -> None:
    with watched("organization", "acme"), spanned("stage", "extract") as span:
        span.counts |= {"rows_in": 7}
        span.counts["words"] = SECRET  # type: ignore[assignment]  # as nobody should
        _reading.fn("acme", stream, SECRET)


def test_a_run_is_told_as_a_trace(sentry: ErrorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Organization, stages and steps, how long each took, counts; nothing else."""
    monkeypatch.setenv("SENTRY_ENVIRONMENT", "staging")
    _run("calls")
    (event,) = _events(sentry)
    assert event["transaction"] == "organization"
    assert event["environment"] == "staging"
    assert event["release"].startswith("vensor@")
    assert event["tags"] == {"organization": "acme", "flow": "organization"}
    assert event["contexts"]["trace"]["status"] == "ok"
    stage, read = event["spans"]
    assert (stage["op"], stage["description"]) == ("stage", "extract")
    assert stage["data"] == {"rows_in": 7}
    assert (read["op"], read["description"]) == ("step", "_reading")
    assert read["parent_span_id"] == stage["span_id"]
    assert event["start_timestamp"] <= read["start_timestamp"] <= read["timestamp"]
    assert event.keys() & {"server_name", "user", "request", "breadcrumbs", "extra", "modules"} == (
        set()
    )
    assert SECRET.encode() not in _told(sentry)


def test_an_error_says_of_which_run_it_is(sentry: ErrorServer) -> None:
    """Organization, stage, kind; and the trace in which it happened says it failed."""
    with pytest.raises(PermanentError, match="unexpected KeyError"):
        _run("tickets")
    error, trace = sorted(_events(sentry), key=lambda one: "spans" in one)
    assert error["tags"] == {
        "step": "_reading",
        "organization": "acme",
        "stage": "extract",
        "flow": "organization",
        "failure": "bug",
    }
    whole = trace["contexts"]["trace"]
    assert error["contexts"]["trace"]["trace_id"] == whole["trace_id"]
    assert whole["status"] == "internal_error"
    assert trace["tags"]["failure"] == "bug"
    assert SECRET.encode() not in _told(sentry)


def test_what_was_tried_again_in_vain_is_told_at_the_end(sentry: ErrorServer) -> None:
    """A step leaves it; the flow, which ends with it, does not."""
    with pytest.raises(TransientError, match="source down"), watched("organization", "acme"):
        raise TransientError("Zendesk did not answer")
    error, _trace = sorted(_events(sentry), key=lambda one: "spans" in one)
    assert error["tags"]["failure"] == "source down"


def test_of_how_many_runs_a_trace_is_sent_is_a_setting(
    sentry: ErrorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None at 0; errors are told all the same."""
    monkeypatch.setenv("SENTRY_TRACES_SAMPLE_RATE", "0")
    _run("calls")
    assert sentry.received == []
    monkeypatch.setenv("SENTRY_TRACES_SAMPLE_RATE", "2")
    with pytest.raises(ConfigurationError, match="SENTRY_TRACES_SAMPLE_RATE"):
        load_settings()


def test_what_an_sdk_may_add_one_day_stays_here() -> None:
    """Breadcrumbs, threads, variables, requests, users, what is extra: an event is made anew."""
    frame = {"function": "f", "lineno": 1, "vars": {"name": SECRET}, "context_line": SECRET}
    added = {
        "breadcrumbs": {"values": [{"message": SECRET}]},
        "threads": {"values": [{"stacktrace": {"frames": [frame]}, "name": SECRET}]},
        "extra": {"name": SECRET},
        "user": {"email": SECRET},
        "request": {"url": SECRET, "data": SECRET},
        "server_name": SECRET,
        "message": SECRET,
        "logentry": {"message": SECRET},
        "modules": {SECRET: "1"},
        "contexts": {"trace": {"trace_id": "1", "data": {"name": SECRET}}, "runtime": SECRET},
    }
    try:
        raise ValueError(SECRET)
    except ValueError as caught:
        hint: Any = {"exc_info": (type(caught), caught, None)}
    values = [{"type": "ValueError", "value": SECRET, "stacktrace": {"frames": [frame]}}]
    error: Any = added | {"level": "error", "exception": {"values": values, "mechanism": SECRET}}
    span = {"op": "step", "description": "f", "data": {"n": 3, "word": SECRET}, "tags": SECRET}
    trace: Any = added | {"type": "transaction", "transaction": "f", "spans": [span]}
    kept = [without_personal_data(error, hint), without_values_of_spans(trace, hint)]
    assert SECRET not in json.dumps(kept)
    assert "ValueError" in json.dumps(kept)
    assert kept[1]["spans"][0]["data"] == {"n": 3}


def test_without_an_address_the_sdk_is_not_loaded() -> None:
    """Whatever fails, whatever is traced."""
    script = (
        "import sys\n"
        "from tasks.sentry import report_error\n"
        "from tasks.watching import watched\n"
        "with watched('organization', 'acme'): report_error(KeyError('x'), step='terminal')\n"
        "sys.exit('sentry_sdk' in sys.modules)"
    )
    without = {name: value for name, value in os.environ.items() if name != "SENTRY_DSN"}
    assert subprocess.run([sys.executable, "-c", script], env=without, check=False).returncode == 0


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
