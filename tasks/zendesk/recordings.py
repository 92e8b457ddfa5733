"""Fetching recordings: from the account with its token, from elsewhere without."""

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import httpx

from tasks.errors import PermanentError, RefusedError, TransientError
from tasks.settings import is_loopback
from tasks.zendesk.client import ZendeskClient, same_origin

MOST_BYTES = 200 * 2**20
MOST_REDIRECTS = 5


class GoneError(PermanentError):
    """The recording is there no longer."""


def iter_recording(client: ZendeskClient, url: str) -> Iterator[bytes]:
    """The recording's bytes, in chunks as they come.

    The token goes to the account's own origin only. A redirect to another origin, where the
    carrier keeps its recordings, is followed without it, over https unless on loopback.

    Raises: RefusedError for an address outside the account or a refusal, GoneError,
    TransientError.
    """
    if not same_origin(url, client.account):
        raise RefusedError("a recording's address lies outside the account; it was not asked for")
    token: str | None = client.bearer()
    for hop in range(MOST_REDIRECTS):
        try:
            with client.http.stream("GET", url, headers=_headers(token)) as answer:
                if answer.status_code == httpx.codes.UNAUTHORIZED and token and hop == 0:
                    token = client.bearer(refused=token)
                elif answer.is_redirect:
                    url, token = _next_place(client, url, token, answer)
                else:
                    yield from _bounded(answer)
                    return
        except httpx.HTTPError as error:
            raise TransientError(f"a recording broke off ({type(error).__name__})") from None
    raise RefusedError("a recording's address redirects in circles")


def _headers(token: str | None) -> dict[str, str]:
    accept = {"Accept": "audio/*"}
    return accept if token is None else accept | {"Authorization": f"Bearer {token}"}


def _next_place(
    client: ZendeskClient, url: str, token: str | None, answer: httpx.Response
) -> tuple[str, str | None]:
    """Where a redirect leads, and the token if that is still the account itself.

    Raises: RefusedError where it leads off https; loopback is for accounts on loopback.
    """
    url = urljoin(url, answer.headers.get("location", ""))
    if same_origin(url, client.account):
        return url, token
    parts, account = urlsplit(url), urlsplit(client.account)
    local = is_loopback(account.hostname or "") and is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not local:
        raise RefusedError("a recording redirects to an address that is not https")
    return url, None


def _check(answer: httpx.Response) -> None:
    status = answer.status_code
    if status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
        raise GoneError("the recording is not there any more")
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
        raise TransientError(f"a recording's server answered {status}")
    if not answer.is_success:
        raise RefusedError(f"a recording was refused with {status}")


def _bounded(answer: httpx.Response) -> Iterator[bytes]:
    """Raises: as `_check`, and RefusedError beyond 200 MiB: no telephone call is that long."""
    _check(answer)
    total = 0
    for chunk in answer.iter_bytes(2**18):
        total += len(chunk)
        if total > MOST_BYTES:
            raise RefusedError(f"a recording is larger than {MOST_BYTES} bytes")
        yield chunk
