"""Opting out of models: whoever says no is read by none, from that instant on."""

from tasks.errors import ConfigurationError
from tasks.resources import Resources
from warehouse import opt_outs


def opt_out(resources: Resources, email: str) -> int:
    """Forgets what models made of this person's tickets; how many tickets that are.

    Tickets of theirs that come later are left out as well.
    """
    index = _index(resources, email)
    with resources.session() as connection:
        tickets = opt_outs.opt_out(connection, resources.organization.org_id, email_index=index)
        resources.audit(
            connection,
            action="privacy.opt_out",
            purpose="no models for a person",
            details={"subject": index.hex(), "tickets": tickets},
        )
    return tickets


def opt_in(resources: Resources, email: str) -> None:
    """Takes it back. Raises: ConfigurationError where this person did not opt out."""
    index = _index(resources, email)
    with resources.session() as connection:
        if not opt_outs.opt_in(connection, email_index=index):
            raise ConfigurationError(
                f"{resources.organization.slug}: nobody with this address opted out"
            )
        resources.audit(
            connection,
            action="privacy.opt_in",
            purpose="models for a person again",
            details={"subject": index.hex()},
        )


def _index(resources: Resources, email: str) -> bytes:
    """As users and identities have the address. Raises: ConfigurationError where it is none."""
    if "@" not in email.strip(" @"):
        raise ConfigurationError("that is not an e-mail address")
    return resources.cipher.blind_index(email, column="zendesk.users.email")
