"""The audit trail as lines of JSON, from which anybody can see that it is whole."""

from collections.abc import Iterator
from datetime import date

import msgspec

from tasks.auditing import line_of
from tasks.resources import Resources
from warehouse import audit_seals


def iter_export(resources: Resources, from_day: date | None, to_day: date | None) -> Iterator[str]:
    """Rows and seals of these days, both included, UTC: each row exactly as it is sealed.

    Each seal comes after its rows, then its MAC; at the end what is not sealed yet. The export
    itself is in the trail before its first line is given out.
    """
    with resources.session() as connection:
        resources.audit(
            connection,
            action="audit.export",
            purpose="an auditor's copy of the trail",
            details={"from": str(from_day or "the first"), "to": str(to_day or "the last")},
        )
    with resources.session() as connection:
        numbers = audit_seals.numbers_of_days(connection, from_day, to_day)
        if numbers is not None:
            for seal in audit_seals.iter_seals(connection, first=numbers[0], last=numbers[1]):
                yield from audit_seals.text_under(connection, seal)
                yield line_of(resources, seal).decode()
                mac = {"kind": "mac", "seal_no": seal.seal_no, "mac": seal.mac.hex()}
                yield msgspec.json.encode(mac).decode()
        last = audit_seals.find_seal(connection)
        after_no = 0 if last is None else last.through_no
        yield from audit_seals.text_after(connection, after_no, from_day, to_day)
