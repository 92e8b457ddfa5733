"""Access to an account: the OAuth client's own, a person's by browser, or an old API token."""

from tasks.zendesk.oauth.consent import REDIRECT_PORT, WAIT_SECONDS, authorize
from tasks.zendesk.oauth.credentials import (
    NEEDED_SCOPES,
    Credentials,
    CredentialStore,
    NotStored,
    api_token_credentials,
)
from tasks.zendesk.oauth.endpoint import retry_after
from tasks.zendesk.oauth.notes import credential_notes
from tasks.zendesk.oauth.provider import TokenProvider

__all__ = [
    "NEEDED_SCOPES",
    "REDIRECT_PORT",
    "WAIT_SECONDS",
    "CredentialStore",
    "Credentials",
    "NotStored",
    "TokenProvider",
    "api_token_credentials",
    "authorize",
    "credential_notes",
    "retry_after",
]
