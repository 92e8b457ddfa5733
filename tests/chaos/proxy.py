"""A way to Postgres that breaks where it is told to: at the n-th COPY, before or after a COMMIT.

It reads the messages that a client sends (protocol 3.0) and passes every byte on as it came. Each
end is cut off with a reset, as a firewall or a dying switch would.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from struct import unpack
from typing import Literal

HOST = "127.0.0.1"
READ_BYTES = 65_536
# Requests without a type byte, after which the client begins once more.
PREAMBLES = {80877103, 80877104}  # for TLS and for GSSAPI
COPIED, QUERY, PARSE = b"d", b"Q", b"P"
COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"
Where = Literal["in COPY", "before COMMIT", "after COMMIT"]


@dataclass
class Cuts:
    """Where to cut: at these of the COPYs or COMMITs, counted from one over all connections."""

    where: Where
    at: set[int]
    seen: int = 0
    made: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def due(self) -> bool:
        """Whether the one that comes now is to be cut."""
        with self._lock:
            self.seen += 1
            hit = self.seen in self.at
            self.made += hit
            return hit


class CutError(Exception):
    """Ends a connection here."""


class Reader:
    """The messages of one client, out of its bytes as they come."""

    def __init__(self) -> None:
        self._kept = b""
        self._typed = False

    def messages(self, content: bytes) -> Iterator[tuple[bytes, bytes]]:
        """(type, whole message) of each that has come whole; the type of a preamble is empty."""
        self._kept += content
        while True:
            head = 1 if self._typed else 0
            if len(self._kept) < head + 4:
                return
            size = head + unpack("!i", self._kept[head : head + 4])[0]
            if len(self._kept) < size:
                return
            message, self._kept = self._kept[:size], self._kept[size:]
            kind = message[:head]
            if not self._typed:
                self._typed = unpack("!i", message[4:8])[0] not in PREAMBLES
            yield kind, message


class Link:
    """One client and its server."""

    def __init__(self, cuts: Cuts) -> None:
        self._cuts = cuts
        self._copying = False
        self._awaits_commit = False

    async def forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From the client to the server, message by message. Raises: CutError."""
        found = Reader()
        while content := await reader.read(READ_BYTES):
            for kind, message in found.messages(content):
                await self._pass(kind, message, writer)
            await writer.drain()

    async def _pass(self, kind: bytes, message: bytes, writer: asyncio.StreamWriter) -> None:
        where = self._cuts.where
        if kind == COPIED and where == "in COPY" and not self._copying and self._cuts.due():
            writer.write(message[: len(message) // 2])
            await writer.drain()
            raise CutError
        self._copying = kind == COPIED
        if kind in (QUERY, PARSE) and b"COMMIT\x00" in message and where != "in COPY":
            due = self._cuts.due()
            if due and where == "before COMMIT":
                raise CutError
            self._awaits_commit = due
        writer.write(message)

    async def back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From the server to the client. Raises: CutError."""
        while content := await reader.read(READ_BYTES):
            if self._awaits_commit and COMMITTED in content:
                raise CutError
            writer.write(content)
            await writer.drain()


async def _serve(cuts: Cuts, port: int, ready: "asyncio.Future[int]") -> None:
    async def link(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection(HOST, port)
        made = Link(cuts)
        ways = [
            asyncio.create_task(made.forth(reader, ours)),
            asyncio.create_task(made.back(theirs, writer)),
        ]
        done, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for one in left:
            one.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        cut = any(isinstance(one.exception(), CutError) for one in done)
        for each in (ours, writer):
            _end(each, reset=cut)

    server = await asyncio.start_server(link, HOST, 0)
    ready.set_result(server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


def _end(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    if reset:
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # on, for no second: closing is a reset
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
    else:
        writer.close()


@contextmanager
def cutting(cuts: Cuts, port: int) -> Iterator[int]:
    """The port of a proxy to the Postgres on `port`, in a thread of its own, while it lasts."""
    loop = asyncio.new_event_loop()
    ready: asyncio.Future[int] = loop.create_future()
    serving = loop.create_task(_serve(cuts, port, ready))

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(serving)
        except asyncio.CancelledError:
            pass
        finally:
            left = asyncio.all_tasks(loop)
            for one in left:
                one.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.close()

    thread = threading.Thread(target=run, name="proxy", daemon=True)
    told = threading.Event()
    ready.add_done_callback(lambda _: told.set())
    thread.start()
    told.wait(timeout=10)
    try:
        yield ready.result()
    finally:
        loop.call_soon_threadsafe(serving.cancel)
        thread.join(timeout=10)
