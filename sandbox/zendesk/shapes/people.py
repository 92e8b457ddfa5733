"""Users, their identities, and organizations."""

from typing import Any

from sandbox.world.people import NOBODYS_NAME, Organization, People, Person
from sandbox.zendesk.shapes import ids
from sandbox.zendesk.shapes.ids import iso

ALWAYS: dict[str, Any] = {
    "photo": None,
    "locale_id": 1,
    "locale": "en-US",
    "verified": True,
    "external_id": None,
    "tags": [],
    "alias": None,
    "shared": False,
    "shared_agent": False,
    "signature": None,
    "details": None,
    "notes": None,
    "custom_role_id": None,
    "only_private_comments": False,
    "restricted_agent": False,
    "suspended": False,
    "user_fields": {},
}

END_USER: dict[str, Any] = {
    "role": "end-user",
    "role_type": None,
    "two_factor_auth_enabled": False,
    "moderator": False,
    "ticket_restriction": "requested",
    "default_group_id": None,
    "report_csv": False,
}


def user_shape(people: People, person: Person, base_url: str) -> dict[str, Any]:
    """A user; a deleted one has neither e-mail address nor phone number, a scrubbed one no name."""
    setting, company = people.setting, person.organization
    told = ALWAYS | {
        "id": person.id,
        "url": f"{base_url}/api/v2/users/{person.id}.json",
        "name": NOBODYS_NAME if person.scrubbed else person.name,
        "email": person.email if person.active else None,
        "created_at": iso(person.created_at),
        "updated_at": iso(person.updated_at),
        "last_login_at": iso(person.updated_at),
        "time_zone": setting.zone.zendesk,
        "iana_time_zone": setting.zone.iana,
        "phone": person.phone if person.active else None,
        "shared_phone_number": False if person.phone else None,
        "organization_id": None if company is None else people.organization(company).id,
        "active": person.active,
    }
    return told | (_staff_role(people, person) if person.role != "end-user" else END_USER)


def _staff_role(people: People, person: Person) -> dict[str, Any]:
    setting, admin = people.setting, person.role == "admin"
    group = people.group_of(max(person.id - setting.base - 2, 0))
    return {
        "role": person.role,
        "role_type": 4 if admin else 0,
        "two_factor_auth_enabled": True,
        "moderator": True,
        "ticket_restriction": None,
        "default_group_id": ids.group_id(setting, group),
        "report_csv": admin,
    }


def identity_shapes(people: People, person: Person, base_url: str) -> list[dict[str, Any]]:
    """The identities of a user: the e-mail address, and the phone number if there is one."""
    values = [("email", person.email)] if person.active else []
    if person.phone and person.active:
        values.append(("phone_number", person.phone))
    first = people.setting.base + ids.IDENTITIES_AT + (person.id - people.setting.base) * 2
    return [
        {
            "id": first + at,
            "url": f"{base_url}/api/v2/users/{person.id}/identities/{first + at}.json",
            "user_id": person.id,
            "type": kind,
            "value": value,
            "verified": True,
            "primary": at == 0,
            "created_at": iso(person.created_at),
            "updated_at": iso(person.created_at),
            **({"undeliverable_count": 0, "deliverable_state": "deliverable"} if at == 0 else {}),
        }
        for at, (kind, value) in enumerate(values)
    ]


def organization_shape(one: Organization, base_url: str) -> dict[str, Any]:
    """A customer company."""
    return {
        "id": one.id,
        "url": f"{base_url}/api/v2/organizations/{one.id}.json",
        "name": one.name,
        "shared_tickets": False,
        "shared_comments": False,
        "external_id": None,
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
        "domain_names": [one.domain],
        "details": None,
        "notes": None,
        "group_id": None,
        "tags": [],
        "organization_fields": {},
        "deleted_at": None,
    }
