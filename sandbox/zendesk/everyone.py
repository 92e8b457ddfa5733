"""Users and companies: single ones and lists."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sandbox.world.people import Person
from sandbox.zendesk import errors
from sandbox.zendesk.desk import Ask
from sandbox.zendesk.exports import Answer
from sandbox.zendesk.paging import list_page
from sandbox.zendesk.records import MONTH, counted
from sandbox.zendesk.shapes.people import organization_shape, user_shape

ROLES = frozenset({"end-user", "agent", "admin"})


def deleted_users(ask: Ask) -> Answer:
    """``deleted_users``: the last 30 days."""
    people = ask.account.people
    gone = [
        int(at)
        for at in people.removed.nonzero()[0]
        if people.removed[at] > ask.now - MONTH and int(at) not in people.scrubbed
    ]

    def shape(number: int) -> Answer:
        person = people.customer(number)
        return user_shape(people, person, ask.base_url) | {"active": False, "email": person.email}

    return list_page(ask, "deleted_users", gone, shape)


def user(ask: Ask, number: str) -> Answer:
    """``users/{id}``"""
    people = ask.account.people
    person = people.find(int(number))
    if person is None:
        raise errors.record_not_found()
    return {"user": user_shape(people, person, ask.base_url)}


def show_many(ask: Ask) -> Answer:
    """``users/show_many``: up to 100 ids; those that do not exist are left out."""
    people = ask.account.people
    found = [people.find(number) for number in dict.fromkeys(ask.ids())]
    shapes = [user_shape(people, one, ask.base_url) for one in found if one]
    return {"users": shapes, "next_page": None, "previous_page": None, "count": len(shapes)}


def users(ask: Ask) -> Answer:
    """``users``: everybody who is not deleted, or those of one ``role`` or of each ``role[]``."""
    people, (staff, customers) = ask.account.people, _users(ask)

    def shape(at: int) -> Answer:
        person = staff[at] if at < len(staff) else people.customer(customers[at - len(staff)])
        return user_shape(people, person, ask.base_url)

    return list_page(ask, "users", range(len(staff) + len(customers)), shape)


def users_count(ask: Ask) -> Answer:
    """``users/count``"""
    staff, customers = _users(ask)
    return counted(ask, len(staff) + len(customers))


def _users(ask: Ask) -> tuple[list[Person], Sequence[int]]:
    people, roles = ask.account.people, ask.several("role") or ROLES
    if not roles <= ROLES:
        raise errors.invalid_value(f"role must be one of {', '.join(sorted(ROLES))}")
    staff = [one for one in people.staff if one.role in roles]
    if "end-user" not in roles:
        return staff, ()
    return staff, np.flatnonzero(people.removed == 0).tolist()


def organizations(ask: Ask) -> Answer:
    """``organizations``"""
    people = ask.account.people
    numbers = range(people.setting.organizations)
    return list_page(
        ask,
        "organizations",
        numbers,
        lambda at: organization_shape(people.organization(at), ask.base_url),
    )


def organizations_count(ask: Ask) -> Answer:
    """``organizations/count``"""
    return counted(ask, ask.account.people.setting.organizations)


def me(ask: Ask) -> Answer:
    """``users/me``: 200 for everybody; nobody in particular without a token."""
    people = ask.account.people
    if ask.grant:
        return {"user": user_shape(people, people.agent(-1), ask.base_url)}
    nobody: dict[str, Any] = {
        "id": None,
        "url": None,
        "name": "Anonymous user",
        "email": "invalid@example.com",
    }
    return {"user": nobody | {"role": "end-user", "verified": False, "active": False}}


def organization(ask: Ask, number: str) -> Answer:
    """``organizations/{id}``"""
    people = ask.account.people
    at = int(number) - people.setting.base - 5 * 10**9
    if not 0 <= at < people.setting.organizations:
        raise errors.record_not_found()
    return {"organization": organization_shape(people.organization(at), ask.base_url)}
