"""Recordings: an authenticated redirect to another origin, and that origin.

As with the real service, the account's URL answers 302 to a signed URL that expires; the
other origin serves it to whoever has it, and refuses a request that brings credentials.
"""

import hashlib
import hmac
import time
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.recordings import load_clips
from sandbox.zendesk import errors
from sandbox.zendesk.desk import Ask
from sandbox.zendesk.shapes.calls import call_number, is_voicemail, number_of_sid

URL_SECONDS = 300


def call(ask: Ask, sid: str) -> Response:
    """``channels/voice/calls/{sid}/twilio/recording``"""
    return _redirect(ask, sid, voicemail=False)


def voicemail(ask: Ask, sid: str) -> Response:
    """``channels/voice/calls/{sid}/twilio/voicemail/recording``"""
    return _redirect(ask, sid, voicemail=True)


def _redirect(ask: Ask, sid: str, *, voicemail: bool) -> Response:
    number = number_of_sid(sid)
    ticket = ask.account.ticket(number) if number is not None else None
    if ticket is None or ticket.clip is None or ticket.deleted_at or _is_removed(ask, sid):
        raise errors.record_not_found()
    if is_voicemail(ticket) != voicemail:
        raise errors.record_not_found()
    name, expires = ticket.clip.name, int(time.time()) + URL_SECONDS
    signature = sign(ask.desk.state.secret("media"), name, expires)
    query = urlencode({"expires": expires, "signature": signature})
    location = f"{ask.desk.media_url}/recordings/{name}.wav?{query}"
    return Response(status_code=302, headers={"location": location})


def remove(ask: Ask, call: str, kind: str | None = None) -> Response:
    """``DELETE channels/voice/calls/{id}/recordings[/{type}]``, by carrier id or call id."""
    number = number_of_sid(call)
    if number is None and call.isdigit():
        number = (int(call) - ask.account.setting.base - 8_000_000_000) // 2
    ticket = ask.account.ticket(number) if number is not None else None
    if ticket is None or ticket.clip is None:
        raise errors.record_not_found()
    if kind not in (None, "voicemail" if is_voicemail(ticket) else "call"):
        raise errors.record_not_found()
    if call.isdigit() and int(call) != call_number(ticket):
        raise errors.record_not_found()
    row = (ask.desk.name, str(ticket.number))
    with ask.desk.state.database() as database:
        database.execute("insert or ignore into removed_recordings values (?, ?)", row)
    return Response(status_code=204)


def _is_removed(ask: Ask, sid: str) -> bool:
    row = (ask.desk.name, str(number_of_sid(sid)))
    with ask.desk.state.database() as database:
        query = "select 1 from removed_recordings where account = ? and sid = ?"
        return database.execute(query, row).fetchone() is not None


def sign(secret: str, name: str, expires: int) -> str:
    """The signature of a recording's URL."""
    return hmac.new(secret.encode(), f"{name}:{expires}".encode(), hashlib.sha256).hexdigest()


def media_app(secret: str) -> Starlette:
    """The other origin."""
    clips = {clip.name: clip for clip in load_clips()}

    def serve(request: Request) -> Response:
        if "authorization" in request.headers:
            return JSONResponse(
                {"code": 20003, "message": "Authorization is not allowed here"}, 400
            )
        name = request.path_params["name"]
        expires = request.query_params.get("expires", "")
        given = request.query_params.get("signature", "")
        valid = expires.isdigit() and hmac.compare_digest(
            given.encode(), sign(secret, name, int(expires)).encode()
        )
        if not valid or int(expires) < time.time() or name not in clips:
            return JSONResponse({"code": 20403, "message": "URL is invalid or has expired"}, 403)
        return FileResponse(clips[name].path, media_type="audio/x-wav")

    return Starlette(routes=[Route("/recordings/{name}.wav", serve)])
