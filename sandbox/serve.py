"""The process: sockets, ``sandbox.json``, the ready line, a clean end."""

import fcntl
import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import uvicorn

from sandbox.app import Peers, make_app
from sandbox.options import Options
from sandbox.state import State, StateError, open_state, write_private
from sandbox.zendesk.desk import Desk

HOST = "127.0.0.1"
STATED = "sandbox.json"
BACKLOG = 256
GRACE_SECONDS = 1
# A page is tens of thousands of small objects, none of them in a cycle: they go by themselves,
# and looking for cycles among them takes a third of the time that a page takes.
GARBAGE = (200_000, 20, 100)


def serve(options: Options) -> None:
    """Serves until a signal comes. Raises: StateError when it cannot start."""
    state = open_state(options.state, options.asked, options.fresh(datetime.now(UTC)))
    _claim(state)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        with _sockets(state, options.port) as (listener, media):
            _run(state, options, listener, media)
    finally:
        (state.folder / STATED).unlink(missing_ok=True)
        state.close()


def _claim(state: State) -> None:
    """Takes the folder for this process, until it ends."""
    try:
        fcntl.flock(state.claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        raise StateError(f"{state.folder} is served by another process") from exc


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


@contextmanager
def _sockets(state: State, asked: int) -> Iterator[tuple[socket.socket, socket.socket]]:
    """The two listening sockets: the servers', and the recordings' other origin."""
    listener = _bind(asked, state.world.port)
    with listener, _bind(0, state.world.media_port) as media:
        state.world.port = listener.getsockname()[1]
        state.world.media_port = media.getsockname()[1]
        state.save()
        yield listener, media


def _bind(asked: int, kept: int) -> socket.socket:
    """A socket on the port asked for, else on the one kept from the last run, else on any."""
    for port in (asked,) if asked else (kept, 0):
        # asyncio sends small answers without delay only where the protocol is named
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((HOST, port))
            bound.listen(BACKLOG)
        except OSError:
            bound.close()
        else:
            return bound
    raise StateError(f"port {asked} on {HOST} is taken")


class _Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens, then says so."""
        await super().startup(sockets)
        self._ready()


def _run(state: State, options: Options, listener: socket.socket, media: socket.socket) -> None:
    peers = Peers.of(state, options.limits, HOST)
    for account, what in options.refusals.items():
        _desk(peers, account).refused |= what
    for account in options.surveyed:
        _desk(peers, account).has_surveys = True

    def ready() -> None:
        told = stated(peers)
        write_private(state.folder / STATED, told)
        names = ", ".join(f"{name} ({size} tickets)" for name, size in state.world.accounts.items())
        print(f"sandbox ready on http://{HOST}:{state.world.port}: {names}", flush=True)

    config = uvicorn.Config(
        make_app(peers), log_level="warning", access_log=False, lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS, server_header=False,
    )  # fmt: skip
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    _Server(config, ready).run(sockets=[listener, media])


def _desk(peers: Peers, account: str) -> Desk:
    """An account that an option names. Raises: StateError when there is none."""
    if account not in peers.desks:
        known = ", ".join(peers.desks)
        raise StateError(f"there is no account {account}, only {known}")
    return peers.desks[account]


def stated(peers: Peers) -> dict[str, Any]:
    """What ``sandbox.json`` says: where everything is and how to get in."""
    state, world = peers.state, peers.state.world
    root = f"http://{HOST}:{world.port}"
    tokens = {name: state.secret(f"slack:{name}") for name in ("bot_token", "app_token")}
    slack = {"base_url": f"{root}/slack/api/"} | tokens
    options = ("seed", "days", "until", "accounts")
    return {
        "pid": os.getpid(),
        "port": world.port,
        "zendesk": {name: _entry(state, root, name) for name in world.accounts},
        "slack": slack | {"channels": world.channels},
        "openai": {"base_url": f"{root}/openai/v1", "api_key": state.secret("openai:api_key")},
        "control_url": f"{root}/_sandbox",
        "control_token": state.secret("control"),
        "world": {name: getattr(world, name) for name in options},
        "canaries": {name: desk.account.people.canaries() for name, desk in peers.desks.items()},
    }


def _entry(state: State, root: str, account: str) -> dict[str, str]:
    names = ("client_id", "client_secret", "public_client_id", "api_email", "api_token")
    secrets = {name: state.secret(f"zendesk:{account}:{name}") for name in names}
    return {"base_url": f"{root}/zendesk/{account}"} | secrets
