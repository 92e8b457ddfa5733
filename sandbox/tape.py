"""The tape: every request and answer, byte for byte, while it runs."""

from collections.abc import Iterable
from threading import Lock

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Exchange(msgspec.Struct, kw_only=True):
    """A request and its answer. Bodies are base64 in JSON."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    asked: bytes = b""
    status: int | None = None
    answered: bytes = b""


class Tape:
    """What was exchanged since the tape began to run."""

    def __init__(self) -> None:
        self.runs = False
        self._kept: list[Exchange] = []
        self._lock = Lock()

    def begin(self) -> None:
        """Runs from now on."""
        self.runs = True

    def end(self) -> None:
        """Runs no longer, and forgets."""
        with self._lock:
            self.runs, self._kept = False, []

    def add(self, one: Exchange) -> None:
        """Appends."""
        with self._lock:
            self._kept.append(one)

    def kept(self) -> Iterable[Exchange]:
        """A copy."""
        with self._lock:
            return list(self._kept)


class Recorder:
    """An ASGI app around all servers but the control."""

    def __init__(self, inner: ASGIApp, tape: Tape) -> None:
        self._inner = inner
        self._tape = tape

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, and keeps what goes either way."""
        if not self._tape.runs or scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self._inner(scope, receive, send)
            return
        exchange = _begun(scope)
        heard = await _heard(receive)  # all of it, also of a request that is refused unread
        exchange.asked = b"".join(message.get("body", b"") for message in heard)

        async def again() -> Message:
            return heard.pop(0) if heard else await receive()

        async def told(message: Message) -> None:
            exchange.status = message.get("status", exchange.status)
            exchange.answered += message.get("body", b"")
            await send(message)

        try:
            await self._inner(scope, again, told)
        finally:
            self._tape.add(exchange)


async def _heard(receive: Receive) -> list[Message]:
    """The messages of a request, to its end."""
    heard = [await receive()]
    while heard[-1].get("more_body", False):
        heard.append(await receive())
    return heard


def _begun(scope: Scope) -> Exchange:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    ]
    return Exchange(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
    )
