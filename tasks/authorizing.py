"""Proof of who asked for a flow run by hand, without a token among its parameters.

Prefect stores parameters and shows them to its users. So a member's terminal hands out a random id
that is good once, soon, and for exactly what was asked for; the flow gives it back here.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Connection, Engine

from tasks.errors import NotAllowedError
from tasks.gate import named_organizations
from tasks.identity import Actor, acting, allows
from tasks.resources import opened_engine
from tasks.settings import Settings, load_settings
from warehouse import audit, authorizations, members
from warehouse.authorizations import Asked
from warehouse.sessions import Organization, find_organization, tenant_session


def authorize(operation: str, slug: str | None, *, as_of: datetime | None) -> str | None:
    """An id that lets one flow run do this in the organization, or in all of them.

    None where nobody signs in. To be called once it is sure that `acting` may do it there.
    """
    settings = load_settings()
    actor = acting(settings.actor)
    if actor.user_id is None:
        return None
    authorization = secrets.token_urlsafe(32)
    with opened_engine(settings) as engine:
        for one in named_organizations(engine, actor, slug):
            with tenant_session(engine, one.org_id) as connection:
                authorizations.add(
                    connection,
                    one.org_id,
                    token_hash=_hash(authorization),
                    operation=operation,
                    as_of=as_of,
                    user_id=actor.user_id,
                )
                _audit(connection, one, actor, "authorize", operation, {"as_of": str(as_of)})
    return authorization


def redeemed(
    operation: str,
    slugs: Sequence[str],
    *,
    as_of: datetime | None,
    authorization: str | None,
    flow_run_id: UUID,
) -> Actor | None:
    """Who asked for this run; None where nobody signs in.

    Raises: NotAllowedError, audited, unless the authorization is good for this in all of these.
    """
    settings, actor = load_settings(), None
    token_hash = None if authorization is None else _hash(authorization)
    asked = Asked(operation, as_of, token_hash, flow_run_id)
    with opened_engine(settings) as engine:
        for slug in slugs:
            one = find_organization(engine, slug)
            actor = _redeemed_in(settings, engine, one, asked) or actor
    return actor


def _redeemed_in(
    settings: Settings, engine: Engine, one: Organization, asked: Asked
) -> Actor | None:
    with tenant_session(engine, one.org_id) as connection:
        if settings.supabase_url is None and not members.has_members(connection):
            return None
        user_id, why_not = _used(connection, asked)
        actor = Actor(settings.actor) if user_id is None else Actor.user(user_id)
        action = "refused" if why_not else "authorization.use"
        details = {"flow_run_id": str(asked.flow_run_id), "reason": why_not or "good"}
        _audit(connection, one, actor, action, asked.operation, details)
    if why_not:
        raise NotAllowedError(
            f"{asked.operation} in {one.slug} by hand needs an authorization ({why_not}):"
            f" `vensor authorize {asked.operation} --org {one.slug}` gives one"
        )
    return actor


def _used(connection: Connection, asked: Asked) -> tuple[UUID | None, str]:
    """(who asked, why it is not good, or nothing). Their role is looked at now, not as it was."""
    user_id = authorizations.use(connection, asked)
    if user_id is None:
        return None, f"it is {authorizations.why_not(connection, asked)}"
    role = members.find_role(connection, user_id)
    return user_id, "" if allows(asked.operation, role) else f"the role {role or 'none'} may not"


def _hash(authorization: str) -> bytes:
    return sha256(authorization.encode()).digest()


def _audit(
    connection: Connection,
    one: Organization,
    actor: Actor,
    action: str,
    operation: str,
    details: Mapping[str, str],
) -> None:
    audit.record(
        connection,
        one.org_id,
        actor=actor.name,
        action=action,
        purpose=operation,
        details=details,
    )
