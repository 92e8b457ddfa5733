"""The certificate of an organization's end: signed, stored in the warehouse, written to a file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from tasks.encryption import KeyEncryptionKeys
from tasks.encryption.signing import Signature, sign, verify
from tasks.errors import ConfigurationError
from tasks.resources import Resources, opened_kek
from tasks.takeout import read_manifest
from warehouse import offboarding
from warehouse.embedded import write_private
from warehouse.offboarding import Offboarding
from warehouse.sessions import tenant_session

CERTIFICATE = "certificate.json"
VERIFIED = "no row with its org_id is in any table of the catalog but those under `stays`"
STAYS = {
    "app.offboardings": "this certificate",
    "audit": "until the audit clock: ids, actions and counts, no value",
}


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was deleted, on whose word, and how it was seen that nothing is left.

    `steps` has what each step did; of `rows`, those that there were by table.
    """

    org_id: UUID
    slug: str
    asked_by: str
    asked_at: datetime
    approved_by: str
    approved_at: datetime
    deleted_at: datetime
    steps: dict[str, Any]
    verified: str
    stays: dict[str, str]
    version: int = 1


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate and its signature."""

    certificate: Certificate
    signature: Signature


def certified(resources: Resources, found: Offboarding) -> Mapping[str, Any]:
    """The signed certificate of this end, as JSON has it."""
    certificate = Certificate(
        resources.organization.org_id,
        found.slug,
        found.asked_by,
        found.asked_at,
        str(found.approved_by),
        found.approved_at or found.asked_at,
        datetime.now(UTC),
        dict(found.steps),
        VERIFIED,
        STAYS,
    )
    org_id = resources.organization.org_id
    signature = sign(opened_kek(resources.settings), _signed_bytes(certificate), org_id=org_id)
    made: Mapping[str, Any] = msgspec.to_builtins(Signed(certificate, signature))
    return made


def write_certificate(engine: Engine, folder: Path) -> Path | None:
    """Writes the certificate of the organization whose takeout lies here, where its end is done.

    Needs no organization: it is gone. None where there is nothing to write.
    """
    there = read_manifest(folder)
    if there is None:
        return None
    with tenant_session(engine, there[0].org_id) as connection:
        found = offboarding.find(connection)
    if found is None or found.certificate is None:
        return None
    path = folder / CERTIFICATE
    told = msgspec.json.format(msgspec.json.encode(found.certificate), indent=1)
    write_private(path, told.decode())
    return path


def read_certificate(path: Path, kek: KeyEncryptionKeys) -> Certificate:
    """The certificate in a file, if it is one of this installation's and unaltered.

    Raises: ConfigurationError.
    """
    try:
        signed = msgspec.json.decode(path.read_bytes(), type=Signed)
    except (OSError, msgspec.MsgspecError):
        raise ConfigurationError(f"{path} is no certificate of `vensor org delete`") from None
    certificate = signed.certificate
    if not verify(kek, _signed_bytes(certificate), signed.signature, org_id=certificate.org_id):
        raise ConfigurationError(
            f"{path} was altered, or signed with another key-encryption key than VENSOR_KEK's"
        )
    return certificate


def _signed_bytes(certificate: Certificate) -> bytes:
    return msgspec.json.encode(certificate, order="sorted")
