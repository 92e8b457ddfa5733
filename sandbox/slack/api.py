"""Slack's methods: form, query or JSON arguments; 200 with ``ok`` false for a refusal."""

import hmac
import time
from collections.abc import Callable
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.slack.blocks import block_problem, metadata_problem
from sandbox.slack.files import Files
from sandbox.slack.page import page_of
from sandbox.slack.refusals import SCOPES, SlackRefusal, check_scope, decoded
from sandbox.slack.sockets import Sockets
from sandbox.slack.store import Channel, Message, Store
from sandbox.state import State

TEXT = 40_000
TEAM, BOT, USER, APP = "T0SANDBOX", "B0SANDBOX", "U0SANDBOX", "A0SANDBOX"
HISTORY_ROWS = 100
MOST_HISTORY_ROWS = 999
MINUTE = 60.0
SHOWN = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"}
OF_APPS = {"apps.connections.open"}  # these take an app's token, not a bot's
Told = dict[str, Any]


class Slack:
    """One workspace with one bot."""

    def __init__(self, state: State, *, per_minute: int, base_url: str) -> None:
        self._base = base_url
        self.store = Store(state)
        self._files = Files(state, self.store, base_url, self._channel, self._say)
        self.sockets = Sockets(base_url)
        self.scopes = set(SCOPES)
        self._token = state.secret("slack:bot_token")
        self._app_token = state.secret("slack:app_token")
        self._gap = MINUTE / per_minute
        self._posted: dict[str, float] = {}
        self._revoked = False
        self._lock = Lock()
        self._methods: dict[str, Callable[[Told], Told]] = {
            "auth.test": self._auth_test,
            "auth.revoke": self._auth_revoke,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.getPermalink": self._permalink,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.info": self._info,
            "conversations.join": self._join,
            "conversations.list": self._list,
            "apps.connections.open": lambda _told: self.sockets.open(),
        } | self._files.methods()

    def routes(self) -> list[BaseRoute]:
        """The routes below ``/slack``."""
        return [
            Route("/", self._page),
            Route("/api/{method}", self._call, methods=["GET", "POST"]),
            *self._files.routes(),
            *self.sockets.routes(),
        ]

    async def _page(self, _request: Request) -> Response:
        content = page_of([(one, self.store.messages(one)) for one in self.store.channels()])
        return Response(content, media_type="text/html; charset=utf-8", headers=SHOWN)

    async def _call(self, request: Request) -> Response:
        try:
            told, name = await _arguments(request), request.path_params["method"]
            self._authenticate(request, told, self._app_token if name in OF_APPS else self._token)
            method = self._methods.get(name)
            if method is None:
                raise SlackRefusal("unknown_method")
            check_scope(name, self.scopes)
            allowed = {"x-oauth-scopes": ",".join(sorted(self.scopes))}
            return _json({"ok": True} | method(told), headers=allowed)
        except SlackRefusal as refusal:
            if refusal.retry_after:
                return _json(refusal.body, 429, {"retry-after": str(refusal.retry_after)})
            return _json(refusal.body)

    def _authenticate(self, request: Request, told: Told, token: str) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        given = given or str(told.get("token", ""))
        if not given:
            raise SlackRefusal("not_authed")
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise SlackRefusal("invalid_auth")
        if self._revoked:
            raise SlackRefusal("token_revoked")

    def _channel(self, told: Told, *, member: bool = True) -> Channel:
        channel = self.store.channel(str(told.get("channel", "")))
        if channel is None:
            raise SlackRefusal("channel_not_found")
        if member and not channel.is_member:
            raise SlackRefusal("not_in_channel")
        return channel

    def _pace(self, channel: Channel) -> None:
        now = time.monotonic()
        with self._lock:
            left = self._posted.get(channel.id, -self._gap) + self._gap - now
            if left > 0:
                raise SlackRefusal("ratelimited", retry_after=max(1, round(left + 0.499)))
            self._posted[channel.id] = now

    def _auth_revoke(self, told: Told) -> Told:
        """For the life of this process: the workspace has one token."""
        self._revoked = str(told.get("test", "")) not in {"1", "true"}
        return {"revoked": self._revoked}

    def _auth_test(self, _told: Told) -> Told:
        names = {"team": "Sandbox", "user": "vensor", "url": f"{self._base}/"}
        return names | {
            "team_id": TEAM,
            "user_id": USER,
            "bot_id": BOT,
            "is_enterprise_install": False,
        }

    def _post(self, told: Told) -> Told:
        channel = self._channel(told)
        content = _content(told)
        thread = told.get("thread_ts")
        if thread and self.store.find(channel, str(thread)) is None:
            raise SlackRefusal("thread_not_found")
        self._pace(channel)
        ts = self._say(channel, content, str(thread) if thread else None)
        return {"channel": channel.id, "ts": ts, "message": self.store.find(channel, ts)}

    def _say(self, channel: Channel, content: Message, thread: str | None) -> str:
        message = {"type": "message", "user": USER, "bot_id": BOT, "app_id": APP, "team": TEAM}
        return self.store.post(channel, message | content | _in(thread))

    def _update(self, told: Told) -> Told:
        channel, message = self._message(told)
        edited = {"user": USER, "ts": f"{time.time():.6f}"}
        changed = message | _content(told) | {"edited": edited}
        self.store.replace(channel, changed)
        return {
            "channel": channel.id,
            "ts": message["ts"],
            "text": changed["text"],
            "message": changed,
        }

    def _delete(self, told: Told) -> Told:
        channel, message = self._message(told)
        self.store.remove(channel, message["ts"])
        return {"channel": channel.id, "ts": message["ts"]}

    def _message(self, told: Told, name: str = "ts") -> tuple[Channel, Message]:
        channel = self._channel(told)
        message = self.store.find(channel, str(told.get(name, "")))
        if message is None:
            raise SlackRefusal("message_not_found")
        return channel, message

    def _permalink(self, told: Told) -> Told:
        channel, message = self._message(told, "message_ts")
        return {"channel": channel.id, "permalink": f"{self._base}/#{channel.id}-{message['ts']}"}

    def _history(self, told: Told) -> Told:
        channel = self._channel(told)
        parents = [one for one in self.store.messages(channel) if "thread_ts" not in one]
        return _page(told, list(reversed(parents)))

    def _replies(self, told: Told) -> Told:
        channel, parent = self._message(told)
        answers = self.store.messages(channel)
        return _page(
            told, [parent, *(one for one in answers if one.get("thread_ts") == parent["ts"])]
        )

    def _info(self, told: Told) -> Told:
        return {"channel": _channel_shape(self._channel(told, member=False))}

    def _join(self, told: Told) -> Told:
        channel = self._channel(told, member=False)
        self.store.join(channel)
        return {"channel": _channel_shape(self._channel(told))}

    def _list(self, _told: Told) -> Told:
        shapes = [_channel_shape(one) for one in self.store.channels()]
        return {"channels": shapes, "response_metadata": {"next_cursor": ""}}


def _in(thread: str | None) -> Told:
    return {"thread_ts": thread} if thread else {}


def _content(told: Told) -> Told:
    """Text, blocks and metadata of a message. Raises: SlackRefusal."""
    text = str(told.get("text") or "")
    content: Told = {"text": text}
    if told.get("blocks"):
        content["blocks"] = decoded(told["blocks"], "invalid_blocks_format")
        problem = block_problem(content["blocks"])
        if problem:
            raise SlackRefusal("invalid_blocks", detail=problem)
    elif not text:
        raise SlackRefusal("no_text")
    if len(text) > TEXT:
        raise SlackRefusal("msg_too_long")
    if told.get("metadata"):
        content["metadata"] = decoded(told["metadata"], "invalid_metadata_format")
        wrong = metadata_problem(content["metadata"])
        if wrong:
            raise SlackRefusal(wrong)
    return content


def _page(told: Told, messages: list[Message]) -> Told:
    """A page of messages between ``oldest`` and ``latest``; the cursor is a position."""
    oldest, latest = float(told.get("oldest") or 0), float(told.get("latest") or 1e12)
    kept = [one for one in messages if oldest < float(one["ts"]) < latest]
    if str(told.get("inclusive", "")).lower() in ("1", "true"):
        kept = [one for one in messages if oldest <= float(one["ts"]) <= latest]
    cursor, limit = str(told.get("cursor") or "0"), str(told.get("limit") or HISTORY_ROWS)
    if not cursor.isdigit() or not limit.isdigit():
        raise SlackRefusal("invalid_cursor" if not cursor.isdigit() else "invalid_limit")
    start, size = int(cursor), min(int(limit) or HISTORY_ROWS, MOST_HISTORY_ROWS)
    chosen = kept[start : start + size]
    if str(told.get("include_all_metadata", "")).lower() not in ("1", "true"):
        chosen = [{name: one[name] for name in one if name != "metadata"} for one in chosen]
    more = start + size < len(kept)
    following = {"response_metadata": {"next_cursor": str(start + size)}} if more else {}
    return {"messages": chosen, "has_more": more} | following


def _channel_shape(channel: Channel) -> Told:
    flags = {"is_channel": True, "is_private": False, "is_archived": False}
    return {"id": channel.id, "name": channel.name, "is_member": channel.is_member} | flags


async def _arguments(request: Request) -> Told:
    told: Told = dict(request.query_params)
    body = await request.body()
    if "json" in request.headers.get("content-type", ""):
        try:
            return told | msgspec.json.decode(body or b"{}", type=Told)
        except msgspec.MsgspecError as exc:
            raise SlackRefusal("invalid_json") from exc
    return told | dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _json(told: Told, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    content = msgspec.json.encode(told)
    return Response(content, status, headers, media_type="application/json; charset=utf-8")
