"""Zendesk's API: authentication, limits, scopes, then the endpoint."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.marks import Marks
from sandbox.zendesk import errors
from sandbox.zendesk.desk import CONSENT, Ask, Desk
from sandbox.zendesk.errors import Refusal
from sandbox.zendesk.oauth import Grant
from sandbox.zendesk.routes import check_allowed, find_route

OPEN = frozenset({"users/me"})


class Zendesk:
    """All accounts behind one ASGI endpoint."""

    def __init__(self, desks: dict[str, Desk], marks: Marks) -> None:
        self.desks = desks
        self.marks = marks

    async def answer(self, request: Request) -> Response:
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
                return RedirectResponse(_authorize(desk, request), 302)
            if not path.startswith("api/v2/"):
                raise errors.invalid_endpoint()
            return await run_in_threadpool(
                _serve, desk, self.marks, request, path.removeprefix("api/v2/"), base
            )
        except Refusal as refusal:
            return answer(refusal.body, refusal.status, refusal.headers)


def _authorize(desk: Desk, request: Request) -> str:
    """The URL to which the browser goes back: the user agrees at once, or is told to refuse."""
    return desk.oauth.authorize(dict(request.query_params), agreed=CONSENT not in desk.refused)


def _serve(desk: Desk, marks: Marks, request: Request, path: str, base: str) -> Response:
    headers: dict[str, str] = {}
    try:
        route, match = find_route(request.method, path)
        grant = _authenticate(desk, request, optional=path.removesuffix(".json") in OPEN)
        headers, wait = desk.limits.take(route.bucket)
        if wait is not None:
            raise errors.too_many(wait)
        check_allowed(desk.denied, path)
        if route.scope and not (grant and grant.allows(route.scope)):
            raise errors.missing_scope(route.scope)
        pairs = tuple(request.query_params.multi_items())
        ask = Ask(desk, f"/api/v2/{path}", pairs, base, grant)
        told = route.endpoint(ask, *(group for group in match.groups() if group is not None))
    except Refusal as refusal:
        return answer(refusal.body, refusal.status, headers | refusal.headers)
    if isinstance(told, Response):
        told.headers.update(headers)
        return told
    return answer(marks.plant(desk.name, told), 200, headers)


def _authenticate(desk: Desk, request: Request, *, optional: bool) -> Grant | None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    scheme, given = scheme.lower(), given.strip()
    if not scheme and optional:
        return None
    if scheme == "basic":
        grant = desk.oauth.check_basic(given)
        if grant is None:
            raise errors.not_authenticated()
        return grant
    if scheme != "bearer" or not given:
        raise errors.not_authenticated()
    grant = desk.oauth.check(given)
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


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    content = msgspec.json.encode(body)
    return Response(content, status, headers, media_type="application/json; charset=utf-8")
