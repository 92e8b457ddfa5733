"""The role table: which roles may do what. There is no other place that says so.

Each role is a member's in one organization. `owner` may do everything but say how long personal
data is kept, and alone may make owners; `admin` connects and runs; `analyst` reads what people
wrote; `viewer` reads numbers and documents; `privacy_officer` serves the rights of the people in
the data, and sees to it that it ends.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a member is."""

    OWNER = "owner"
    ADMIN = "admin"
    ANALYST = "analyst"
    VIEWER = "viewer"
    PRIVACY_OFFICER = "privacy_officer"


OWNER = Role.OWNER.value
ROLES = tuple(one.value for one in Role)

_EVERYONE = frozenset(ROLES)
_ADMINS = frozenset({"owner", "admin"})
_ANALYSTS = _ADMINS | {"analyst"}
_WORDS = _ANALYSTS | {"privacy_officer"}
_GUARDED = _ADMINS | {"privacy_officer"}
_PRIVACY = frozenset({"owner", "privacy_officer"})
_OWNERS = frozenset({"owner"})
_OFFICERS = frozenset({"privacy_officer"})

OPERATIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "org.add": _EVERYONE,  # whoever is signed in: it makes them the new one's owner
        "org.read": _EVERYONE,
        "org.change": _ADMINS,
        "org.delete": _OWNERS,
        "org.approve_delete": _PRIVACY,  # another than who asked
        "retention.change": _OFFICERS,  # how long people's data is kept
        "member.read": _GUARDED,
        "member.manage": _ADMINS,
        "owner.manage": _OWNERS,
        "connect": _ADMINS,
        "run": _ANALYSTS,
        "backfill": _ADMINS,
        "metrics.read": _EVERYONE,
        "report": _EVERYONE,
        "bi.grant": _ADMINS,
        "evaluate": _ANALYSTS,
        "label": _ANALYSTS,
        "knowledge.search": _EVERYONE,
        "knowledge.add": _ANALYSTS,
        "knowledge.remove": _ANALYSTS,
        "sop.findings": _WORDS,
        "sop.rescore": _ANALYSTS,
        "tickets.search": _WORDS,
        "assessments.read": _WORDS,
        "alerts.read": _WORDS,
        "alerts.answer": _WORDS,
        "quarantine.list": _ANALYSTS,
        "quarantine.retry": _ADMINS,
        "keys.status": _GUARDED,
        "keys.rotate": _ADMINS,
        "retention.run": _GUARDED,
        "retention.read": _GUARDED,
        "hold.manage": _PRIVACY,
        "audit.verify": _GUARDED,
        "inventory.read": _EVERYONE,  # of no organization
        "restore.check": _ADMINS,
        "audit.read": _GUARDED,
        "outbound.read": _GUARDED,
        "privacy.access": _PRIVACY,
        "privacy.export": _PRIVACY,
        "privacy.requests": _PRIVACY,
        "privacy.approve": _PRIVACY,
        "privacy.serve": _PRIVACY,
        "privacy.erase": _PRIVACY,
        "privacy.rectify": _PRIVACY,
        "privacy.opt_out": _PRIVACY,
    }
)


def allows(operation: str, role: str | None) -> bool:
    """Whether members of this role may do it; nobody without a role may do anything."""
    return role in OPERATIONS[operation]


def roles_for(operation: str) -> str:
    """The roles that may do it, for people to read."""
    return " or ".join(role for role in ROLES if role in OPERATIONS[operation])
