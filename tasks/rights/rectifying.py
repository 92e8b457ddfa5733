"""Correcting what the account says of a person: an overlay that ends when the account agrees."""

from uuid import UUID

from tasks.corrections import FIELDS, correction
from tasks.errors import ConfigurationError
from tasks.resources import Resources
from tasks.rights.requests import enter
from tasks.rights.subjects import Person
from warehouse import corrections, requests

LONGEST = 1_000


def rectify(resources: Resources, person: Person, field: str, value: str) -> UUID:
    """Lets `value` win over what Zendesk says of this field; the request, which is done.

    Raises: ConfigurationError unless exactly one person is found, and the value fits the field.
    """
    told = checked(field, value)
    slug = resources.organization.slug
    if len(person.user_ids) != 1:
        raise ConfigurationError(
            f"{slug}: nobody is found by that"
            if not person.user_ids
            else f"{slug}: {len(person.user_ids)} people are found by that:"
            f" say which by --zendesk-id ({', '.join(map(str, person.user_ids))})"
        )
    (user_id,) = person.user_ids
    with resources.session() as connection:
        request_id = enter(resources, connection, "rectify", person)
        one = correction(resources.cipher, user_id, field, told)
        org_id = resources.organization.org_id
        corrections.put(connection, org_id, one, request_id=request_id)
        resources.cipher.record_uses(connection)
        requests.end(connection, request_id, state="done", receipt={"field": field, "people": 1})
        resources.audit(
            connection,
            action="privacy.rectify",
            purpose="a person's own word",
            details={"request_id": str(request_id), "field": field},
        )
    return request_id


def checked(field: str, value: str) -> str:
    """The value without space around it. Raises: ConfigurationError where it is none, unquoted."""
    if field not in FIELDS:
        raise ConfigurationError(f"no field {field!r}; there are: {', '.join(FIELDS)}")
    told = value.strip()
    if not told or len(told) > LONGEST or not told.isprintable():
        raise ConfigurationError(f"that is no {field}: give one line of up to {LONGEST} characters")
    if field == "email" and ("@" not in told.strip("@") or " " in told):
        raise ConfigurationError("that is not an e-mail address")
    if field == "phone" and not any(sign.isdigit() for sign in told):
        raise ConfigurationError("that is not a telephone number")
    return told
