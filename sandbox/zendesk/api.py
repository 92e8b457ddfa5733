# ruff: noqa: E501 - the route table has one endpoint a line
"""Zendesk's routes: authentication, limits, scopes, then the endpoint."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.zendesk import errors, exports, recordings, records
from sandbox.zendesk.desk import Ask, Desk
from sandbox.zendesk.errors import Refusal
from sandbox.zendesk.limits import ACCOUNT
from sandbox.zendesk.oauth import Grant
from sandbox.zendesk.paging import list_page
from sandbox.zendesk.shapes import desk as shapes

Endpoint = Callable[..., dict[str, Any] | Response]


@dataclass(frozen=True)
class Route:
    """One endpoint: its path below ``/api/v2/``, what it needs and what it spends."""

    method: str
    pattern: re.Pattern[str]
    endpoint: Endpoint
    scope: str | None
    bucket: str


def _listed(key: str, make: Callable[[Ask], list[Any]]) -> Endpoint:
    return lambda ask: list_page(ask, key, make(ask), lambda one: one)


def _missing_plan(ask: Ask) -> dict[str, Any]:
    """Surveys: not in accounts with the legacy satisfaction rating."""
    raise errors.invalid_endpoint()


def _revoke(ask: Ask) -> Response:
    if ask.grant:
        ask.desk.oauth.revoke(ask.grant.pair)
    return Response(status_code=204)


def _holidays(ask: Ask, schedule: str) -> dict[str, Any]:
    setting = ask.account.setting
    if int(schedule) != shapes.schedule_shapes(setting)[0]["id"]:
        raise errors.record_not_found()
    return {"holidays": shapes.holiday_shapes(setting)}


def _articles(ask: Ask) -> list[Any]:
    setting = ask.account.setting
    return [shapes.article_shape(setting, at, ask.base_url) for at in range(len(shapes.ARTICLES))]


VOICE = "channels/voice"
TABLE: tuple[tuple[str, str, Endpoint, str | None, str], ...] = (
    ("GET", "incremental/tickets/cursor", exports.tickets_by_cursor, "tickets:read", "incremental"),
    ("GET", "incremental/tickets", exports.tickets_by_time, "tickets:read", "incremental"),
    ("GET", "incremental/ticket_events", exports.ticket_events, "tickets:read", "incremental"),
    ("GET", "incremental/ticket_metric_events", exports.ticket_metric_events, "tickets:read", "incremental"),
    ("GET", "incremental/users/cursor", exports.users_by_cursor, "users:read", "incremental"),
    ("GET", "incremental/users", exports.users_by_time, "users:read", "incremental"),
    ("GET", "incremental/organizations", exports.organizations, "organizations:read", "incremental"),
    ("GET", "tickets", records.ticket_list, "tickets:read", ACCOUNT),
    ("GET", "tickets/count", records.ticket_count, "tickets:read", ACCOUNT),
    ("GET", r"tickets/(\d+)", records.ticket, "tickets:read", ACCOUNT),
    ("GET", r"tickets/(\d+)/comments", records.comments, "tickets:read", ACCOUNT),
    ("GET", r"tickets/(\d+)/audits", records.audits, "tickets:read", ACCOUNT),
    ("GET", r"tickets/(\d+)/metrics", records.metrics, "tickets:read", ACCOUNT),
    ("GET", "search/export", records.search_export, "tickets:read", "search_export"),
    ("GET", "deleted_tickets", records.deleted_tickets, "tickets:read", "deleted_records"),
    ("GET", "deleted_users", records.deleted_users, "users:read", "deleted_records"),
    ("GET", "users/me", records.me, None, ACCOUNT),
    ("GET", r"users/(\d+)", records.user, "users:read", ACCOUNT),
    ("GET", r"organizations/(\d+)", records.organization, "organizations:read", ACCOUNT),
    ("GET", "satisfaction_ratings", records.ratings, "satisfaction_ratings:read", ACCOUNT),
    ("GET", "guide/survey_responses", _missing_plan, "read", ACCOUNT),
    ("GET", "groups", _listed("groups", lambda a: shapes.group_shapes(a.account.setting, a.base_url)), "read", ACCOUNT),
    ("GET", "brands", _listed("brands", lambda a: shapes.brand_shapes(a.account.setting, a.base_url)), "read", ACCOUNT),
    ("GET", "ticket_fields", _listed("ticket_fields", lambda a: shapes.field_shapes(a.account.setting, a.base_url)), "read", ACCOUNT),
    ("GET", "custom_statuses", _listed("custom_statuses", lambda a: shapes.status_shapes(a.account.setting, a.base_url)), "read", ACCOUNT),
    ("GET", "slas/policies", _listed("sla_policies", lambda a: shapes.policy_shapes(a.account.setting, a.base_url)), "read", ACCOUNT),
    ("GET", "business_hours/schedules", lambda a: {"schedules": shapes.schedule_shapes(a.account.setting)}, "read", ACCOUNT),
    ("GET", r"business_hours/schedules/(\d+)/holidays", _holidays, "read", ACCOUNT),
    ("GET", f"{VOICE}/stats/incremental/calls", exports.calls, "read", "talk_incremental"),
    ("GET", f"{VOICE}/stats/incremental/legs", exports.legs, "read", "talk_incremental"),
    ("GET", f"{VOICE}/calls/(\\w+)/twilio/recording", recordings.redirect, "read", ACCOUNT),
    ("DELETE", f"{VOICE}/calls/(\\w+)/recordings(?:/(\\w+))?", recordings.remove, "write", ACCOUNT),
    ("GET", "help_center/incremental/articles", exports.articles, "hc:read", "help_center"),
    ("GET", r"help_center/(?:[\w-]+/)?articles", _listed("articles", _articles), "hc:read", "help_center"),
    ("DELETE", "oauth/tokens/current", _revoke, None, ACCOUNT),
)  # fmt: skip
ROUTES = tuple(
    Route(method, re.compile(f"{path}(?:\\.json)?"), endpoint, scope, bucket)
    for method, path, endpoint, scope, bucket in TABLE
)
OPEN = frozenset({"users/me"})


class Zendesk:
    """All accounts behind one ASGI endpoint."""

    def __init__(self, desks: dict[str, Desk]) -> None:
        self.desks = desks

    async def __call__(self, request: Request) -> Response:
        """The answer to a request for ``/zendesk/{account}/…``."""
        desk = self.desks.get(request.path_params["account"])
        if desk is None:
            return answer(errors.invalid_endpoint().body, 404)
        path = request.path_params["path"]
        base = f"{request.url.scheme}://{request.url.netloc}/zendesk/{desk.name}"
        try:
            if path == "oauth/tokens" and request.method == "POST":
                return answer(desk.oauth.exchange(await _form_or_json(request)))
            if path == "oauth/authorizations/new" and request.method == "GET":
                return RedirectResponse(desk.oauth.authorize(dict(request.query_params)), 302)
            if not path.startswith("api/v2/"):
                raise errors.invalid_endpoint()
            return await run_in_threadpool(_serve, desk, request, path.removeprefix("api/v2/"), base)
        except Refusal as refusal:
            return answer(refusal.body, refusal.status, refusal.headers)


def _serve(desk: Desk, request: Request, path: str, base: str) -> Response:
    headers: dict[str, str] = {}
    try:
        route, match = _find(request.method, path)
        grant = _authenticate(desk, request, optional=path.removesuffix(".json") in OPEN)
        headers, wait = desk.limits.take(route.bucket)
        if wait is not None:
            raise errors.too_many(wait)
        if route.scope and not (grant and grant.allows(route.scope)):
            raise errors.missing_scope(route.scope)
        ask = Ask(desk, f"/api/v2/{path}", dict(request.query_params), base, grant)
        told = route.endpoint(ask, *(group for group in match.groups() if group is not None))
    except Refusal as refusal:
        return answer(refusal.body, refusal.status, headers | refusal.headers)
    if isinstance(told, Response):
        told.headers.update(headers)
        return told
    return answer(told, 200, headers)


def _find(method: str, path: str) -> tuple[Route, re.Match[str]]:
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match and route.method == method:
            return route, match
    raise errors.invalid_endpoint()


def _authenticate(desk: Desk, request: Request, *, optional: bool) -> Grant | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not scheme and optional:
        return None
    if scheme.lower() != "bearer" or not token:
        raise errors.not_authenticated()
    grant = desk.oauth.check(token.strip())
    if grant is None:
        raise errors.invalid_token()
    return grant


async def _form_or_json(request: Request) -> dict[str, Any]:
    body = await request.body()
    if "json" in request.headers.get("content-type", ""):
        try:
            told = msgspec.json.decode(body)
        except msgspec.DecodeError as exc:
            raise errors.invalid_request("The body is not JSON.") from exc
        if not isinstance(told, dict):
            raise errors.invalid_request("The body is not an object.")
        return told
    return dict(parse_qsl(body.decode()))


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    content = msgspec.json.encode(body)
    return Response(content, status, headers, media_type="application/json; charset=utf-8")
