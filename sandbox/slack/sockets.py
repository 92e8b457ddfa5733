"""Socket Mode: a WebSocket on which Slack tells of buttons, and expects a yes for each envelope.

Source: docs.slack.dev, "Using Socket Mode": hello, envelopes, disconnect; an app that has several
connections gets each envelope on one of them.
"""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import msgspec
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

Told = dict[str, Any]
YES_SECONDS = 3.0  # Slack's own patience


class Press(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A button that a person presses. ``times``: how often Slack tells of it."""

    channel: str
    ts: str
    action_id: str
    value: str
    user: str = "U0PERSON"
    times: int = 1


class Sockets:
    """The connections of one app."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url.replace("http", "ws", 1)
        self._tickets: set[str] = set()
        self._open: list[WebSocket] = []
        self._yes: dict[str, asyncio.Event] = {}

    def routes(self) -> list[WebSocketRoute]:
        """Below ``/slack``."""
        return [WebSocketRoute("/link/{ticket}", self._serve)]

    def open(self) -> Told:
        """The answer of ``apps.connections.open``: an address that is good for once."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return {"url": f"{self._base}/link/{ticket}"}

    @property
    def connected(self) -> int:
        """How many connections there are."""
        return len(self._open)

    async def _serve(self, socket: WebSocket) -> None:
        ticket = socket.path_params["ticket"]
        if ticket not in self._tickets:
            await socket.close(4401)
            return
        self._tickets.discard(ticket)
        await socket.accept()
        await socket.send_text(_json({"type": "hello", "num_connections": len(self._open) + 1}))
        self._open.append(socket)
        try:
            while True:
                told = msgspec.json.decode(await socket.receive_text())
                if event := self._yes.get(told.get("envelope_id", "")):
                    event.set()
        except WebSocketDisconnect:
            pass  # the app has gone, or was sent away
        finally:
            if socket in self._open:
                self._open.remove(socket)

    async def press(self, press: Press, message: Told | None) -> Told:
        """Tells of a press: how many envelopes were sent, and how many got their yes."""
        envelope_id, yes = str(uuid4()), 0
        payload = _payload(press, message)
        for attempt in range(press.times):
            if not self._open:
                return {"sent": attempt, "acknowledged": yes}
            event = self._yes[envelope_id] = asyncio.Event()
            envelope = {
                "type": "interactive",
                "envelope_id": envelope_id,
                "payload": payload,
                "accepts_response_payload": False,
                "retry_attempt": attempt,
            }
            await self._open[-1].send_text(_json(envelope))
            yes += await _heard(event)
        return {"sent": press.times, "acknowledged": yes}

    async def send_away(self) -> int:
        """Says that each connection is to be made anew, and ends it; how many."""
        gone: Sequence[WebSocket] = list(self._open)
        for socket in gone:
            await socket.send_text(_json({"type": "disconnect", "reason": "refresh_requested"}))
            await socket.close()
        return len(gone)


async def _heard(event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(YES_SECONDS):
            return await event.wait()
    except TimeoutError:
        return False


def _payload(press: Press, message: Told | None) -> Told:
    action = {
        "type": "button",
        "action_id": press.action_id,
        "value": press.value,
        "action_ts": f"{uuid4().int % 10**10}.000001",
    }
    return {
        "type": "block_actions",
        "user": {"id": press.user, "username": "someone", "name": "someone"},
        "channel": {"id": press.channel},
        "container": {
            "type": "message",
            "message_ts": press.ts,
            "channel_id": press.channel,
        },
        "message": message or {},
        "trigger_id": str(uuid4()),
        "actions": [action],
    }


def _json(told: Told) -> str:
    return msgspec.json.encode(told).decode()
