"""The control API: faults, the log, the truth, time. For tests and evaluations, no pipeline."""

import hmac
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sandbox.faults import Fault, Faults
from sandbox.labels import label_of
from sandbox.openai.api import OpenAI, Pace
from sandbox.slack.api import Slack
from sandbox.slack.refusals import SCOPES
from sandbox.slack.sockets import Press
from sandbox.watch import Log
from sandbox.zendesk.changes import Asked, make_change, replay_changes
from sandbox.zendesk.desk import Desk
from sandbox.zendesk.routes import REFUSABLE

LABEL_BATCH = 500
Handler = Callable[[Request], Awaitable[Response]]


class Present(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The instant that all accounts are to stand at, with its offset."""

    at: Annotated[datetime, Meta(tz=True)]


class Refused(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an account is to refuse: see `REFUSABLE`."""

    account: str
    what: list[str]


def control_routes(
    token: str,
    faults: Faults,
    log: Log,
    desks: Mapping[str, Desk],
    slack: Slack,
    openai: OpenAI,
) -> list[Route]:
    """The routes below ``/_sandbox``; all need ``Authorization: Bearer {token}``."""
    control = Control(faults, log, desks, slack, openai)
    table: tuple[tuple[str, str, Handler], ...] = (
        ("POST", "/faults", control.add_faults),
        ("GET", "/faults", control.list_faults),
        ("DELETE", "/faults", control.clear_faults),
        ("GET", "/requests", control.list_requests),
        ("DELETE", "/requests", control.clear_requests),
        ("GET", "/labels/{account}", control.labels),
        ("GET", "/slack/messages", control.messages),
        ("POST", "/slack/press", control.press),
        ("POST", "/slack/send_away", control.send_away),
        ("GET", "/slack/connections", control.connections),
        ("POST", "/slack/scopes", control.scopes),
        ("POST", "/changes", control.change),
        ("POST", "/present", control.move),
        ("POST", "/refusals", control.refuse),
        ("POST", "/openai/pace", control.pace),
    )
    return [Route(path, guarded(token, handler), methods=[verb]) for verb, path, handler in table]


def guarded(token: str, handler: Handler) -> Handler:
    """The handler, for who has the token."""

    async def answered(request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            return json_answer({"error": "the control token is missing or wrong"}, 401)
        return await handler(request)

    return answered


class Control:
    """The handlers."""

    def __init__(
        self,
        faults: Faults,
        log: Log,
        desks: Mapping[str, Desk],
        slack: Slack,
        openai: OpenAI,
    ) -> None:
        self._faults = faults
        self._log = log
        self._desks = desks
        self._slack = slack
        self._openai = openai

    async def add_faults(self, request: Request) -> Response:
        """Queues one fault or a list of them."""
        try:
            told = msgspec.json.decode(await request.body(), type=Fault | list[Fault])
        except msgspec.MsgspecError as exc:
            return json_answer({"error": str(exc)}, 400)
        queued = self._faults.add(told if isinstance(told, list) else [told])
        return json_answer({"queued": queued}, 201)

    async def list_faults(self, _request: Request) -> Response:
        """What is still to come."""
        return json_answer({"faults": self._faults.queued()})

    async def clear_faults(self, _request: Request) -> Response:
        """Drops all queued faults."""
        self._faults.clear()
        return Response(status_code=204)

    async def list_requests(self, request: Request) -> Response:
        """The log; ``?path=`` keeps the requests whose path contains it."""
        wanted = request.query_params.get("path", "")
        return json_answer({"requests": [one for one in self._log.kept() if wanted in one.path]})

    async def clear_requests(self, _request: Request) -> Response:
        """Empties the log."""
        self._log.clear()
        return Response(status_code=204)

    async def labels(self, request: Request) -> Response:
        """The truth about each ticket of an account, one JSON object a line."""
        desk = self._desks.get(request.path_params["account"])
        if desk is None:
            return json_answer({"error": "no such account"}, 404)
        return StreamingResponse(_iter_labels(desk), media_type="application/x-ndjson")

    async def change(self, request: Request) -> Response:
        """Deletes, scrubs, redacts or touches what `Asked` names."""
        try:
            asked = msgspec.json.decode(await request.body(), type=Asked)
        except msgspec.MsgspecError as exc:
            return json_answer({"error": str(exc)}, 400)
        desk = self._desks.get(asked.account)
        problem = make_change(desk, asked) if desk else "no such account"
        return json_answer({"error": problem}, 404) if problem else Response(status_code=204)

    async def move(self, request: Request) -> Response:
        """Moves time: what lies later has not happened yet. It stands until it is moved again."""
        try:
            told = msgspec.json.decode(await request.body(), type=Present)
        except msgspec.MsgspecError as exc:
            return json_answer({"error": str(exc)}, 400)
        for desk in self._desks.values():
            desk.account.show(told.at)
            replay_changes(desk)
        return Response(status_code=204)

    async def refuse(self, request: Request) -> Response:
        """What an account does not allow from now on; an empty list allows everything."""
        try:
            asked = msgspec.json.decode(await request.body(), type=Refused)
        except msgspec.MsgspecError as exc:
            return json_answer({"error": str(exc)}, 400)
        desk = self._desks.get(asked.account)
        if desk is None or not set(asked.what) <= REFUSABLE.keys():
            return json_answer({"error": "no such account, or nothing that can be refused"}, 404)
        desk.refused = set(asked.what)
        return Response(status_code=204)

    async def pace(self, request: Request) -> Response:
        """How slow the models are from now on, and how many requests they take at once."""
        try:
            self._openai.pace = msgspec.json.decode(await request.body(), type=Pace)
        except msgspec.MsgspecError as exc:
            return json_answer({"error": str(exc)}, 400)
        return Response(status_code=204)

    async def messages(self, _request: Request) -> Response:
        """All Slack messages with their metadata, oldest first."""
        return json_answer({"messages": self._slack.store.every()})

    async def press(self, request: Request) -> Response:
        """Presses a button: how often the app was told, and how often it said yes."""
        try:
            press = msgspec.json.decode(await request.body(), type=Press)
        except msgspec.MsgspecError as exc:
            return json_answer({"error": str(exc)}, 400)
        channel = self._slack.store.channel(press.channel)
        message = self._slack.store.find(channel, press.ts) if channel else None
        return json_answer(await self._slack.sockets.press(press, message))

    async def send_away(self, _request: Request) -> Response:
        """Ends every connection of Socket Mode, as Slack does each hour or so."""
        return json_answer({"gone": await self._slack.sockets.send_away()})

    async def connections(self, _request: Request) -> Response:
        """How many connections of Socket Mode there are."""
        return json_answer({"connected": self._slack.sockets.connected})

    async def scopes(self, request: Request) -> Response:
        """What the app may do from now on: a list of scopes; null is all."""
        try:
            told = msgspec.json.decode(await request.body(), type=list[str] | None)
        except msgspec.MsgspecError as exc:
            return json_answer({"error": str(exc)}, 400)
        self._slack.scopes = set(SCOPES if told is None else told)
        return Response(status_code=204)


def _iter_labels(desk: Desk) -> Iterator[bytes]:
    total = desk.account.setting.arrived
    for start in range(1, total + 1, LABEL_BATCH):
        numbers = range(start, min(start + LABEL_BATCH, total + 1))
        for ticket in desk.account.tickets(numbers).values():
            yield msgspec.json.encode(label_of(ticket)) + b"\n"


def json_answer(told: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(told), status, media_type="application/json")
