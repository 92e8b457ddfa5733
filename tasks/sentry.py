"""Errors and traces to Sentry, where SENTRY_DSN says: which step, of which kind, how long.

Nothing that the SDK adds by itself goes along, and an event is made anew from what may leave: no
message but of vensor's own errors, which hold no values, no variables, no breadcrumbs, no host. Of
a trace: names of stages and steps, instants, counts. Without a DSN the SDK is not even loaded.
"""

from __future__ import annotations

import random
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tasks.errors import ConfigurationError, VensorError
from tasks.failures import classify
from tasks.settings import Settings, load_settings
from tasks.tracing import Span, Trace, current_span, current_stage, current_trace

if TYPE_CHECKING:
    from sentry_sdk import Client
    from sentry_sdk.types import Event, Hint

FLUSH_SECONDS = 3.0
OF_AN_EVENT = ("event_id", "timestamp", "platform", "release", "environment", "tags")
OF_A_FRAME = ("filename", "module", "function", "lineno", "in_app")
OF_A_TRACE = ("trace_id", "span_id", "op", "status")
OF_A_SPAN = (*OF_A_TRACE, "parent_span_id", "description", "start_timestamp", "timestamp")


def report_error(error: BaseException, *, step: str, slug: str | None = None) -> None:
    """Sends an error, and waits for that for three seconds at most; without a DSN, does nothing.

    What is wrong with the settings is for whoever makes them, and is not sent.
    """
    if isinstance(error, ConfigurationError):
        return
    client = _client_of(load_settings())
    if client is None:
        return
    from sentry_sdk.utils import event_from_exception

    event, hint = event_from_exception(error, client_options=client.options)
    trace, span = current_trace(), current_span()
    event["tags"] = _tags(
        step=step,
        organization=slug or (trace.slug if trace else None),
        stage=current_stage(),
        flow=trace.flow if trace else None,
        failure=str(classify(error).kind),
    )
    if trace is not None and span is not None:
        event["contexts"] = {"trace": {"trace_id": trace.trace_id, "span_id": span.span_id}}
    client.capture_event(event, hint)
    client.flush(timeout=FLUSH_SECONDS)


def send_trace(trace: Trace) -> None:
    """Sends what a run did and for how long, or not, as SENTRY_TRACES_SAMPLE_RATE says."""
    settings = load_settings()
    client = _client_of(settings)
    if client is None or random.random() >= settings.sentry_traces_sample_rate:  # noqa: S311
        return
    whole, *parts = trace.spans
    told = _span(whole, trace)
    client.capture_event(
        {
            "type": "transaction",
            "transaction": trace.flow,
            "transaction_info": {"source": "task"},
            "start_timestamp": told["start_timestamp"],
            "timestamp": told["timestamp"],
            "contexts": {"trace": {name: told[name] for name in OF_A_TRACE}},
            "tags": _tags(organization=trace.slug, flow=trace.flow, failure=whole.failure),
            "spans": [_span(one, trace) for one in parts],
        }
    )
    client.flush(timeout=FLUSH_SECONDS)


def _span(span: Span, trace: Trace) -> dict[str, Any]:
    return {
        "trace_id": trace.trace_id,
        "span_id": span.span_id,
        "parent_span_id": span.parent_id,
        "op": span.op,
        "description": span.name,
        "status": "ok" if span.failure is None else "internal_error",
        "start_timestamp": span.began_at.timestamp(),
        "timestamp": (span.ended_at or span.began_at).timestamp(),
        "data": dict(span.counts),
    }


def _tags(**told: str | None) -> dict[str, str]:
    return {name: value for name, value in told.items() if value is not None}


def _client_of(settings: Settings) -> Client | None:
    if settings.sentry_dsn is None:
        return None
    return _client(settings.sentry_dsn.get_secret_value(), settings.sentry_environment)


@cache
def _client(dsn: str, environment: str) -> Client:
    import sentry_sdk

    return sentry_sdk.Client(
        dsn=dsn,
        environment=environment,
        release=f"vensor@{version('vensor')}",
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        trace_propagation_targets=[],
        send_client_reports=False,
        auto_session_tracking=False,
        before_send=without_personal_data,
        before_send_transaction=without_values_of_spans,
    )


def without_personal_data(event: Event, hint: Hint) -> Event:
    """An error's event made anew. `hint` has the error itself."""
    messages = _messages(hint["exc_info"][1])
    made: Event = _kept(event, ("level", *OF_AN_EVENT))
    trace = event.get("contexts", {}).get("trace")
    if trace is not None:
        made["contexts"] = {"trace": _kept(trace, OF_A_TRACE)}
    values = [_told(one, messages) for one in event["exception"]["values"]]
    made["exception"] = {"values": values}
    return made


def without_values_of_spans(event: Event, _hint: Hint) -> Event:
    """A trace made anew: of what is counted in it, numbers only."""
    names = ("type", "transaction", "transaction_info", "start_timestamp", *OF_AN_EVENT)
    made: Event = _kept(event, names)
    made["contexts"] = {"trace": _kept(event["contexts"]["trace"], OF_A_TRACE)}
    spans: Any = event["spans"]
    made["spans"] = [_kept(one, OF_A_SPAN) | {"data": _numbers(one["data"])} for one in spans]
    return made


def _kept(told: Any, names: tuple[str, ...]) -> Any:
    return {name: told[name] for name in names if name in told}


def _numbers(told: dict[str, Any]) -> dict[str, int]:
    return {name: value for name, value in told.items() if isinstance(value, int)}


def _messages(error: BaseException | None) -> set[str]:
    """The messages of vensor's own errors among an error, its parts and those that led to it."""
    messages, seen, left = set[str](), set[int](), [error]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, VensorError):
            messages.add(str(one))
        left += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    return messages


def _told(found: dict[str, Any], messages: set[str]) -> dict[str, Any]:
    value = found.get("value")
    frames = (found.get("stacktrace") or {}).get("frames", [])
    return {
        "type": found.get("type"),
        "module": found.get("module"),
        "value": value if value in messages else "",
        "stacktrace": {"frames": [_kept(one, OF_A_FRAME) for one in frames]},
    }
