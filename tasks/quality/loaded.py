"""The suite `after_load`: what must hold of what was loaded from Zendesk.

Constraints of the tables (keys, not null, closed vocabularies) are not said again; that they are
there is part of `declared`.
"""

from sqlalchemy import Table

from tasks.quality.expected import (
    Expected,
    at_least,
    between,
    declared,
    in_set,
    no_row,
    not_in_the_future,
    not_null,
    parents,
)
from tasks.quality.volume import usual_volume
from warehouse.tables import zendesk

MOST_SECONDS_OF_A_CALL = 86_400
# A ticket that an AI agent handled alone has events but is not in the export of tickets.
MOST_ORPHANS = 0.05
# Deleted accounts leave records without their person.
MOST_NAMELESS = 0.2
TICKET_STATUSES = ["new", "open", "pending", "hold", "solved", "closed", "deleted"]
RATING_SCORES = [
    "offered",
    "unoffered",
    "good",
    "bad",
    "received",
    "good_with_comment",
    "good_without_comment",
    "bad_with_comment",
    "bad_without_comment",
]


def _one_in_force() -> Expected:
    """Of each setting that is kept in versions, one at a time holds."""
    query = """
        select 1 from {batch} where valid_to is null group by id having count(*) > 1
    """
    return no_row("one version in force", "valid_to", query)


def _versions() -> list[Expected]:
    return [_one_in_force(), at_least("valid_to", "valid_from")]


def _of_tickets() -> list[Expected]:
    return [parents("ticket_id", "zendesk.tickets", most_missing=MOST_ORPHANS)]


EXPECTED: dict[Table, list[Expected]] = {
    zendesk.tickets: [
        not_null("status"),
        in_set("status", TICKET_STATUSES),
        not_null("requester_id", most_missing=MOST_NAMELESS),
        at_least("updated_at", "created_at"),
        not_in_the_future(),
        *usual_volume(),
    ],
    zendesk.ticket_metrics: [
        parents("ticket_id", "zendesk.tickets"),
        between("reopens", 0),
        between("replies", 0),
        between("full_resolution_calendar_minutes", 0),
        between("full_resolution_business_minutes", 0),
        at_least("full_resolution_calendar_minutes", "first_resolution_calendar_minutes"),
    ],
    zendesk.comments: [
        *_of_tickets(),
        not_null("author_id", most_missing=MOST_NAMELESS),
        not_in_the_future(),
        *usual_volume(),
    ],
    zendesk.audit_events: [
        *_of_tickets(),
        not_null("event_type"),
        not_in_the_future(),
        *usual_volume(),
    ],
    zendesk.metric_events: [
        *_of_tickets(),
        not_null("metric"),
        not_null("type"),
        between("sla_target_minutes", 0),
        between("calendar_minutes", 0),
        between("business_minutes", 0),
        not_in_the_future(),
    ],
    zendesk.satisfaction_ratings: [
        not_null("score"),
        in_set("score", RATING_SCORES),
        not_in_the_future(),
    ],
    zendesk.survey_responses: [
        at_least("highest", "rating"),
        at_least("rating", "lowest"),
        not_in_the_future(),
    ],
    zendesk.calls: [
        *(
            between(f"{part}_seconds", 0, MOST_SECONDS_OF_A_CALL)
            for part in ("duration", "talk", "wait", "hold", "wrap_up")
        ),
        not_in_the_future(),
        *usual_volume(),
    ],
    zendesk.sla_policies: _versions(),
    zendesk.schedules: _versions(),
    zendesk.holidays: [*_versions(), at_least("end_on", "start_on")],
}
SUITE: dict[str, list[Expected]] = {
    table.fullname: [declared(table), *expected] for table, expected in EXPECTED.items()
}
