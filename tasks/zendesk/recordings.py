"""Recordings in Zendesk: fetched with the account's token from there only, and deleted there."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.request import getproxies, proxy_bypass

import httpx
import stamina

from tasks.errors import ConfigurationError, PermanentError, RefusedError, TransientError
from tasks.http import http_client
from tasks.zendesk.client import ZendeskClient
from tasks.zendesk.hosts import MediaHosts
from tasks.zendesk.oauth import retry_after

MOST_BYTES = 200 * 2**20
MOST_REDIRECTS = 5
# A server that lets its bytes drip would otherwise hold a run, and a transaction, for ever.
MOST_SECONDS = 900.0
ATTEMPTS = 3


class GoneError(PermanentError):
    """The recording is there no longer."""


class ScopeError(RefusedError):
    """Zendesk lets this token delete no recording at all."""


def iter_recording(
    client: ZendeskClient, hosts: MediaHosts, url: str, *, most_seconds: float = MOST_SECONDS
) -> Iterator[bytes]:
    """The recording's bytes, as they come; whole when the iteration has ended.

    The first address must be the account's own. Where it redirects elsewhere, the carrier's own
    store, each hop is checked anew and goes out with no token, cookie or header of the account.
    Once left, the account is not asked with its token again.

    Raises: RefusedError for an address that must not be asked or a refusal, GoneError,
    TransientError, also where less came than was announced.
    """
    place = _parsed(url)
    if not hosts.is_account(place):
        raise RefusedError("a recording's address lies outside the account; it was not asked for")
    header: str | None = client.authorization()
    renewed = False
    for _ in range(MOST_REDIRECTS + 1):
        with _asked(client, hosts, place, header) as answer:
            if answer.status_code == httpx.codes.UNAUTHORIZED and header and not renewed:
                header, renewed = client.authorization(refused=header), True
            elif answer.is_redirect:
                place = _next_place(place, answer)
                header = header if hosts.is_account(place) else None
            else:
                yield from _bounded(answer, most_seconds)
                return
    raise RefusedError("a recording's address redirects in circles")


def delete_recording(client: ZendeskClient, call_id: int, kind: str) -> None:
    """Deletes a recording in Zendesk; one that is gone already is no error.

    Raises: ScopeError, RefusedError for this one, TransientError after three tries.
    """
    path = f"/api/v2/channels/voice/calls/{call_id}/recordings/{kind}"
    for attempt in stamina.retry_context(on=worth_again, attempts=ATTEMPTS, timeout=120.0):
        with attempt:
            _delete_once(client, path)


def worth_again(error: Exception) -> bool | float:
    """Whether, or after how many seconds, a recording is to be tried again."""
    if not isinstance(error, TransientError):
        return False
    return True if error.retry_after_seconds is None else error.retry_after_seconds


def _delete_once(client: ZendeskClient, path: str) -> None:
    header = client.authorization()
    answer = _delete(client, path, header)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        answer = _delete(client, path, client.authorization(refused=header))
    if answer.status_code == httpx.codes.FORBIDDEN:
        raise ScopeError("Zendesk lets no recording be deleted: the token needs the scope write")
    with suppress(GoneError):
        _check(answer)


def _delete(client: ZendeskClient, path: str, header: str) -> httpx.Response:
    try:
        with client.answered("DELETE", path, {"Authorization": header}) as answer:
            answer.read()
            return answer
    except httpx.HTTPError as error:
        raise _broken_off(error) from None


@contextmanager
def _asked(
    client: ZendeskClient, hosts: MediaHosts, place: httpx.URL, header: str | None
) -> Iterator[httpx.Response]:
    """The answer of one hop; its body is read by the caller. Raises: as `iter_recording`."""
    proxied = _is_proxied(place)
    hosts.check(place, resolving=not proxied)
    # as it is, not packed: bytes are counted against what was announced
    headers = {"Accept": "audio/*", "Accept-Encoding": "identity"}
    try:
        if header is not None:
            headers["Authorization"] = header
            with client.answered("GET", place, headers) as answer:
                yield answer
            return
        with _stranger(place) as http, http.stream("GET", place, headers=headers) as answer:
            if not proxied:
                hosts.check_peer(place, _peer(answer))
            yield answer
    except httpx.HTTPError as error:
        raise _broken_off(error) from None


def _stranger(place: httpx.URL) -> httpx.Client:
    """A client that knows nothing of the account: no token, no cookies."""
    try:
        return http_client(str(place.copy_with(raw_path=b"/", fragment=None)))
    except ConfigurationError:
        raise RefusedError("a recording redirects to an address that is not https") from None


def _is_proxied(place: httpx.URL) -> bool:
    proxies = getproxies()
    return bool(proxies.get(place.scheme) or proxies.get("all")) and not proxy_bypass(place.host)


def _peer(answer: httpx.Response) -> str:
    """The address that answered; "" where it is not known, which no rule lets pass."""
    address = answer.extensions["network_stream"].get_extra_info("server_addr")
    return str(address[0]) if address else ""


def _parsed(url: str) -> httpx.URL:
    """One parser for what is checked and what is asked: two might read an address differently."""
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise RefusedError("a recording's address is no URL") from None


def _next_place(place: httpx.URL, answer: httpx.Response) -> httpx.URL:
    try:
        return place.join(answer.headers.get("location", ""))
    except (httpx.InvalidURL, ValueError):
        raise RefusedError("a recording redirects to what is no URL") from None


def _check(answer: httpx.Response) -> None:
    status = answer.status_code
    if status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
        raise GoneError("the recording is not there any more")
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
        told = f"a recording's server answered {status}"
        raise TransientError(told, retry_after_seconds=retry_after(answer))
    if not answer.is_success:
        raise RefusedError(f"a recording was refused with {status}")


def _bounded(answer: httpx.Response, most_seconds: float) -> Iterator[bytes]:
    """Raises: as `_check`, and RefusedError beyond 200 MiB: no telephone call is that long."""
    _check(answer)
    told = answer.headers.get("content-length", "")
    announced = int(told) if told.isdigit() else None
    _check_size(announced or 0)
    started, total = time.monotonic(), 0
    # as the network brings them: to gather them first would look at the clock when a chunk is full
    for chunk in answer.iter_bytes():
        total += len(chunk)
        _check_size(total)
        if time.monotonic() - started > most_seconds:
            raise TransientError("a recording came too slowly")
        yield chunk
    if announced is not None and answer.num_bytes_downloaded != announced:
        raise TransientError("a recording broke off: less came than was announced")


def _check_size(size_bytes: int) -> None:
    if size_bytes > MOST_BYTES:
        raise RefusedError(f"a recording is larger than {MOST_BYTES} bytes")


def _broken_off(error: httpx.HTTPError) -> TransientError:
    return TransientError(f"a recording broke off ({type(error).__name__})")
