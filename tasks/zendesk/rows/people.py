"""Users and their companies: who they are is sealed, what they do is skeleton."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tasks.encryption import Sealer
from tasks.encryption.addresses import EMAIL, PHONE, address_index
from tasks.zendesk.contents import IdentityContent, OrganizationContent, UserContent
from tasks.zendesk.records import Identity, Organization, User
from warehouse.loading import Rows
from warehouse.tables import zendesk

USER = (
    "id",
    "role",
    "active",
    "suspended",
    "organization_id",
    "email_index",
    "phone_index",
    "created_at",
    "changed_at",
)
USER_CONTENT = ("user_id", "sealed", "changed_at")
IDENTITY = ("id", "user_id", "type", "is_primary", "verified", "value_index", "changed_at")
IDENTITY_CONTENT = ("identity_id", "user_id", "sealed", "changed_at")
INDEXED = {"email": EMAIL, "phone_number": PHONE}
ORGANIZATION = ("id", "created_at", "deleted_at", "changed_at")
ORGANIZATION_CONTENT = ("organization_id", "sealed", "changed_at")


def user_rows(records: Sequence[User], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Rows of `users` and `user_contents`: of who was deleted, nothing but the id."""
    skeletons: list[tuple[object, ...]] = []
    contents: list[tuple[object, ...]] = []
    for one in records:
        skeletons.append(
            (
                one.id,
                one.role,
                one.active,
                one.suspended,
                one.organization_id,
                address_index(sealer, one.email, EMAIL),
                address_index(sealer, one.phone, PHONE),
                one.created_at,
                one.updated_at,
            )
        )
        if one.updated_at >= cutoff and one.active is not False:
            contents.append((one.id, _sealed_user(one, sealer), one.updated_at))
    return [
        Rows(zendesk.users, USER, skeletons),
        Rows(zendesk.user_contents, USER_CONTENT, contents),
    ]


def identity_rows(records: Sequence[Identity], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Rows of `user_identities` and `user_identity_contents`.

    The index of an e-mail or telephone number is that of `users`: one look-up finds either.
    """
    skeletons: list[tuple[object, ...]] = []
    contents: list[tuple[object, ...]] = []
    for one in records:
        column = INDEXED.get(one.type or "", "zendesk.user_identities.value")
        index = address_index(sealer, one.value, column)
        at = one.updated_at
        skeletons.append((one.id, one.user_id, one.type, one.primary, one.verified, index, at))
        if at >= cutoff:
            contents.append((one.id, one.user_id, _sealed_identity(one, sealer), at))
    return [
        Rows(zendesk.user_identities, IDENTITY, skeletons),
        Rows(zendesk.user_identity_contents, IDENTITY_CONTENT, contents),
    ]


def organization_rows(
    records: Sequence[Organization], sealer: Sealer, cutoff: datetime
) -> list[Rows]:
    """Rows of `organizations` and `organization_contents`."""
    skeletons: list[tuple[object, ...]] = [
        (one.id, one.created_at, one.deleted_at, one.updated_at) for one in records
    ]
    contents: list[tuple[object, ...]] = [
        (one.id, _sealed_organization(one, sealer), one.updated_at)
        for one in records
        if one.updated_at >= cutoff
    ]
    return [
        Rows(zendesk.organizations, ORGANIZATION, skeletons),
        Rows(zendesk.organization_contents, ORGANIZATION_CONTENT, contents),
    ]


def _sealed_user(one: User, sealer: Sealer) -> bytes:
    content = UserContent(
        one.name,
        one.email,
        one.phone,
        one.alias,
        one.details,
        one.notes,
        one.signature,
        one.external_id,
        one.time_zone,
        one.locale,
        one.tags,
        one.user_fields,
    )
    return sealer.seal(
        msgspec.json.encode(content),
        column="zendesk.user_contents.sealed",
        row_id=str(one.id),
        changed_at=one.updated_at,
    )


def _sealed_identity(one: Identity, sealer: Sealer) -> bytes:
    return sealer.seal(
        msgspec.json.encode(IdentityContent(one.value)),
        column="zendesk.user_identity_contents.sealed",
        row_id=str(one.id),
        changed_at=one.updated_at,
    )


def _sealed_organization(one: Organization, sealer: Sealer) -> bytes:
    content = OrganizationContent(
        one.name,
        one.domain_names,
        one.details,
        one.notes,
        one.external_id,
        one.tags,
        one.organization_fields,
    )
    return sealer.seal(
        msgspec.json.encode(content),
        column="zendesk.organization_contents.sealed",
        row_id=str(one.id),
        changed_at=one.updated_at,
    )
