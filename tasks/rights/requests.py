"""Requests of people: entered with the day that they are due, approved where two must agree."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from tasks.errors import ConfigurationError, NotAllowedError
from tasks.resources import Resources
from tasks.rights.subjects import Person
from tasks.short_ids import the_one
from warehouse import requests
from warehouse.requests import Due, Request

SHORTEST_MONTH = timedelta(days=28)
OPT_OUT_BUSINESS_DAYS = 15  # CCPA regulations, section 7026(f)
DUE_SOON = timedelta(days=7)
FOUR_EYES = {"erase"}  # whoever enters it may not approve it
LISTED_BY = "vensor privacy requests --all"
# Why a request may be refused. Source: GDPR, articles 11(2), 12(5), 15(4), 17(3); CCPA, 1798.145.
REASONS = {
    "not_identified": "who asked could not be identified",
    "unfounded": "it is manifestly unfounded",
    "excessive": "it is excessive, because it is repeated",
    "others_rights": "it would harm the rights of others",
    "legal_obligation": "the law asks that the data be kept",
    "legal_claims": "the data is needed for legal claims",
    "withdrawn": "who asked took it back",
    "duplicate": "it was asked before, and is answered there",
}


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
    """The id of the request of this kind that the person waits for; entered where there is none."""
    with resources.session() as connection:
        return pending(resources, connection, kind, person).request_id


def enter(resources: Resources, connection: Connection, kind: str, person: Person) -> UUID:
    """Enters a request of this person; its id."""
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


def pending(resources: Resources, connection: Connection, kind: str, person: Person) -> Request:
    """The request that this person waits for, locked; entered now where there is none.

    Asked twice, by whatever of their names, it is one.
    """
    found = requests.find_pending(connection, kind, person.names, person.user_ids)
    request_id = enter(resources, connection, kind, person) if found is None else found.request_id
    request = requests.find(connection, request_id, lock=True)
    if request is None or request.state not in requests.PENDING:
        raise ConfigurationError(f"request {request_id} was ended meanwhile; enter it again")
    return request


def approve(resources: Resources, request_id: UUID) -> None:
    """Lets an open request be served.

    Raises: NotAllowedError to whoever entered an erasure (four eyes), ConfigurationError unless
    it is open.
    """
    actor = resources.settings.actor
    with resources.session() as connection:
        found = requests.find(connection, request_id, lock=True)
        if found is None or found.state != "open":
            raise ConfigurationError(f"no open request {request_id}: see `vensor privacy requests`")
        alone = found.kind in FOUR_EYES and found.asked_by == actor
        if not alone:
            requests.approve(connection, request_id, approved_by=actor)
        resources.audit(
            connection,
            action="refused" if alone else "privacy.approve",
            purpose=found.kind,
            details={"request_id": str(request_id), "subject": found.subject.hex()},
        )
    if alone:
        raise NotAllowedError(
            f"{actor} entered this request: another person must approve it (four eyes)"
        )


def refuse(resources: Resources, request_id: UUID, reason: str) -> None:
    """Ends a request unserved, with the reason in its receipt.

    Raises: ConfigurationError where the reason is none of `REASONS`, or it has ended.
    """
    if reason not in REASONS:
        raise ConfigurationError(f"no reason {reason!r}; there are: {', '.join(REASONS)}")
    with resources.session() as connection:
        found = requests.find(connection, request_id, lock=True)
        if found is None or found.state not in requests.PENDING:
            raise ConfigurationError(f"request {request_id} has ended: `vensor privacy receipt`")
        end(resources, connection, found, state="refused", receipt={"reason": reason})


def end(
    resources: Resources,
    connection: Connection,
    request: Request,
    *,
    state: str,
    receipt: Mapping[str, int | str],
) -> None:
    """Ends a request as `done` or `refused`, by who acts; in the transaction of what was done."""
    told = {"ended_by": resources.settings.actor, **receipt}
    requests.end(connection, request.request_id, state=state, receipt=told)
    resources.audit(
        connection,
        action=f"privacy.{state}",
        purpose=request.kind,
        details={"request_id": str(request.request_id), "subject": request.subject.hex()},
    )


def find_request(resources: Resources, told: str) -> Request:
    """The request whose id is, or begins with, what was told.

    Raises: ConfigurationError unless it is one.
    """
    with resources.session() as connection:
        found = requests.find_beginning(connection, told)
    return the_one(found, told, "request", LISTED_BY)


def find_due(resources: Resources, as_of: datetime) -> Due:
    """What nobody has served yet: past its day, due within 7 days, and how many in all."""
    with resources.session() as connection:
        return requests.count_due(connection, as_of, DUE_SOON)


def _is_business_day(day: date) -> bool:
    return day.weekday() < 5
