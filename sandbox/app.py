"""All servers behind one ASGI app, told apart by path, and the recordings' by port."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.control import control_routes
from sandbox.evidence import evidence_routes
from sandbox.faults import Faults
from sandbox.marks import Marks
from sandbox.openai.api import OpenAI
from sandbox.options import LIMITS, PEER_LIMITS
from sandbox.slack.api import Slack
from sandbox.state import State
from sandbox.tape import Recorder, Tape
from sandbox.watch import Log, Watch
from sandbox.world.account import Account
from sandbox.world.setting import Setting
from sandbox.zendesk.api import Zendesk
from sandbox.zendesk.changes import replay_changes
from sandbox.zendesk.desk import Desk
from sandbox.zendesk.limits import Limits
from sandbox.zendesk.oauth import OAuth
from sandbox.zendesk.recordings import media_app

METHODS = ["GET", "POST", "PUT", "DELETE"]


@dataclass(frozen=True)
class Peers:
    """Everything that is served."""

    state: State
    desks: dict[str, Desk]
    slack: Slack
    openai: OpenAI
    faults: Faults = field(default_factory=Faults)
    log: Log = field(default_factory=Log)
    marks: Marks = field(default_factory=Marks)
    tape: Tape = field(default_factory=Tape)

    @classmethod
    def of(cls, state: State, limits: Mapping[str, int], host: str) -> "Peers":
        """The peers of a state folder; ``limits`` are per minute and bucket."""
        buckets = {name: limit for name, limit in limits.items() if name not in PEER_LIMITS}
        told = LIMITS | dict(limits)
        desks = {
            name: Desk(
                account=Account(_setting(state, name)),
                state=state,
                oauth=OAuth(state, name),
                limits=Limits(buckets),
                media_url=f"http://{host}:{state.world.media_port}",
            )
            for name in state.world.accounts
        }
        for desk in desks.values():
            replay_changes(desk)
        slack_url = f"http://{host}:{state.world.port}/slack"
        slack = Slack(state, per_minute=told["slack"], base_url=slack_url)
        return cls(state, desks, slack, OpenAI(state, per_minute=told["openai"]))


def _setting(state: State, name: str) -> Setting:
    world = state.world
    until = datetime.fromisoformat(world.until)
    return Setting(world.seed, name, world.accounts[name], world.days, until)


def _control(peers: Peers) -> list[Route]:
    token = peers.state.secret("control")
    told = control_routes(token, peers.faults, peers.log, peers.desks, peers.slack, peers.openai)
    return told + evidence_routes(token, peers.marks, peers.tape)


def make_app(peers: Peers) -> ASGIApp:
    """The app for both sockets."""
    zendesk = Zendesk(peers.desks, peers.marks)
    routes = [
        Route("/zendesk/{account}/{path:path}", zendesk.answer, methods=METHODS),
        Mount("/slack", routes=peers.slack.routes()),
        Mount("/openai/v1", routes=peers.openai.routes()),
        Mount("/_sandbox", routes=_control(peers)),
    ]
    watched = Watch(Starlette(routes=routes), peers.faults, peers.log, peers.desks)
    servers = Recorder(watched, peers.tape)
    recordings = media_app(peers.state.secret("media"))
    media_port = peers.state.world.media_port

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        on_media = scope["server"] and scope["server"][1] == media_port
        await (recordings if on_media else servers)(scope, receive, send)

    return app
