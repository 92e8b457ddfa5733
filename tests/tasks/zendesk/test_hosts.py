"""Where a recording may be fetched from, and above all where not."""

import httpx
import pytest

from tasks.errors import RefusedError, TransientError
from tasks.settings import RECORDING_HOSTS
from tasks.zendesk.hosts import MediaHosts, addresses_of, is_public

ACCOUNT = httpx.URL("https://acme.zendesk.com")
PUBLIC = "93.184.215.14"


def _hosts(*addresses: str, account: httpx.URL = ACCOUNT) -> MediaHosts:
    return MediaHosts(account, RECORDING_HOSTS, lambda _host: addresses or (PUBLIC,))


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.zendesk.com/api/v2/channels/voice/calls/CA1/twilio/recording",
        "https://ACME.zendesk.com:443/recording",
        "https://media.zdusercontent.com/a",
        "https://api.twilio.com/a",
        "https://media.twiliocdn.com/a",
        "https://bucket.s3.eu-west-1.amazonaws.com/a?signature=b",
    ],
)
def test_the_account_and_its_carrier_s_hosts_may_be_asked(url: str) -> None:
    _hosts().check(httpx.URL(url))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://evil.example/a", "outside VENSOR_RECORDING_HOSTS"),
        ("https://eviltwilio.com/a", "outside VENSOR_RECORDING_HOSTS"),
        ("https://api.twilio.com.evil.example/a", "outside VENSOR_RECORDING_HOSTS"),
        ("https://api.twilio.com./a", "outside VENSOR_RECORDING_HOSTS"),
        ("https://169.254.169.254/latest/meta-data", "outside VENSOR_RECORDING_HOSTS"),
        ("https://[::1]/a", "outside VENSOR_RECORDING_HOSTS"),
        ("https://localhost/a", "outside VENSOR_RECORDING_HOSTS"),
        ("https://2130706433/a", "outside VENSOR_RECORDING_HOSTS"),
        ("https://api.twilio.com@evil.example/a", "credentials"),
        ("https://user:word@api.twilio.com/a", "credentials"),
        ("https://user:word@acme.zendesk.com/a", "credentials"),
        ("http://api.twilio.com/a", "not plain https"),
        ("http://acme.zendesk.com/a", "not plain https"),
        ("http://127.0.0.1:5432/", "not plain https"),
        ("https://api.twilio.com:8443/a", "not plain https"),
        ("ftp://api.twilio.com/a", "not plain https"),
        ("file:///etc/passwd", "not plain https"),
    ],
)
def test_nothing_else_may_be(url: str, why: str) -> None:
    """Each is refused before anything is sent; the address itself is not repeated."""
    with pytest.raises(RefusedError, match=why) as caught:
        _hosts().check(httpx.URL(url))
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.5",
        "172.16.9.9",
        "192.168.1.1",
        "127.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.5",
        "64:ff9b::a00:5",
        "2002:a00:5::1",
        "no address",
        "",
    ],
)
def test_an_allowed_name_that_leads_into_a_private_network_is_refused(address: str) -> None:
    """One such address among public ones is enough: which one is taken is not ours to say."""
    assert not is_public(address)
    with pytest.raises(RefusedError, match="private network"):
        _hosts(PUBLIC, address).check(httpx.URL("https://api.twilio.com/a"))
    with pytest.raises(RefusedError, match="private network"):
        _hosts().check_peer(httpx.URL("https://api.twilio.com/a"), address)


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e"])
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


def test_a_real_name_of_this_machine_is_refused_by_its_address() -> None:
    """Even if somebody put it on the list."""
    assert "127.0.0.1" in addresses_of("localhost")
    hosts = MediaHosts(ACCOUNT, ("localhost", "127.0.0.1"))
    for url in ("https://localhost/a", "https://127.0.0.1/a"):
        with pytest.raises(RefusedError, match="private network"):
            hosts.check(httpx.URL(url))


def test_a_name_that_is_not_found_may_be_found_later() -> None:
    with pytest.raises(TransientError, match="not found"):
        addresses_of("no-such-host.invalid")


def test_loopback_is_for_accounts_on_loopback_only() -> None:
    """The sandbox's carrier is a port of this machine; a real account's never is."""
    sandbox = _hosts(account=httpx.URL("http://127.0.0.1:8000"))
    sandbox.check(httpx.URL("http://127.0.0.1:9000/a"))
    sandbox.check_peer(httpx.URL("http://127.0.0.1:9000/a"), "127.0.0.1")
    assert not sandbox.is_account(httpx.URL("http://127.0.0.1:9000/a"))
    with pytest.raises(RefusedError):
        sandbox.check(httpx.URL("http://10.0.0.5/a"))
    for url in ("http://127.0.0.1:9000/a", "https://127.0.0.1/a"):
        with pytest.raises(RefusedError):
            _hosts("127.0.0.1").check(httpx.URL(url))
