"""What stands before the servers: the log of requests, and the faults."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from threading import Lock

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import Fault, Faults, Seen
from sandbox.spoil import SPOILT, refusal
from sandbox.zendesk.desk import Desk

KEPT_REQUESTS = 20_000
ENDED = ("expire_token", "revoke_token")


class Logged(msgspec.Struct, frozen=True):
    """One request in the log: no body, no header."""

    at: float
    method: str
    path: str
    query: str
    account: str | None
    status: int | None
    fault: str | None
    seconds: float


class Log:
    """The latest requests, oldest first."""

    def __init__(self) -> None:
        self._kept: deque[Logged] = deque(maxlen=KEPT_REQUESTS)
        self._lock = Lock()

    def add(self, one: Logged) -> None:
        """Appends; the oldest falls out."""
        with self._lock:
            self._kept.append(one)

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._kept.clear()

    def kept(self) -> list[Logged]:
        """A copy."""
        with self._lock:
            return list(self._kept)


class Answer:
    """An answer as it is sent, held back when ``held``."""

    def __init__(self, send: Send, *, held: bool = False) -> None:
        self._send = send
        self._held = held
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def take(self, message: Message) -> None:
        """The ``send`` that is given to the server."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        if not self._held:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    async def release(self, body: bytes, *, declared: int | None = None) -> None:
        """Sends what was held, with this body; ``declared`` is the length it claims to have."""
        length = len(body) if declared is None else declared
        kept = [one for one in self.headers if one[0].lower() != b"content-length"]
        headers = [*kept, (b"content-length", str(length).encode())]
        await self._send({"type": "http.response.start", "status": self.status, "headers": headers})
        more = length != len(body)
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


class Watch:
    """An ASGI app around the servers."""

    def __init__(self, inner: ASGIApp, faults: Faults, log: Log, desks: Mapping[str, Desk]) -> None:
        self._inner = inner
        self._faults = faults
        self._log = log
        self._desks = desks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or lets it meet its fault."""
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self._inner(scope, receive, send)
            return
        began, seen = time.time(), _seen(scope)
        fault = self._faults.take(seen)
        answer = Answer(send, held=fault is not None)
        try:
            if fault is None:
                await self._inner(scope, receive, answer.take)
            else:
                await self._fail(fault, seen, scope, receive, answer)
        finally:
            kind = fault.kind if fault else None
            line = (seen.method, seen.path, seen.query, seen.account, answer.status, kind)
            self._log.add(Logged(round(began, 3), *line, round(time.time() - began, 4)))

    async def _fail(
        self, fault: Fault, seen: Seen, scope: Scope, receive: Receive, answer: Answer
    ) -> None:
        kind = fault.kind
        if kind == "hang":
            await _wait(receive, fault.seconds)
        if kind in ENDED:
            self._end_token(seen, scope, whole=kind == "revoke_token")
        if kind.isdigit() or kind == "hang" or (kind in ENDED and not seen.account):
            status = int(kind) if kind.isdigit() else 504 if kind == "hang" else 401
            answer.status, answer.headers, body = refusal(seen.path, status, fault.retry_after)
            await answer.release(body)
            return
        await self._inner(scope, receive, answer.take)
        if kind == "timeout_after_commit":
            await _wait(receive, fault.seconds)
            answer.status, answer.headers, body = refusal(seen.path, 504, 0)
            await answer.release(body)
        else:
            await _release_spoilt(fault, seen, answer)

    def _end_token(self, seen: Seen, scope: Scope, *, whole: bool) -> None:
        desk = self._desks.get(seen.account or "")
        given = dict(scope["headers"]).get(b"authorization", b"").decode()
        token = given.partition(" ")[2].strip()
        grant = desk.oauth.check(token) if desk else None
        if desk and grant and whole:
            desk.oauth.revoke(grant.pair)
        elif desk:
            desk.oauth.expire(token)


async def _release_spoilt(fault: Fault, seen: Seen, answer: Answer) -> None:
    body = answer.body
    if fault.kind in SPOILT:
        body = SPOILT[fault.kind](body, seen)
    if fault.kind != "truncate":
        await answer.release(body)
        return
    declared = len(body) if fault.cut == "connection" else None
    await answer.release(body[: len(body) // 2], declared=declared)


def _seen(scope: Scope) -> Seen:
    path = scope["path"]
    parts = path.split("/")
    account = parts[2] if len(parts) > 2 and parts[1] == "zendesk" else None
    return Seen(scope["method"], path, scope["query_string"].decode("latin-1"), account)


async def _wait(receive: Receive, seconds: float) -> None:
    """Ends when the time is over or the client has gone."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return
