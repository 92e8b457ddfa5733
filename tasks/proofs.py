"""Proofs of retention: signed under a key of the organization's own, and verified with it."""

import hmac
from collections.abc import Mapping
from uuid import uuid4

import msgspec

from tasks.resources import Resources
from warehouse import proofs
from warehouse.proofs import Proof

PURPOSE = "retention proof"


def prove(resources: Resources, told: Mapping[str, object]) -> Proof:
    """Stores what a run found and left, signed, and its signature in the audit trail."""
    org_id, proof_id = resources.organization.org_id, uuid4()
    record = {**told, "org_id": str(org_id), "proof_id": str(proof_id)}
    signature = _signature(resources, record)
    with resources.session() as connection:
        proofs.add(connection, org_id, proof_id=proof_id, record=record, signature=signature)
        resources.audit(
            connection,
            action="retention.proof",
            purpose="the organization's retention clock",
            details={"proof_id": str(proof_id), "signature": signature.hex()},
        )
        (newest,) = proofs.find_all(connection, limit=1)
        return newest


def verified_proofs(resources: Resources, *, limit: int) -> list[tuple[Proof, bool]]:
    """The newest proofs, and whether each is what was signed here."""
    with resources.session() as connection:
        found = proofs.find_all(connection, limit=limit)
    return [(one, is_genuine(resources, one)) for one in found]


def is_genuine(resources: Resources, proof: Proof) -> bool:
    """Whether nobody has altered it or moved it from another organization or row."""
    whose = (str(resources.organization.org_id), str(proof.proof_id))
    if (proof.record.get("org_id"), proof.record.get("proof_id")) != whose:
        return False
    return hmac.compare_digest(_signature(resources, proof.record), proof.signature)


def _signature(resources: Resources, record: Mapping[str, object]) -> bytes:
    """HMAC-SHA256 of the record as JSON, its names in order."""
    canonical = msgspec.json.encode(record, order="sorted")
    return resources.cipher.keyed_hash(canonical, purpose=PURPOSE)
