"""Untrusted text as data: JSON between two marks that its author cannot have known."""

import secrets

import msgspec

NONCE_BYTES = 16


def fenced(told: object) -> str:
    """`told` as JSON between marks that are new for each request.

    JSON escapes line ends: nothing in it can stand on a line of its own, as the marks do.
    """
    nonce = secrets.token_hex(NONCE_BYTES)
    data = msgspec.json.encode(told).decode()
    return f"<data {nonce}>\n{data}\n</data {nonce}>"
