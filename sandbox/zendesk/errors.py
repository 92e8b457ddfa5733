"""Zendesk's refusals, each in the envelope it really comes in."""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """An answer that is not 200: status, body, headers."""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.status = status
        self.body = dict(body)
        self.headers = dict(headers or {})


def _told(status: int, error: str, description: str) -> Refusal:
    return Refusal(status, {"error": error, "description": description})


def not_authenticated() -> Refusal:
    """401 without a usable Authorization header."""
    headers = {"www-authenticate": 'Basic realm="Web Password"'}
    return Refusal(401, {"error": "Couldn't authenticate you"}, headers)


def invalid_token() -> Refusal:
    """401 for a bearer token that is unknown, expired or revoked."""
    description = (
        "The access token provided is expired, revoked, malformed or invalid for other reasons."
    )
    headers = {"www-authenticate": 'Bearer realm="Zendesk", error="invalid_token"'}
    return Refusal(401, {"error": "invalid_token", "error_description": description}, headers)


def missing_scope(scope: str) -> Refusal:
    """403 for a token that may not do this."""
    return _told(403, "Forbidden", f"You are missing the following required scopes: {scope}")


def restricted() -> Refusal:
    """403 for an export that is closed to this client: it names no scope, for none would help."""
    return _told(403, "Forbidden", "Access to this API is restricted for third-party apps")


def record_not_found() -> Refusal:
    """404 for an id that does not exist."""
    return _told(404, "RecordNotFound", "Not found")


def invalid_endpoint() -> Refusal:
    """404 for a path that does not exist, or not in this account's plan."""
    return _told(404, "InvalidEndpoint", "Not found")


def too_recent() -> Refusal:
    """422 for an export that starts in the newest minute."""
    told = "Too recent start_time. Use a start_time older than 60 seconds"
    return _told(422, "InvalidValue", told)


def invalid_value(description: str) -> Refusal:
    """422 for a parameter with a bad value."""
    return _told(422, "InvalidValue", description)


def bad_request(title: str, message: str) -> Refusal:
    """400, with the newer of the two envelopes."""
    return Refusal(400, {"error": {"title": title, "message": message}})


def too_many(retry_after: int) -> Refusal:
    """429 with the seconds to wait."""
    body = {
        "error": "APIRateLimitExceeded",
        "description": "Number of allowed API requests per minute exceeded",
    }
    return Refusal(429, body, {"retry-after": str(retry_after)})


def invalid_client() -> Refusal:
    """401 from the token endpoint for a wrong client."""
    description = (
        "Client authentication failed due to unknown client, no client authentication included, "
        "or unsupported authentication method."
    )
    return Refusal(401, {"error": "invalid_client", "error_description": description})


def unauthorized_client() -> Refusal:
    """400 from the token endpoint for a grant that this kind of client may not use."""
    description = "The client is not authorized to request an access token using this method."
    told = {"error": "unauthorized_client", "error_description": description}
    return Refusal(400, told)


def invalid_grant() -> Refusal:
    """400 from the token endpoint for a used, expired or foreign code or refresh token."""
    description = (
        "The provided access grant is invalid, expired, or revoked (e.g. invalid assertion, "
        "expired authorization token, bad end-user password credentials, or mismatching "
        "authorization code and redirection URI)."
    )
    return Refusal(400, {"error": "invalid_grant", "error_description": description})


def invalid_request(description: str) -> Refusal:
    """400 from the OAuth endpoints for a malformed request."""
    return Refusal(400, {"error": "invalid_request", "error_description": description})


def unsupported_grant() -> Refusal:
    """400 from the token endpoint for a grant type that is gone or never was."""
    description = "The authorization grant type is not supported by the authorization server."
    return Refusal(400, {"error": "unsupported_grant_type", "error_description": description})
