"""E-mail addresses and telephone numbers as they are indexed, wherever they stand."""

from typing import Protocol

from tasks.encryption.phones import number_digits

EMAIL, PHONE = "zendesk.users.email", "zendesk.users.phone"


class Hasher(Protocol):
    """What makes blind indexes."""

    def blind_index(self, value: str, *, column: str) -> bytes: ...


def address_index(hasher: Hasher, value: str | None, column: str) -> bytes | None:
    """The blind index of what names someone, a number by its digits; None where there is nothing.

    One form for all who index or look up: one look-up then finds users and identities alike.
    """
    written = number_digits(value or "") if column == PHONE else value
    return hasher.blind_index(written, column=column) if written else None
