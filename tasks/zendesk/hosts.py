"""Where a recording may be fetched from: the account, and hosts of a list, over https.

A voice comment and a redirect name any address they like. Followed blindly they would lead to what
listens on this machine or in its network, which trusts whoever is inside.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

import httpx

from tasks.errors import RefusedError, TransientError
from tasks.settings import is_loopback

Resolve = Callable[[str], Sequence[str]]
# An IPv4 address inside an IPv6 one, for networks that translate: what counts is the one inside.
TRANSLATED = ip_network("64:ff9b::/96")


def addresses_of(host: str) -> list[str]:
    """The addresses of a host. Raises: TransientError if it has none for now."""
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise TransientError("a recording's host is not found") from None
    return [str(one[4][0]) for one in found]


@dataclass(frozen=True)
class MediaHosts:
    """The rule for one account.

    `allowed` names hosts, each with all below it.
    """

    account: httpx.URL
    allowed: tuple[str, ...]
    resolve: Resolve = addresses_of

    def is_account(self, url: httpx.URL) -> bool:
        """Whether this is the account's own origin: the only one to get its token."""
        return origin(url) == origin(self.account)

    def check(self, url: httpx.URL, *, resolving: bool = True) -> None:
        """Raises: RefusedError for an address that must not be asked.

        The account itself was named by whoever connected it. Behind a proxy (`resolving` false) it
        is the proxy that finds addresses, and its rules say what is reached.
        """
        if url.userinfo:
            raise RefusedError("a recording's address has credentials in it")
        if self.is_account(url) or self._is_local(url):
            return
        if url.scheme != "https" or url.port is not None:
            raise RefusedError("a recording redirects to an address that is not plain https")
        if not any(url.host == name or url.host.endswith(f".{name}") for name in self.allowed):
            raise RefusedError("a recording redirects to a host outside VENSOR_RECORDING_HOSTS")
        if resolving:
            for address in self.resolve(url.host):
                self.check_address(address)

    def check_peer(self, url: httpx.URL, address: str) -> None:
        """As `check`, of the address that answered: a name may lead elsewhere than it just did."""
        if not self.is_account(url) and not self._is_local(url):
            self.check_address(address)

    def check_address(self, address: str) -> None:
        if not is_public(address):
            raise RefusedError("a recording's host lies in a private network")

    def _is_local(self, url: httpx.URL) -> bool:
        """An account on this machine, which is the sandbox, has its recordings there too."""
        return is_loopback(self.account.host) and is_loopback(url.host)


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port; the scheme's usual port is None."""
    return url.scheme, url.host, url.port


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet: not private, local, reserved or a group's."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found in TRANSLATED:
            found = ip_address(int(found) & 0xFFFFFFFF)
        else:
            found = found.ipv4_mapped or found.sixtofour or found
    return found.is_global and not found.is_multicast
