"""Who is meant: a person by e-mail, telephone number or Zendesk's id."""

from dataclasses import dataclass

from tasks.encryption.addresses import EMAIL, PHONE, address_index
from tasks.errors import ConfigurationError
from tasks.resources import Resources
from warehouse.requests import Request
from warehouse.subjects import Names, find_users


@dataclass(frozen=True)
class Person:
    """What names a person here, and the users in Zendesk that they are; none where unknown."""

    subject: bytes
    names: Names
    user_ids: tuple[int, ...]


def named(
    resources: Resources,
    *,
    email: str | None = None,
    phone: str | None = None,
    user_id: int | None = None,
) -> Person:
    """The person, found through blind indexes: no name of theirs is read.

    Raises: ConfigurationError unless exactly one name is given, and it is one; also where several
    share a telephone number, since what is one's must not be shown to another.
    """
    cipher = resources.cipher
    told = [(kind, str(one)) for kind, one in _given(email, phone, user_id) if one is not None]
    if len(told) != 1:
        raise ConfigurationError("name the person by one of --email, --phone and --zendesk-id")
    kind, value = told[0]
    if kind == "email" and "@" not in value.strip(" @"):
        raise ConfigurationError("that is not an e-mail address")
    names = Names(address_index(cipher, email, EMAIL), address_index(cipher, phone, PHONE), user_id)
    if kind == "phone" and names.phone_index is None:
        raise ConfigurationError("that is not a telephone number")
    subject = names.email_index or names.phone_index
    subject = subject or cipher.blind_index(value, column="zendesk.users.id")
    found = _person(resources, subject, names)
    if kind == "phone" and len(found.user_ids) > 1:
        ids = ", ".join(map(str, found.user_ids))
        raise ConfigurationError(f"several have this number: name one of {ids} by --zendesk-id")
    return found


def requested_by(resources: Resources, request: Request) -> Person:
    """The person whose request is not served yet, as they are found now."""
    return _person(resources, request.subject, request.names)


def _person(resources: Resources, subject: bytes, names: Names) -> Person:
    with resources.session() as connection:
        return Person(subject, names, tuple(find_users(connection, names)))


def _given(
    email: str | None, phone: str | None, user_id: int | None
) -> tuple[tuple[str, str | int | None], ...]:
    return ("email", email), ("phone", phone), ("zendesk id", user_id)
