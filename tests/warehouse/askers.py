"""Who asks a warehouse: every login, as itself and as what it may become, with what it may set."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from tests.warehouse.planted import (
    BOUND,
    MEMBER,
    MEMBER_OF_BOTH,
    MINE,
    STRANGER,
    THEIR_MEMBER,
    THEIRS,
    Planted,
    claims,
    login_of,
)


@dataclass(frozen=True)
class Session:
    """Who asks: a login, the role it takes, its settings; `whose` rows it may see, if any."""

    user: str
    whose: UUID | None
    settings: dict[str, str] = field(default_factory=dict)
    role: str | None = None


def _bound() -> dict[str, Session]:
    found = {}
    for role in BOUND:
        user = login_of(role, "mine")
        found[role] = Session(user, MINE)
        found[f"{role}, as its group"] = Session(user, MINE, role=role)
        found[f"{role}, bound to none"] = Session(login_of(role, "unbound"), None)
    return found


SERVICES = {
    "loader": Session("vensor_loader", MINE, {"app.org_id": str(MINE)}),
    "loader, no one's": Session("vensor_loader", None),
    "loader, after a transaction": Session("vensor_loader", None, {"app.org_id": ""}),
    "transformer": Session("vensor_transformer", MINE, {"app.org_id": str(MINE)}),
    "transformer, no one's": Session("vensor_transformer", None),
}


def _signed_in(whose: UUID | None, settings: dict[str, str]) -> Session:
    return Session("authenticator", whose, settings, "authenticated")


THROUGH_POSTGREST = {
    "a member": _signed_in(MINE, claims(MEMBER)),
    "a member who names it": _signed_in(MINE, claims(MEMBER, MINE)),
    "a member who names it in capitals": _signed_in(MINE, claims(MEMBER, str(MINE).upper())),
    "a member who names another": _signed_in(None, claims(MEMBER, THEIRS)),
    "a member who names nonsense": _signed_in(None, claims(MEMBER, "' or true --")),
    "a member of both who names one": _signed_in(MINE, claims(MEMBER_OF_BOTH, MINE)),
    "a member of both who names none": _signed_in(None, claims(MEMBER_OF_BOTH)),
    "a stranger": _signed_in(None, claims(STRANGER)),
    "a stranger who names one": _signed_in(None, claims(STRANGER, MINE)),
    "no claims": _signed_in(None, {}),
    "claims of an earlier transaction": _signed_in(None, {"request.jwt.claims": ""}),
    "claims that are no JSON": _signed_in(None, {"request.jwt.claims": "sub"}),
    "claims of no one": _signed_in(None, {"request.jwt.claims": '{"sub": null}'}),
    "claims of no user": _signed_in(None, {"request.jwt.claims": '{"sub": "service"}'}),
    "claims of another kind": _signed_in(None, {"request.jwt.claims": '[{"sub": 1}]'}),
    "no one signed in": Session("authenticator", None, claims(MEMBER), "anon"),
    "the service's key": Session("authenticator", None, claims(MEMBER, MINE), "service_role"),
    "PostgREST itself": Session("authenticator", None, claims(MEMBER, MINE)),
    "PostgREST as a reader": Session("authenticator", None, claims(MEMBER, MINE), "vensor_bi"),
}
# What a caller sets that can send SQL.
SPOOFS = {
    "nothing": {},
    "the tenant": {"app.org_id": str(THEIRS)},
    "claims": claims(THEIR_MEMBER, THEIRS),
    "row security": {"row_security": "off"},
    "the path": {"search_path": "pg_temp, metrics, app"},
}
# Services name their tenant by the setting, and PostgREST a user by verified claims: what those
# say is who they are.
OWN_WORD = {"vensor_loader": "the tenant", "vensor_transformer": "the tenant"}
OWN_WORD |= {"authenticator": "claims"}


def sessions(warehouse: Planted) -> dict[str, Session]:
    """The sessions of this warehouse, by what they are."""
    return SERVICES | _bound() | (THROUGH_POSTGREST if warehouse.supabase else {})


def cases(warehouse: Planted) -> Iterator[tuple[str, Session, dict[str, str]]]:
    """Each session with each setting that it may spoof: what it is, itself, the setting."""
    for name, session in sessions(warehouse).items():
        for spoof, settings in SPOOFS.items():
            if OWN_WORD.get(session.user) != spoof:
                yield f"{name}, spoofing {spoof}", session, settings
