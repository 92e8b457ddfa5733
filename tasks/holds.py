"""Placing and lifting legal holds, audited."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from tasks.errors import ConfigurationError
from tasks.redaction.patterns import find_patterns
from tasks.redaction.records import Kind
from tasks.resources import Resources
from tasks.short_ids import the_one
from warehouse import holds
from warehouse.holds import Hold

NAMES = {Kind.EMAIL, Kind.PHONE}
PURPOSE = "a legal hold"


def place_holds(
    resources: Resources,
    kind: Literal["ticket", "user"],
    subject_ids: Sequence[int],
    *,
    reason: str,
    until: datetime | None,
) -> list[UUID]:
    """Holds each of these; the ids of the holds.

    Raises: ConfigurationError where the reason is none, or holds an address or a telephone number.
    """
    told = checked_reason(reason)
    placed = []
    with resources.session() as connection:
        for subject_id in subject_ids:
            hold_id = holds.place(
                connection,
                resources.organization.org_id,
                kind=kind,
                subject_id=subject_id,
                reason=told,
                placed_by=resources.settings.actor,
                until=until,
            )
            resources.audit(
                connection,
                action="hold.place",
                purpose=PURPOSE,
                details={"hold_id": str(hold_id), "kind": kind, "until": str(until or "lifted")},
            )
            placed.append(hold_id)
    return placed


def lift_hold(resources: Resources, told: str) -> Hold:
    """Ends the hold whose id is, or begins with, what was told.

    Raises: ConfigurationError unless it is one, and in force.
    """
    listed_by = f"vensor hold list --org {resources.organization.slug}"
    with resources.session() as connection:
        named = [one for one in holds.find_all(connection) if str(one.hold_id).startswith(told)]
        hold_id = the_one(named, told, "hold", listed_by).hold_id
        lifted = holds.lift(connection, hold_id, lifted_by=resources.settings.actor)
        if lifted is None:
            raise ConfigurationError(f"hold {hold_id} was lifted meanwhile: see `{listed_by}`")
        resources.audit(
            connection,
            action="hold.lift",
            purpose=PURPOSE,
            details={"hold_id": str(hold_id), "kind": lifted.kind},
        )
    return lifted


def checked_reason(reason: str) -> str:
    """The reason without spaces around it. Raises: ConfigurationError as `place_holds`."""
    told = reason.strip()
    if not told:
        raise ConfigurationError("say which matter it is for: --reason")
    if any(span.kind in NAMES for span in find_patterns(told)):
        raise ConfigurationError(
            "the reason holds an e-mail address or a telephone number: name the matter, not people"
        )
    return told
