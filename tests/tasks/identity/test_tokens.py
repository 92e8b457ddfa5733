"""Whose token it is, and what an attacker's looks like: over a real socket, with real keys."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import SecretStr

from tasks.errors import ConfigurationError, NotAllowedError, TransientError
from tasks.identity import KeySet, SupabaseAuth, Verifier
from tests.supabase import SECRET, Supabase, new_keys, unsigned

PAST = datetime.now(UTC) - timedelta(hours=1)
FUTURE = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def verifier(supabase: Supabase) -> Verifier:
    """Of a project that has signing keys and a former secret."""
    return _verifier(supabase, SecretStr(SECRET))


def _verifier(supabase: Supabase, secret: SecretStr | None) -> Verifier:
    auth = SupabaseAuth(supabase.url)
    return Verifier(issuer=auth.issuer, keys=KeySet(auth.fetch_keys), secret=secret)


@pytest.mark.parametrize("by", ["rs", "es", "secret"])
def test_a_user_s_token_says_who_and_until_when(
    supabase: Supabase, verifier: Verifier, by: str
) -> None:
    """Signed by a published key or by the secret."""
    user_id, ends = uuid4(), FUTURE.replace(microsecond=0)
    identity = verifier.verify(supabase.token(user_id, by=by, exp=ends))
    assert (identity.user_id, identity.expires_at) == (user_id, ends)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iss": "https://evil.supabase.co/auth/v1"}, "another issuer"),
        ({"iss": None}, "does not say its iss"),
        ({"aud": "anon"}, "audience"),
        ({"aud": None}, "does not say its aud"),
        ({"exp": PAST}, "expired"),
        ({"exp": None}, "does not say its exp"),
        ({"nbf": FUTURE}, "not valid yet"),
        ({"iat": FUTURE}, "not valid yet"),
        ({"iat": None}, "does not say its iat"),
        ({"sub": None}, "does not say its sub"),
        ({"sub": "ada"}, "no user by a uuid"),
        ({"role": "anon"}, "no signed-in user's"),
        ({"role": "service_role"}, "no signed-in user's"),
        ({"role": None}, "no signed-in user's"),
        ({"is_anonymous": True}, "no signed-in user's"),
        ({"exp": 10**18}, "no end that is an instant"),
    ],
)
@pytest.mark.parametrize("by", ["es", "secret"])
def test_what_a_token_says_is_checked(
    supabase: Supabase, verifier: Verifier, claims: dict[str, object], said: str, by: str
) -> None:
    """Each refusal says what is wrong and what to do, and shows nothing of the token."""
    token = supabase.token(by=by, **claims)
    with pytest.raises(NotAllowedError, match=said) as caught:
        verifier.verify(token)
    assert "vensor login" in str(caught.value)
    _shows_nothing(caught.value, token)


def _shows_nothing(error: BaseException, token: str) -> None:
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    for part in token.split("."):
        assert not part or part not in repr(error)


def _confused(supabase: Supabase) -> str:
    """HS256 with the published RSA key as its secret, which PyJWT itself would not make."""
    import hashlib
    import hmac

    header = {"alg": "HS256", "typ": "JWT", "kid": "rs"}
    claims = supabase.claims() | {"iat": int(PAST.timestamp()), "exp": int(FUTURE.timestamp())}
    body = b".".join(_encoded(json.dumps(one).encode()) for one in (header, claims))
    signature = hmac.new(supabase.public_pem("rs"), body, hashlib.sha256).digest()
    return (body + b"." + _encoded(signature)).decode()


def _encoded(plain: bytes) -> bytes:
    return base64.urlsafe_b64encode(plain).rstrip(b"=")


def _signed(supabase: Supabase, key: object, algorithm: str, key_id: str | None) -> str:
    headers = {} if key_id is None else {"kid": key_id}
    return jwt.encode(supabase.claims(), key, algorithm=algorithm, headers=headers)


def _flipped(token: str) -> str:
    head, body, signature = token.split(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[0] ^= 1
    return f"{head}.{body}.{_encoded(bytes(raw)).decode()}"


def _other_rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


ATTACKS: dict[str, Callable[[Supabase], str]] = {
    "no signature": lambda project: unsigned(project.claims()),
    "the public key as a secret": _confused,
    "a stranger's key under a published id": lambda project: _signed(
        project, ec.generate_private_key(ec.SECP256R1()), "ES256", "es"
    ),
    "a stranger's RSA key under the id of an EC key": lambda project: _signed(
        project, _other_rsa(), "RS256", "es"
    ),
    "an id that is not published": lambda project: _signed(project, _other_rsa(), "RS256", "new"),
    "no id": lambda project: _signed(project, project.keys["es"], "ES256", None),
    "another algorithm of the same key": lambda project: _signed(
        project, project.keys["rs"], "PS256", "rs"
    ),
    "another hash": lambda project: _signed(project, project.keys["rs"], "RS512", "rs"),
    "a wrong secret": lambda project: _signed(project, "x" * 40, "HS256", None),
    "the secret with another hash": lambda project: _signed(project, SECRET * 2, "HS512", None),
    "a flipped bit": lambda project: _flipped(project.token()),
    "another body": lambda project: ".".join(
        [
            project.token().split(".")[0],
            project.token(uuid4()).split(".")[1],
            project.token().split(".")[2],
        ]
    ),
    "no token": lambda _: "Wilhelmina",
    "nothing": lambda _: "",
    "no letters": lambda _: "ünïcödé.\udcff.x",
    "very long": lambda project: project.token() + "x" * 20_000,
    "a header that is a list": lambda _: ".".join(
        base64.urlsafe_b64encode(one).decode() for one in (b"[]", b"{}", b"x")
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("with_secret", [True, False])
def test_a_forged_token_is_refused(supabase: Supabase, attack: str, with_secret: bool) -> None:
    """Whatever it says of its algorithm and key; with nothing of it in the error."""
    token = ATTACKS[attack](supabase)
    verifier = _verifier(supabase, SecretStr(SECRET) if with_secret else None)
    with pytest.raises(NotAllowedError) as caught:
        verifier.verify(token)
    _shows_nothing(caught.value, token)


def test_hs256_without_a_secret_says_what_to_set(supabase: Supabase) -> None:
    """A project that still signs with its secret."""
    with pytest.raises(NotAllowedError, match="set VENSOR_JWT_SECRET"):
        _verifier(supabase, None).verify(supabase.token(by="secret"))


def test_keys_are_kept_and_looked_for_anew_when_they_rotate(supabase: Supabase) -> None:
    """One fetch for many tokens; one more for an id that is not there, but not for each."""
    now = 0.0
    keys = KeySet(SupabaseAuth(supabase.url).fetch_keys, clock=lambda: now)
    verifier = Verifier(issuer=supabase.issuer, keys=keys, secret=None)
    for _ in range(5):
        verifier.verify(supabase.token())
    assert supabase.asked == 1
    former, supabase.keys = supabase.keys, {"new": new_keys()["es"]}
    now = 31.0
    verifier.verify(supabase.token(by="new"))
    assert supabase.asked == 2
    for _ in range(5):
        with pytest.raises(NotAllowedError, match="does not publish"):
            verifier.verify(jwt.encode(supabase.claims(), former["es"], "ES256", {"kid": "es"}))
    assert supabase.asked == 2, "a made-up id must not make us ask each time"
    now = 400.0
    supabase.keys = former
    with pytest.raises(NotAllowedError, match="does not publish"):
        verifier.verify(jwt.encode(supabase.claims(), new_keys()["es"], "ES256", {"kid": "new"}))
    assert supabase.asked == 3, "a withdrawn key is forgotten within minutes"


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (503, TransientError, "busy or away"),
        (429, TransientError, "busy or away"),
        (404, ConfigurationError, "VENSOR_SUPABASE_URL"),
        (302, ConfigurationError, "VENSOR_SUPABASE_URL"),
    ],
)
def test_a_server_that_gives_no_keys(
    supabase: Supabase, verifier: Verifier, status: int, error: type[Exception], said: str
) -> None:
    """What may pass is told from what will not."""
    supabase.status = status
    with pytest.raises(error, match=said):
        verifier.verify(supabase.token())


def test_a_server_that_is_not_there(supabase: Supabase) -> None:
    """It may come back."""
    auth = SupabaseAuth("http://127.0.0.1:1")
    verifier = Verifier(issuer=auth.issuer, keys=KeySet(auth.fetch_keys), secret=None)
    with pytest.raises(TransientError, match="did not answer"):
        verifier.verify(supabase.token())


def test_only_public_keys_that_sign_are_taken(supabase: Supabase) -> None:
    """Not a secret that someone published, not a key that encrypts, not a curve of another kind."""
    supabase.keys["p384"] = ec.generate_private_key(ec.SECP384R1())
    told = supabase.jwks()["keys"]
    assert isinstance(told, list)
    del told[2]["alg"]
    told += [
        {"kty": "oct", "kid": "oct", "alg": "HS256", "k": "eA"},
        told[0] | {"kid": "enc", "use": "enc"},
        {"kid": "broken"},
        "no key",
    ]
    supabase.published = {"keys": told}
    assert sorted(SupabaseAuth(supabase.url).fetch_keys()) == ["es", "rs"]


@pytest.mark.parametrize("body", [[], {}, {"keys": None}, {"keys": [{"kty": "RSA"}]}])
def test_what_is_no_set_of_keys(supabase: Supabase, body: object) -> None:
    """An answer of another kind is a wrong setting."""
    supabase.published = body
    with pytest.raises(ConfigurationError, match="cannot be read"):
        SupabaseAuth(supabase.url).fetch_keys()


def test_a_project_that_signs_with_its_secret_publishes_none(supabase: Supabase) -> None:
    """That is no fault: its tokens are verified with VENSOR_JWT_SECRET."""
    supabase.keys.clear()
    assert SupabaseAuth(supabase.url).fetch_keys() == {}
    verifier = _verifier(supabase, SecretStr(SECRET))
    assert verifier.verify(supabase.token(by="secret"))
