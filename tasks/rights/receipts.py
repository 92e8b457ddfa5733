"""Receipts: what was done about a request, when and by whom, signed. No value of anyone's."""

import hmac
from collections.abc import Mapping

import msgspec

from tasks.encryption import Cipher
from tasks.errors import ConfigurationError
from tasks.resources import Resources
from warehouse.requests import PENDING, Request

PURPOSE = "receipt of a request"
SIGNATURE = "signature"


def receipt_of(resources: Resources, request: Request) -> dict[str, object]:
    """The signed receipt. Raises: ConfigurationError for a request that is not served yet."""
    if request.state in PENDING:
        raise ConfigurationError(
            f"request {request.request_id} is {request.state}, due {request.due_at:%Y-%m-%d}:"
            " there is no receipt before it is served"
        )
    told: dict[str, object] = {
        "organization": resources.organization.name,
        "organization_id": str(resources.organization.org_id),
        "request_id": str(request.request_id),
        "kind": request.kind,
        "state": request.state,
        "asked_at": request.asked_at.isoformat(),
        "asked_by": request.asked_by,
        "due_at": request.due_at.isoformat(),
        "approved_by": request.approved_by,
        "ended_at": None if request.ended_at is None else request.ended_at.isoformat(),
        "in_time": request.ended_at is not None and request.ended_at <= request.due_at,
        "done": dict(sorted((request.receipt or {}).items())),
    }
    return told | {SIGNATURE: _signature(resources.cipher, told)}


def is_genuine(resources: Resources, content: bytes) -> bool:
    """Whether a receipt is one that this organization signed, and not a sign of it was changed.

    Raises: ConfigurationError where it is no receipt.
    """
    try:
        told = msgspec.json.decode(content, type=dict[str, object])
    except msgspec.DecodeError:
        raise ConfigurationError(
            "that is not a receipt: `vensor privacy receipt` prints one"
        ) from None
    signature = told.pop(SIGNATURE, "")
    return hmac.compare_digest(str(signature).encode(), _signature(resources.cipher, told).encode())


def _signature(cipher: Cipher, told: Mapping[str, object]) -> str:
    content = msgspec.json.encode(told, order="sorted")
    return cipher.keyed_hash(content, purpose=PURPOSE).hex()
