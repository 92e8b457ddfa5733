"""What a person should know about credentials before they fail."""

from datetime import datetime, timedelta

from tasks.zendesk.oauth.credentials import API_TOKENS_END_AT, Credentials

WARN_BEFORE = timedelta(days=7)
AGAIN = "run `vensor connect zendesk … --browser`"


def credential_notes(credentials: Credentials, now: datetime) -> list[str]:
    """One line for each thing to know, with what to do; none of them holds a value."""
    if credentials.kind == "api_token":
        return [_api_token(now)]
    notes = []
    if credentials.missing_scopes:
        missing = " ".join(credentials.missing_scopes)
        notes.append(f"the OAuth client lacks the scopes {missing}; connect it again with them")
    if credentials.kind == "authorization_code":
        notes += _refresh(credentials, now)
    return notes


def _api_token(now: datetime) -> str:
    instead = "connect with OAuth: run `vensor connect zendesk … --client-id …`"
    if now >= API_TOKENS_END_AT:
        return f"Zendesk ended all API tokens on 2027-04-30; {instead}"
    return (
        "this is an API token: no account can make new ones since 2026-10-27, it ends after 30"
        f" days without use, and all stop on 2027-04-30; {instead}"
    )


def _refresh(credentials: Credentials, now: datetime) -> list[str]:
    if credentials.refresh_token is None:
        return [_not_renewable(credentials)] if credentials.expires_at else []
    ends = credentials.refresh_expires_at
    if ends is None or ends - WARN_BEFORE > now:
        return []
    if ends <= now:
        return [f"the refresh token ended on {ends:%Y-%m-%d}; {AGAIN}"]
    return [f"the refresh token ends on {ends:%Y-%m-%d}; a run before then renews it, or {AGAIN}"]


def _not_renewable(credentials: Credentials) -> str:
    if credentials.client_secret is None:
        return f"the access ends on {credentials.expires_at:%Y-%m-%d} for good; {AGAIN}"
    return (
        "the refresh token was refused or never given, so that the OAuth client's own access is"
        f" used in place of the person's; {AGAIN} to have the person's back"
    )
