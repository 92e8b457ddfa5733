"""Errors to Sentry, where SENTRY_DSN says: which step, of which class, where in the code.

Nothing that the SDK adds by itself goes along, and an event is made anew from what may leave: no
message but of vensor's own errors, which hold no values, no variables, no breadcrumbs, no host.
"""

from functools import cache
from importlib.metadata import version
from typing import Any

import sentry_sdk
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import event_from_exception

from tasks.errors import ConfigurationError, VensorError
from tasks.settings import load_settings

FLUSH_SECONDS = 3.0
OF_A_FRAME = ("filename", "module", "function", "lineno", "in_app")


def report_error(error: BaseException, *, step: str) -> None:
    """Sends an error, and waits for that for three seconds at most; without a DSN, does nothing.

    What is wrong with the settings is for whoever makes them, and is not sent.
    """
    if isinstance(error, ConfigurationError):
        return
    dsn = load_settings().sentry_dsn
    if dsn is None:
        return
    client = _client(dsn.get_secret_value())
    event, hint = event_from_exception(error, client_options=client.options)
    event["tags"] = {"step": step}
    client.capture_event(event, hint)
    client.flush(timeout=FLUSH_SECONDS)


@cache
def _client(dsn: str) -> sentry_sdk.Client:
    return sentry_sdk.Client(
        dsn=dsn,
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
    )


def without_personal_data(event: Event, hint: Hint) -> Event:
    """The event made anew. `hint` has the error itself."""
    messages = _chain(hint["exc_info"][1])
    return {
        "event_id": event["event_id"],
        "timestamp": event["timestamp"],
        "level": event["level"],
        "platform": event["platform"],
        "release": event["release"],
        "tags": event["tags"],
        "exception": {"values": [_told(one, messages) for one in event["exception"]["values"]]},
    }


def _chain(error: BaseException | None) -> set[str]:
    """The messages of vensor's own errors among an error and those that led to it."""
    messages = set[str]()
    while error is not None:
        if isinstance(error, VensorError):
            messages.add(str(error))
        error = error.__cause__ or error.__context__
    return messages


def _told(found: dict[str, Any], messages: set[str]) -> dict[str, Any]:
    value = found.get("value")
    frames = (found.get("stacktrace") or {}).get("frames", [])
    kept = [{name: one[name] for name in OF_A_FRAME if name in one} for one in frames]
    return {
        "type": found.get("type"),
        "module": found.get("module"),
        "value": value if value in messages else "",
        "stacktrace": {"frames": kept},
    }
