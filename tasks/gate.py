"""Who is at the door, and whether they may: asked before anything else is done.

This holds for everyone who comes through the terminal or starts a flow by hand. Whoever holds the
warehouse's own logins is past it.
"""

import time
from collections.abc import Sequence

from sqlalchemy import Engine

from tasks.errors import ConfigurationError, NotAllowedError
from tasks.identity import Actor, KeySet, SupabaseAuth, TokenStore, Verifier, allows, roles_for
from tasks.settings import Settings
from warehouse import audit, members
from warehouse.sessions import Organization, directory, find_organization, tenant_session

RENEW_SECONDS = 60.0
NOTICE = (
    "nobody signs in here: whoever can log in as this user of this machine may do everything."
    " Set VENSOR_SUPABASE_URL to have members with roles"
)


def supabase_auth(settings: Settings) -> SupabaseAuth:
    """The Auth server of the project. Raises: ConfigurationError where none is configured."""
    if settings.supabase_url is None:
        raise ConfigurationError(f"VENSOR_SUPABASE_URL is not set, so {NOTICE}")
    key = settings.supabase_anon_key
    return SupabaseAuth(
        settings.supabase_url, anon_key=None if key is None else key.get_secret_value()
    )


def verified(settings: Settings, token: str) -> Actor:
    """The user whose token it is. Raises: NotAllowedError, TransientError, ConfigurationError."""
    auth = supabase_auth(settings)
    verifier = Verifier(
        issuer=auth.issuer, keys=KeySet(auth.fetch_keys), secret=settings.jwt_secret
    )
    identity = verifier.verify(token)
    return Actor.user(identity.user_id, identity.expires_at)


def signed_in(settings: Settings) -> Actor:
    """Who acts: the user of VENSOR_TOKEN or of `vensor login`, or else the local operator.

    Raises: NotAllowedError when nobody is signed in, and as `verified`.
    """
    if settings.supabase_url is None:
        return Actor(settings.actor)
    if settings.token is not None:
        return verified(settings, settings.token.get_secret_value())
    return verified(settings, _stored_token(settings))


def _stored_token(settings: Settings) -> str:
    """The token of `vensor login`, renewed by one process at a time when it is about to end."""
    store = TokenStore(settings.home)
    session = store.load()
    if session is None:
        raise NotAllowedError("nobody is signed in; run `vensor login`, or set VENSOR_TOKEN")
    if session.refresh_token is None or not _ends_soon(session.expires_at):
        return session.access_token
    with store.renewing():
        session = store.load() or session
        if session.refresh_token is not None and _ends_soon(session.expires_at):
            session = supabase_auth(settings).renew(session.refresh_token)
            store.save(session)
    return session.access_token


def _ends_soon(expires_at: float | None) -> bool:
    return expires_at is not None and expires_at < time.time() + RENEW_SECONDS


def named_organizations(engine: Engine, actor: Actor, slug: str | None) -> list[Organization]:
    """The one of this slug, or every one. Raises: ConfigurationError, NotAllowedError.

    To a user, one that is not there looks like one that is not theirs.
    """
    if slug is None:
        return directory(engine)
    if actor.user_id is None:
        return [find_organization(engine, slug)]
    found = [one for one in directory(engine) if one.slug == slug]
    if not found:
        raise NotAllowedError(_not_theirs(slug))
    return found


def permitted_organizations(engine: Engine, actor: Actor, operation: str) -> list[Organization]:
    """Those in which `actor` may do it. What is not asked for by name is no refusal."""
    return [one for one in directory(engine) if _may(operation, *_standing(engine, actor, one))]


def permit(
    engine: Engine, actor: Actor, operation: str, organizations: Sequence[Organization]
) -> None:
    """Lets `actor` do the operation in all of these organizations.

    Raises: NotAllowedError, after each refusal is in the audit trail of its organization.
    """
    refusals = []
    for one in organizations:
        role, has_members = _standing(engine, actor, one)
        if not _may(operation, role, has_members):
            refusals.append(refusal(engine, actor, operation, one, role))
    if refusals and len(organizations) > 1:
        raise NotAllowedError(
            f"{operation} in every organization needs the role {roles_for(operation)} in each;"
            " name one with --org"
        )
    if refusals:
        raise refusals[0]


def refusal(
    engine: Engine, actor: Actor, operation: str, organization: Organization, role: str | None
) -> NotAllowedError:
    """The error to raise, once the refusal is in the audit trail."""
    record_refusal(engine, actor, operation, organization, role)
    slug = organization.slug
    if actor.user_id is None:
        return NotAllowedError(
            f"{slug} has members: set VENSOR_SUPABASE_URL and sign in with `vensor login`"
        )
    if role is None:
        return NotAllowedError(_not_theirs(slug))
    return NotAllowedError(
        f"{operation} in {slug} needs the role {roles_for(operation)}, and yours is {role};"
        " an owner can change it with `vensor member add`"
    )


def record_refusal(
    engine: Engine, actor: Actor, operation: str, organization: Organization, role: str | None
) -> None:
    """Adds a refusal to the audit trail, in a transaction of its own."""
    with tenant_session(engine, organization.org_id) as connection:
        audit.record(
            connection,
            organization.org_id,
            actor=actor.name,
            action="refused",
            purpose=operation,
            details={"role": role or "none"},
        )


def _standing(
    engine: Engine, actor: Actor, organization: Organization
) -> tuple[str | None, bool | None]:
    """(the user's role, whether there are members at all): of these, what `actor` is asked."""
    with tenant_session(engine, organization.org_id) as connection:
        if actor.user_id is None:
            return None, members.has_members(connection)
        return members.find_role(connection, actor.user_id), None


def _may(operation: str, role: str | None, has_members: bool | None) -> bool:
    """Where there are members, nobody who is not signed in may do anything."""
    return allows(operation, role) if has_members is None else not has_members


def _not_theirs(slug: str) -> str:
    return f"you are a member of no organization {slug!r}; `vensor whoami` lists yours"
