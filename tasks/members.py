"""Who the members are, and changing it: each change is audited with who made it."""

from uuid import UUID

from sqlalchemy import Connection, Engine

from tasks.errors import ConfigurationError, NotAllowedError
from tasks.gate import NOTICE, record_refusal, refusal, supabase_auth
from tasks.identity import OWNER, Actor, acting, allows
from tasks.resources import Resources, opened
from tasks.settings import load_settings
from warehouse import members
from warehouse.sessions import directory, tenant_session


def put_member(resources: Resources, user_id: UUID, role: str) -> str | None:
    """Gives the user this role; the role that they had before.

    Raises: NotAllowedError, audited; ConfigurationError when no owner would be left.
    """
    return _change(resources, user_id, role)


def remove_member(resources: Resources, user_id: UUID) -> None:
    """Ends a membership. Raises: as `put_member`; ConfigurationError for one who is none."""
    if _change(resources, user_id, None) is None:
        raise ConfigurationError(f"{user_id} is no member of {resources.organization.slug}")


def put_first_owner(slug: str, user_id: UUID) -> None:
    """Makes the user the owner of an organization that nobody is a member of yet.

    Raises: NotAllowedError unless the warehouse's own login is at hand and there is no member.
    """
    settings = load_settings()
    supabase_auth(settings)
    if not members.owns_warehouse(settings.logins().migrator):
        raise NotAllowedError(
            "the first owner is made by whoever holds the login of `vensor init`; set"
            " VENSOR_WAREHOUSE_URL to it"
        )
    with opened(slug) as resources, resources.session() as connection:
        members.lock(connection)
        if members.has_members(connection):
            _refused(resources, acting(settings.actor), "owner.manage")
            raise NotAllowedError(
                f"{slug} has members already: an owner adds others with `vensor member add`"
            )
        members.put(connection, resources.organization.org_id, user_id, OWNER)
        _audit(connection, resources, "member.first_owner", user_id, OWNER)


def _change(resources: Resources, user_id: UUID, role: str | None) -> str | None:
    """The role before; None where there was none. A role of None ends the membership."""
    actor = acting(resources.settings.actor)
    if actor.user_id is None:
        _refused(resources, actor, "member.manage")
        raise NotAllowedError(f"only who is signed in may change the members, and {NOTICE}")
    with resources.session() as connection:
        members.lock(connection)
        before, mine = (members.find_role(connection, one) for one in (user_id, actor.user_id))
        operation = "owner.manage" if OWNER in {role, before} else "member.manage"
        if allows(operation, mine):
            if role is None and before is None:
                return None
            _apply(connection, resources, user_id, role)
            return before
    raise refusal(resources.engine, actor, operation, resources.organization, mine)


def _apply(connection: Connection, resources: Resources, user_id: UUID, role: str | None) -> None:
    if role is None:
        members.remove(connection, user_id)
    else:
        members.put(connection, resources.organization.org_id, user_id, role)
    if members.owners(connection) == 0:
        raise ConfigurationError(
            f"{resources.organization.slug} would be left without an owner; make another one first"
        )
    _audit(connection, resources, "member.put" if role else "member.remove", user_id, role)


def _refused(resources: Resources, actor: Actor, operation: str) -> None:
    record_refusal(resources.engine, actor, operation, resources.organization, None)


def _audit(
    connection: Connection, resources: Resources, action: str, user_id: UUID, role: str | None
) -> None:
    resources.audit(
        connection,
        action=action,
        purpose="who the members are",
        details={"member": str(user_id), "role": role or "none"},
    )


def roles_in(engine: Engine, user_id: UUID) -> list[tuple[str, str]]:
    """The organizations that the user is a member of, and their role in each."""
    found = []
    for one in directory(engine):
        with tenant_session(engine, one.org_id) as connection:
            role = members.find_role(connection, user_id)
        if role is not None:
            found.append((one.slug, role))
    return found
