"""Opting out of models: whoever says no is read by none, from that instant on."""

from tasks.errors import ConfigurationError
from tasks.resources import Resources
from tasks.rights.requests import end, pending
from tasks.rights.subjects import Person
from warehouse import opt_outs


def opt_out(resources: Resources, person: Person) -> int:
    """Forgets what models made of this person's tickets; how many tickets that are.

    Tickets of theirs that come later are left out as well, by whichever of their addresses and
    numbers. The request is entered and done at once.
    """
    with resources.session() as connection:
        request = pending(resources, connection, "opt_out", person)
        org_id = resources.organization.org_id
        tickets = opt_outs.opt_out(connection, org_id, subject=person.subject, names=person.names)
        resources.audit(
            connection,
            action="privacy.opt_out",
            purpose="no models for a person",
            details={"subject": person.subject.hex(), "tickets": tickets},
        )
        end(
            resources,
            connection,
            request,
            state="done",
            receipt={
                "models": "read this person's tickets no more",
                "tickets_forgotten": tickets,
            },
        )
    return tickets


def opt_in(resources: Resources, person: Person) -> None:
    """Takes it back. Raises: ConfigurationError where this person did not opt out."""
    with resources.session() as connection:
        if not opt_outs.opt_in(connection, subject=person.subject, user_ids=person.user_ids):
            raise ConfigurationError(
                f"{resources.organization.slug}: nobody of this name opted out"
            )
        request = pending(resources, connection, "opt_out", person)
        resources.audit(
            connection,
            action="privacy.opt_in",
            purpose="models for a person again",
            details={"subject": person.subject.hex()},
        )
        receipt = {"models": "may read this person's tickets again"}
        end(resources, connection, request, state="done", receipt=receipt)
