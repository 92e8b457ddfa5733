"""Whose token it is: signature, issuer, audience, times and kind, before anything it says counts.

The token never chooses how it is verified: HS256 is tried with the configured secret alone, RS256
and ES256 with the published key of that very algorithm. Source: RFC 8725, sections 2.1 and 3.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import jwt
from pydantic import SecretStr

from tasks.errors import NotAllowedError

AUDIENCE = "authenticated"
LEEWAY_SECONDS = 10
LONGEST = 16_384
REQUIRED = ("exp", "iat", "sub", "aud", "iss")
SIGN_IN = "run `vensor login`, or set VENSOR_TOKEN to a new one"


@dataclass(frozen=True)
class Identity:
    """A user of the Supabase project, and when their token ends."""

    user_id: UUID
    expires_at: datetime


class Keys(Protocol):
    """The project's published keys."""

    def find(self, key_id: str) -> jwt.PyJWK | None:
        """The public key of this id, or None. Raises: TransientError, ConfigurationError."""


class Verifier:
    """Verifies the access tokens of one Supabase project."""

    def __init__(self, *, issuer: str, keys: Keys, secret: SecretStr | None) -> None:
        self._issuer = issuer
        self._keys = keys
        self._secret = secret

    def verify(self, token: str) -> Identity:
        """Whose it is. Raises: NotAllowedError saying what is wrong, never with the token."""
        if len(token) > LONGEST or not token.isascii():
            raise NotAllowedError(f"the token is not one that can be read; {SIGN_IN}")
        try:
            algorithm, key = self._key(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key=key,
                algorithms=[algorithm],
                audience=AUDIENCE,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": list(REQUIRED), "enforce_minimum_key_length": True},
            )
        except jwt.PyJWTError as error:
            raise NotAllowedError(f"{_told(error)}; {SIGN_IN}") from None
        return _identity(claims)

    def _key(self, header: Mapping[str, Any]) -> tuple[str, jwt.PyJWK | str]:
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm == "HS256":
            if self._secret is None:
                raise NotAllowedError(
                    "the token is signed with a secret (HS256), and none is configured: set"
                    " VENSOR_JWT_SECRET, or move the Supabase project to signing keys"
                )
            return algorithm, self._secret.get_secret_value()
        if algorithm not in {"RS256", "ES256"}:
            raise NotAllowedError(f"the token is not signed by RS256, ES256 or HS256; {SIGN_IN}")
        key = self._keys.find(key_id) if isinstance(key_id, str) else None
        if key is None or key.algorithm_name != algorithm:
            raise NotAllowedError(
                f"the token is signed with a key that the project does not publish; {SIGN_IN}"
            )
        return algorithm, key


def _identity(claims: Mapping[str, Any]) -> Identity:
    """Raises: NotAllowedError for what is no person's, such as a key of the project itself."""
    if claims.get("role") != AUDIENCE or claims.get("is_anonymous"):
        raise NotAllowedError(
            "the token is no signed-in user's: keys of the project (anon, service_role) and"
            f" anonymous users are no members; {SIGN_IN}"
        )
    try:
        return Identity(UUID(claims["sub"]), datetime.fromtimestamp(claims["exp"], UTC))
    except (ValueError, OverflowError, OSError):
        raise NotAllowedError(
            f"the token names no user by a uuid, or no end that is an instant; {SIGN_IN}"
        ) from None


def _told(error: jwt.PyJWTError) -> str:
    """What is wrong, in words of ours: the library's may quote what the token says."""
    match error:
        case jwt.ExpiredSignatureError():
            return "the sign-in has expired"
        case jwt.ImmatureSignatureError():
            return "the token is not valid yet: is this machine's clock right?"
        case jwt.InvalidAudienceError():
            return f"the token is not for the audience {AUDIENCE}"
        case jwt.InvalidIssuerError():
            return "the token is of another issuer than VENSOR_SUPABASE_URL"
        case jwt.MissingRequiredClaimError():
            return f"the token does not say its {error.claim}"
        case jwt.InvalidSignatureError():
            return "the token's signature is not of the project's key"
        case _:
            return "the token is not one that can be read"
