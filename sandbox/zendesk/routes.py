"""Zendesk's route table: method, path below ``/api/v2/``, endpoint, scope, bucket."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from sandbox.zendesk import errors, everyone, exports, recordings, records, snapshots
from sandbox.zendesk.desk import CONSENT, Ask
from sandbox.zendesk.limits import ACCOUNT

Endpoint = Callable[..., dict[str, Any] | Response]


@dataclass(frozen=True)
class Route:
    """One endpoint: what it needs and what it spends."""

    method: str
    pattern: re.Pattern[str]
    endpoint: Endpoint
    scope: str | None
    bucket: str


def _revoke(ask: Ask) -> Response:
    if ask.grant:
        ask.desk.oauth.revoke(ask.grant.pair)
    return Response(status_code=204)


INCREMENTAL, TALK, GUIDE = "incremental", "talk_incremental", "help_center"
TICKETS, USERS, COMPANIES = "tickets:read", "users:read", "organizations:read"
VOICE = "channels/voice"
HELP = r"help_center/(?:[a-z]{2}(?:-\w+)?/)?"
TABLE: tuple[tuple[str, str, Endpoint, str | None, str], ...] = (
    ("GET", "incremental/tickets/cursor", exports.tickets_by_cursor, TICKETS, INCREMENTAL),
    ("GET", "incremental/tickets", exports.tickets_by_time, TICKETS, INCREMENTAL),
    ("GET", "incremental/ticket_events", exports.ticket_events, TICKETS, INCREMENTAL),
    (
        "GET",
        "incremental/ticket_metric_events",
        exports.metric_events_by_time,
        TICKETS,
        INCREMENTAL,
    ),
    ("GET", "incremental/users/cursor", exports.users_by_cursor, USERS, INCREMENTAL),
    ("GET", "incremental/users", exports.users_by_time, USERS, INCREMENTAL),
    ("GET", "incremental/organizations", exports.organizations, COMPANIES, INCREMENTAL),
    ("GET", "tickets", records.ticket_list, TICKETS, ACCOUNT),
    ("GET", "tickets/count", records.ticket_count, TICKETS, ACCOUNT),
    ("GET", "tickets/show_many", records.show_many, TICKETS, ACCOUNT),
    ("GET", r"tickets/(\d+)", records.ticket, TICKETS, ACCOUNT),
    ("GET", r"tickets/(\d+)/comments", records.comments, TICKETS, ACCOUNT),
    ("GET", r"tickets/(\d+)/audits", records.audits, TICKETS, ACCOUNT),
    ("GET", r"tickets/(\d+)/metrics", records.metrics, TICKETS, ACCOUNT),
    ("GET", "search/export", records.search_export, TICKETS, "search_export"),
    ("GET", "deleted_tickets", records.deleted_tickets, TICKETS, "deleted_records"),
    ("GET", "deleted_users", everyone.deleted_users, USERS, "deleted_records"),
    ("GET", "users/me", everyone.me, None, ACCOUNT),
    ("GET", "users", everyone.users, USERS, ACCOUNT),
    ("GET", r"users/(\d+)", everyone.user, USERS, ACCOUNT),
    ("GET", "users/show_many", everyone.show_many, USERS, ACCOUNT),
    ("GET", "users/count", everyone.users_count, USERS, ACCOUNT),
    ("GET", "organizations", everyone.organizations, COMPANIES, ACCOUNT),
    ("GET", "organizations/count", everyone.organizations_count, COMPANIES, ACCOUNT),
    ("GET", r"organizations/(\d+)", everyone.organization, COMPANIES, ACCOUNT),
    ("GET", "satisfaction_ratings", records.ratings, "satisfaction_ratings:read", ACCOUNT),
    ("GET", "guide/survey_responses", snapshots.surveys, "read", ACCOUNT),
    ("GET", "account", snapshots.account, "read", ACCOUNT),
    ("GET", "account/settings", snapshots.account_settings, "read", ACCOUNT),
    ("GET", "groups", snapshots.groups, "read", ACCOUNT),
    ("GET", "groups/count", snapshots.groups_count, "read", ACCOUNT),
    ("GET", "brands", snapshots.brands, "read", ACCOUNT),
    ("GET", "ticket_fields", snapshots.ticket_fields, "read", ACCOUNT),
    ("GET", "ticket_fields/count", snapshots.ticket_fields_count, "read", ACCOUNT),
    ("GET", "custom_statuses", snapshots.custom_statuses, "read", ACCOUNT),
    ("GET", "slas/policies", snapshots.policies, "read", ACCOUNT),
    ("GET", "business_hours/schedules", snapshots.schedules, "read", ACCOUNT),
    ("GET", r"business_hours/schedules/(\d+)/holidays", snapshots.holidays, "read", ACCOUNT),
    ("GET", f"{VOICE}/stats/incremental/calls", exports.calls, "read", TALK),
    ("GET", f"{VOICE}/stats/incremental/legs", exports.legs, "read", TALK),
    ("GET", rf"{VOICE}/calls/(\w+)/twilio/recording", recordings.call, "read", ACCOUNT),
    (
        "GET",
        rf"{VOICE}/calls/(\w+)/twilio/voicemail/recording",
        recordings.voicemail,
        "read",
        ACCOUNT,
    ),
    ("DELETE", rf"{VOICE}/calls/(\w+)/recordings(?:/(\w+))?", recordings.remove, "write", ACCOUNT),
    ("GET", "help_center/incremental/articles", exports.articles, "hc:read", GUIDE),
    ("GET", f"{HELP}articles", snapshots.articles, "hc:read", GUIDE),
    ("GET", rf"{HELP}articles/(\d+)", snapshots.article, "hc:read", GUIDE),
    ("GET", f"{HELP}sections", snapshots.sections, "hc:read", GUIDE),
    ("GET", f"{HELP}categories", snapshots.categories, "hc:read", GUIDE),
    ("DELETE", "oauth/tokens/current", _revoke, None, ACCOUNT),
)
ROUTES = tuple(
    Route(method, re.compile(rf"{path}(?:\.json)?"), endpoint, scope, bucket)
    for method, path, endpoint, scope, bucket in TABLE
)


# What an account can be made to refuse, by the beginning of the path: most with a
# 404, as a plan that lacks them; the exports with a 403. What the plan lacks
# comes first: an export of Talk is not there, before it is forbidden. Consent is refused in the
# browser, so no path of the API is behind it.
REFUSABLE = {
    "talk": ("channels/voice/",),
    "guide": ("help_center/",),
    "csat": ("satisfaction_ratings",),
    "search": ("search/",),
    "export": ("incremental/", "channels/voice/stats/incremental/"),
    CONSENT: (),
}


def check_allowed(refused: Collection[str], path: str) -> None:
    """Raises: Refusal for a path that the account does not allow."""
    for what, beginnings in REFUSABLE.items():
        if what in refused and path.startswith(beginnings):
            raise errors.restricted() if what == "export" else errors.invalid_endpoint()


def find_route(method: str, path: str) -> tuple[Route, re.Match[str]]:
    """The route of a request and the match of its path. Raises: Refusal."""
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match and route.method == method:
            return route, match
    raise errors.invalid_endpoint()
