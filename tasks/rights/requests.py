"""Requests of people: entered with the day that they are due, approved where two must agree."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from tasks.errors import ConfigurationError, NotAllowedError
from tasks.resources import Resources
from tasks.rights.subjects import Person
from warehouse import requests

SHORTEST_MONTH = timedelta(days=28)
OPT_OUT_BUSINESS_DAYS = 15  # CCPA regulations, section 7026(f)


def due_at(kind: str, asked_at: datetime) -> datetime:
    """When a request must have been served at the latest.

    The shortest month (GDPR, article 12(3); CCPA's 45 days are more); an opt-out 15 business days.
    """
    if kind != "opt_out":
        return asked_at + SHORTEST_MONTH
    day, left = asked_at, OPT_OUT_BUSINESS_DAYS
    while left:
        day += timedelta(days=1)
        left -= _is_business_day(day.date())
    return day


def ask(resources: Resources, kind: str, person: Person) -> UUID:
    """Enters a request of this person; its id."""
    with resources.session() as connection:
        request_id = requests.add(
            connection,
            resources.organization.org_id,
            kind=kind,
            subject=person.subject,
            names=person.names,
            asked_by=resources.settings.actor,
            due_at=due_at(kind, datetime.now(UTC)),
        )
        resources.audit(
            connection,
            action="privacy.request",
            purpose=kind,
            details={"request_id": str(request_id), "subject": person.subject.hex()},
        )
    return request_id


def approve(resources: Resources, request_id: UUID) -> None:
    """Lets an open request be served.

    Raises: NotAllowedError to whoever entered it (four eyes), ConfigurationError unless it is open.
    """
    actor = resources.settings.actor
    with resources.session() as connection:
        found = requests.find(connection, request_id, lock=True)
        if found is None or found.state != "open":
            raise ConfigurationError(f"no open request {request_id}: see `vensor privacy requests`")
        if found.asked_by == actor:
            raise NotAllowedError(
                f"{actor} entered this request: another person must approve it (four eyes)"
            )
        requests.approve(connection, request_id, approved_by=actor)
        resources.audit(
            connection,
            action="privacy.approve",
            purpose=found.kind,
            details={"request_id": str(request_id), "subject": found.subject.hex()},
        )


def _is_business_day(day: date) -> bool:
    return day.weekday() < 5
