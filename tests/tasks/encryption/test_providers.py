"""Every holder of a key-encryption key does the same, over a socket where it has one."""

import base64
import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import grpc
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import Engine

from tasks.encryption import Cipher, KeyEncryptionKeys, Keyring
from tasks.encryption.providers import KeyProvider, gcp, provider_of, vault
from tasks.encryption.providers.gcp import GcpKey
from tasks.encryption.providers.local import LocalKey
from tasks.errors import ConfigurationError, PermanentError, TransientError
from tests.tasks.encryption.services import (
    CloudKms,
    Vault,
    aws_refusing,
    cloud_kms_served,
    vault_served,
)
from warehouse.sessions import Organization

SECRET = bytes(range(32))
NAME = "projects/p/locations/europe/keyRings/r/cryptoKeys/{}"
REGION = "eu-central-1"


@dataclass
class Held:
    """A key with a holder, and another key with the same one."""

    provider: KeyProvider
    other: KeyProvider


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws_environment(moto: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What AWS's own tools read; the address of the service."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", moto)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    aws_opened_anew()
    return moto


def aws_opened_anew() -> None:
    """A process opens a service once; these tests want it anew."""
    from tasks.encryption.providers import SERVICES

    for opened in SERVICES.values():
        opened.cache_clear()


def _aws_key(moto: str) -> str:
    client = boto3.client("kms", region_name=REGION, endpoint_url=moto)
    return f"aws-kms://{client.create_key()['KeyMetadata']['Arn']}"


@pytest.fixture
def vault_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    with vault_served() as server:
        monkeypatch.setenv("VAULT_TOKEN", server.token)
        yield server


@pytest.fixture
def cloud_kms() -> Iterator[tuple[CloudKms, object]]:
    with cloud_kms_served(NAME.format("one"), NAME.format("other")) as found:
        yield found


@pytest.fixture(params=["environment", "file", "aws", "gcp", "vault"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Held:
    """Each holder, as the settings open it."""
    if request.param == "aws":
        moto = request.getfixturevalue("aws_environment")
        return Held(*(provider_of(_aws_key(moto), "VENSOR_KEK") for _ in range(2)))
    if request.param == "gcp":
        _, client = request.getfixturevalue("cloud_kms")
        return Held(*(GcpKey(NAME.format(name), client) for name in ("one", "other")))
    if request.param == "vault":
        server = request.getfixturevalue("vault_server")
        server.add_version("second")
        second = server.url.replace("/vensor", "/second")
        return Held(*(provider_of(url, "VENSOR_KEK") for url in (server.url, second)))
    texts = [base64.b64encode(os.urandom(32)).decode() for _ in range(2)]
    if request.param == "file":
        for number, text in enumerate(texts):
            (tmp_path / f"{number}").write_text(text)
            (tmp_path / f"{number}").chmod(0o600)
        texts = [(tmp_path / f"{number}").as_uri() for number in range(2)]
    return Held(*(provider_of(text, "VENSOR_KEK") for text in texts))


def test_what_is_wrapped_opens_and_is_never_the_same_twice(held: Held) -> None:
    """Nor does it hold the key."""
    wraps = [held.provider.wrap(SECRET, b"place") for _ in range(2)]
    assert [held.provider.unwrap(one, b"place") for one in wraps] == [SECRET, SECRET]
    assert wraps[0] != wraps[1]
    assert SECRET not in wraps[0]


def test_a_wrap_is_bound_to_its_place(held: Held) -> None:
    """A key moved to another organization or id does not open, and the error names the holder."""
    wrapped = held.provider.wrap(SECRET, b"place")
    with pytest.raises(PermanentError, match="does not open") as caught:
        held.provider.unwrap(wrapped, b"other")
    assert held.provider.key_uri in str(caught.value)


def test_another_key_of_the_same_holder_opens_nothing(held: Held) -> None:
    """Their URIs tell them apart."""
    assert held.provider.key_uri != held.other.key_uri
    with pytest.raises(PermanentError):
        held.other.unwrap(held.provider.wrap(SECRET, b"place"), b"place")


@pytest.mark.parametrize("at", [0, 20, -1])
def test_a_wrap_that_was_altered_opens_nothing(held: Held, at: int) -> None:
    """At its beginning, in its middle, at its end."""
    wrapped = bytearray(held.provider.wrap(SECRET, b"place"))
    wrapped[at] ^= 1
    with pytest.raises(PermanentError):
        held.provider.unwrap(bytes(wrapped), b"place")


def test_a_whole_keyring_under_each_holder(
    held: Held, engine: Engine, organization: Organization
) -> None:
    """Sealed by one process, opened by the next: the data key itself comes back."""

    def cipher() -> Cipher:
        kek = KeyEncryptionKeys(lambda: (held.provider, None))
        return Cipher(Keyring(engine, organization.org_id, kek))

    sealed = cipher().seal_secret(b"words", column="a.b.c", row_id="1")
    assert cipher().unseal_secret(sealed, column="a.b.c", row_id="1") == b"words"


WEAK = {
    "empty": b"",
    "short": b"short",
    "31 bytes": hashlib.sha256(b"x").digest()[:31],
    "33 bytes": hashlib.sha512(b"x").digest()[:33],
    "zeros": bytes(32),
    "one byte": b"\xff" * 32,
    "a pattern": hashlib.sha256(b"x").digest()[:16] * 2,
    "counted": bytes(range(7, 39)),
    "counted down": bytes(range(200, 136, -2)),
    "a sentence": b"correct horse battery staple ok!",
}


@pytest.mark.parametrize("weak", WEAK.values(), ids=WEAK)
def test_weak_keys_are_refused_without_being_shown(weak: bytes) -> None:
    """From wherever they come."""
    text = base64.b64encode(weak).decode()
    with pytest.raises(ConfigurationError, match="openssl rand") as caught:
        provider_of(text, "VENSOR_KEK")
    assert not text or text not in str(caught.value)
    with pytest.raises(ConfigurationError):
        LocalKey(weak, where="a test")


def test_text_that_is_no_key_is_refused_without_being_shown() -> None:
    """A passphrase, or a URI of a kind that there is not."""
    for text in ("not base64 at all!", "azure-kms://vault/key", "hunter2"):
        with pytest.raises(ConfigurationError, match="VENSOR_KEK") as caught:
            provider_of(text, "VENSOR_KEK")
        assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("aws-kms://key/1234", "names no key of AWS KMS such as"),
        ("gcp-kms://projects/p/keys/k", "names no key of Cloud KMS such as"),
        ("hcvault://vault.example", "names no key such as hcvault://"),
        ("hcvault://user:pw@vault.example/transit/keys/k", "names no key such as hcvault://"),
        ("file:///nowhere/at/all", "No such file"),
    ],
)
def test_a_uri_that_names_no_key_says_what_one_looks_like(uri: str, said: str) -> None:
    """And is not asked for over the network."""
    with pytest.raises(ConfigurationError, match=said) as caught:
        provider_of(uri, "VENSOR_KEK")
    assert "pw" not in str(caught.value)


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """With the command that mends it."""
    path = tmp_path / "kek"
    path.write_text(base64.b64encode(os.urandom(32)).decode())
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        provider_of(path.as_uri(), "VENSOR_KEK")


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("kind", ["aws", "gcp", "vault"])
def test_a_service_that_is_away_may_come_back(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told apart from one that refuses; and within seconds."""
    port = _closed_port()
    monkeypatch.setenv("VAULT_TOKEN", "s.any")
    if kind == "gcp":
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            from google.cloud import kms

            transport = kms.KeyManagementServiceClient.get_transport_class("grpc")
            client = kms.KeyManagementServiceClient(transport=transport(channel=channel))
            with pytest.raises(TransientError, match="did not answer"):
                GcpKey(NAME.format("one"), client).wrap(SECRET, b"place")
        return
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    aws_opened_anew()
    uri = {
        "aws": f"aws-kms://arn:aws:kms:{REGION}:123456789012:key/1234",
        "vault": f"hcvault://127.0.0.1:{port}/transit/keys/vensor",
    }[kind]
    with pytest.raises(TransientError, match="did not answer"):
        provider_of(uri, "VENSOR_KEK").wrap(SECRET, b"place")


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("AccessDeniedException", ConfigurationError, "kms:Encrypt and kms:Decrypt"),
        ("DisabledException", ConfigurationError, "enable it"),
        ("KMSInvalidStateException", ConfigurationError, "about to be deleted"),
        ("ExpiredTokenException", ConfigurationError, "renew them"),
        ("IncorrectKeyException", PermanentError, "does not open"),
        ("SomethingNewException", ConfigurationError, "SomethingNewException"),
        ("KeyUnavailableException", TransientError, "did not answer"),
    ],
)
def test_aws_says_why_it_refuses(
    aws_environment: str,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    kind: type[Exception],
    said: str,
) -> None:
    """By the codes of its answers, on the wire as AWS sends them."""
    with aws_refusing(code) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", url)
        aws_opened_anew()
        key = provider_of(f"aws-kms://arn:aws:kms:{REGION}:123456789012:key/1234", "VENSOR_KEK")
        with pytest.raises(kind, match=said):
            key.unwrap(b"wrapped", b"place")


def test_aws_without_a_key_or_credentials_says_so(
    aws_environment: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A key that is not there, no credentials, and plain http to somewhere else."""
    uri = _aws_key(aws_environment)
    missing = uri[:-12] + "0" * 12
    with pytest.raises(ConfigurationError, match="no such key"):
        provider_of(missing, "VENSOR_KEK").wrap(SECRET, b"place")
    aws_opened_anew()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match="no AWS credentials"):
        provider_of(uri, "VENSOR_KEK").wrap(SECRET, b"place")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://kms.example")
    aws_opened_anew()
    with pytest.raises(ConfigurationError, match="not https"):
        provider_of(uri, "VENSOR_KEK")


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, ConfigurationError, "Encrypter/Decrypter"),
        (grpc.StatusCode.UNAUTHENTICATED, ConfigurationError, "renew them"),
        (grpc.StatusCode.FAILED_PRECONDITION, ConfigurationError, "enable one"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, TransientError, "did not answer"),
        (grpc.StatusCode.INTERNAL, TransientError, "did not answer"),
    ],
)
def test_google_says_why_it_refuses(
    cloud_kms: tuple[CloudKms, object], status: grpc.StatusCode, kind: type[Exception], said: str
) -> None:
    """And a key that is not there."""
    service, client = cloud_kms
    with pytest.raises(ConfigurationError, match="no such key"):
        GcpKey(NAME.format("third"), client).wrap(SECRET, b"place")
    service.refuses = status
    with pytest.raises(kind, match=said):
        GcpKey(NAME.format("one"), client).wrap(SECRET, b"place")


def test_google_without_credentials_says_where_they_come_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that is not there, in place of a search on the network."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(ConfigurationError, match="gcloud auth"):
        gcp.opened(f"{gcp.SCHEME}{NAME.format('one')}")


def test_vault_says_why_it_refuses(vault_server: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed, another token, none at all, no such mount, no such key."""
    key = vault.opened(vault_server.url)
    vault_server.sealed = True
    with pytest.raises(TransientError, match="unseal it"):
        key.wrap(SECRET, b"place")
    vault_server.sealed = False
    monkeypatch.setenv("VAULT_TOKEN", "s.bad")
    asked = vault_server.asked
    with pytest.raises(ConfigurationError, match=r"VAULT_TOKEN has expired, or its policy") as told:
        key.wrap(SECRET, b"place")
    assert "s.bad" not in str(told.value)
    assert vault_server.asked == asked + 1, "what is refused is not asked again"
    monkeypatch.delenv("VAULT_TOKEN")
    with pytest.raises(ConfigurationError, match="needs VAULT_TOKEN"):
        key.wrap(SECRET, b"place")
    monkeypatch.setenv("VAULT_TOKEN", vault_server.token)
    with pytest.raises(ConfigurationError, match="is the mount right"):
        vault.opened(vault_server.url.replace("/transit/", "/other/")).wrap(SECRET, b"place")
    with pytest.raises(ConfigurationError, match="aes256-gcm96"):
        vault.opened(vault_server.url.replace("/vensor", "/none")).wrap(SECRET, b"place")


def test_vault_s_own_rotation_changes_nothing_here(vault_server: Vault) -> None:
    """Old versions open what they wrapped; the new one wraps."""
    key = vault.opened(vault_server.url)
    before = key.wrap(SECRET, b"place")
    vault_server.add_version("vensor")
    after = key.wrap(SECRET, b"place")
    assert (before[:9], after[:9]) == (b"vault:v1:", b"vault:v2:")
    assert key.unwrap(before, b"place") == key.unwrap(after, b"place") == SECRET


@pytest.mark.parametrize(
    ("module", "uri", "extra"),
    [
        ("boto3", f"aws-kms://arn:aws:kms:{REGION}:123456789012:key/1234", "aws"),
        ("google.cloud.kms", f"gcp-kms://{NAME.format('one')}", "gcp"),
    ],
)
def test_an_extra_that_is_not_installed_is_named(module: str, uri: str, extra: str) -> None:
    """In a process of its own that cannot import it."""
    code = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "from tasks.encryption.providers import provider_of\n"
        f"provider_of({uri!r}, 'VENSOR_KEK')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"pip install vensor[{extra}]" in done.stderr
