"""Buttons that people press in Slack, heard over Socket Mode: no address of ours is open to it.

Source: docs.slack.dev, "Using Socket Mode". Each envelope gets its yes at once, within Slack's
three seconds; what it asks for is done after that. One that comes again asks for the same press.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from tasks.errors import ConfigurationError
from tasks.escalation.web import silent, web_client
from tasks.http import no_answer

ACTION_PREFIX = "alert_"  # of the buttons of an alert
REMEMBERED = 10_000  # presses; one that is told again is told within minutes


@dataclass(frozen=True)
class Press:
    """A button that somebody pressed. `user` is Slack's id of them."""

    action: str
    alert_id: UUID
    user: str
    channel: str
    ts: str


Heard = Callable[[Press], None]


def check_app_token(base_url: str, token: str) -> None:
    """Raises: ConfigurationError unless Socket Mode takes the token, TransientError."""
    try:
        web_client(base_url).apps_connections_open(app_token=token)
    except SlackApiError as error:
        code = error.response.get("error", "unknown")
        raise ConfigurationError(
            f"Slack does not take the app-level token ({code}): it begins with xapp-, has the scope"
            " connections:write, and Socket Mode is on in the app's settings"
        ) from None
    except (SlackClientError, OSError) as error:
        raise no_answer("Slack (Socket Mode)", error) from None


@contextmanager
def listening(base_url: str, token: str, heard: Heard) -> Iterator[SocketModeClient]:
    """Within, each press is given to `heard` once, in a thread of its own.

    A connection that ends is made anew. Raises: as `check_app_token`.
    """
    check_app_token(base_url, token)
    presses = Presses(heard)
    client = SocketModeClient(app_token=token, web_client=web_client(base_url), logger=silent())
    client.socket_mode_request_listeners.append(presses.take)
    client.connect()
    try:
        yield client
    finally:
        client.close()


class Presses:
    """Says yes to envelopes, and tells of each press once."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def take(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """A listener of slack_sdk's."""
        client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        if request.type != "interactive":
            return
        for key, press in presses_of(request.payload):
            if self._is_new(key):
                self._heard(press)

    def _is_new(self, key: str) -> bool:
        with self._lock:
            if key in self._known:
                return False
            self._known[key] = None
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            return True


def presses_of(payload: dict[str, Any]) -> Iterator[tuple[str, Press]]:
    """(what tells one press from another, the press) of each button of an alert in an envelope.

    What is no such button, or has not its shape, is passed over: anyone may put buttons there.
    """
    container = payload.get("container") or {}
    user, channel = (payload.get(name) or {} for name in ("user", "channel"))
    if payload.get("type") != "block_actions":
        return
    for action in payload.get("actions", ()):
        action_id, value = str(action.get("action_id", "")), str(action.get("value", ""))
        if not action_id.startswith(ACTION_PREFIX):
            continue
        try:
            alert_id = UUID(value)
        except ValueError:
            continue
        told = Press(
            action_id.removeprefix(ACTION_PREFIX),
            alert_id,
            str(user.get("id", "")),
            str(container.get("channel_id") or channel.get("id", "")),
            str(container.get("message_ts", "")),
        )
        yield "/".join((told.user, told.ts, action_id, str(action.get("action_ts", "")))), told
