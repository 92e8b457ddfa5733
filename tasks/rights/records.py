"""What is held of a person, opened: the one place that unseals a row for an answer to them."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping

from tasks.corrections import corrected_fields
from tasks.encryption import Cipher
from tasks.errors import PermanentError
from tasks.zendesk.contents import (
    CallContent,
    IdentityContent,
    RatingContent,
    SurveyContent,
    TicketContent,
    UserContent,
)
from warehouse.held import Kind, Scope, iter_rows

Record = dict[str, object]
INTERNAL = {"row_id", "sealed", "clock_at"}
DAMAGED = "does_not_open"
# What stands in the sealed part of each kind. Of a comment, its HTML says the same once more.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "profile": UserContent.__struct_fields__,
    "identities": IdentityContent.__struct_fields__,
    "tickets": TicketContent.__struct_fields__,
    "comments": ("plain_body", "attachments", "via"),
    "calls": CallContent.__struct_fields__,
    "transcripts": ("language", "duration_seconds", "segments"),
    "ratings": RatingContent.__struct_fields__,
    "surveys": SurveyContent.__struct_fields__,
    "summaries": ("words",),
    "unread": ("record",),
}
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute


def iter_records(
    connection: Connection, cipher: Cipher, kind: Kind, scope: Scope
) -> Iterator[Record]:
    """The records of one kind as the person gets them, the newest version of each first.

    What was altered where it lies is told as that, with the rest of its row.
    """
    for row in iter_rows(connection, kind, scope):
        record = {name: told for name, told in row.items() if name not in INTERNAL}
        if kind.sealed is not None:
            record["version_at"] = row["clock_at"]
            record |= _opened(cipher, kind, row)
        if kind.name == "profile":  # a person's own word wins
            user_id = row["user_id"]
            record |= corrected_fields(connection, cipher, [user_id]).get(user_id, {})
        yield record


def iter_json_lines(records: Iterable[Record]) -> Iterator[bytes]:
    """One JSON object a line, exactly as it is."""
    for record in records:
        yield msgspec.json.encode(record) + b"\n"


def iter_csv(records: Iterable[Record]) -> Iterator[bytes]:
    """The same as a table, for spreadsheets: what one would compute stands behind an apostrophe."""
    line = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for record in records:
        if writer is None:
            writer = csv.DictWriter(line, list(record), extrasaction="ignore")
            writer.writeheader()
        writer.writerow({name: _cell(told) for name, told in record.items()})
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()


def _opened(cipher: Cipher, kind: Kind, row: RowMapping) -> Record:
    """The sealed part; every field of it is there, so that all records have the same."""
    fields: Record = dict.fromkeys(FIELDS[kind.name])
    fields[DAMAGED] = False
    if row["sealed"] is None:
        return fields
    try:
        plain = cipher.unseal(
            bytes(row["sealed"]),
            column=str(kind.sealed),
            row_id=row["row_id"],
            changed_at=row["clock_at"],
        )
    except PermanentError:
        return fields | {DAMAGED: True}
    told = _decoded(kind, plain)
    if kind.name == "comments" and row["author"] != "you":
        told.pop("via", None)  # whose address that is
    return fields | {name: told[name] for name in FIELDS[kind.name] if name in told}


def _decoded(kind: Kind, plain: bytes) -> dict[str, Any]:
    if kind.name == "summaries":
        return {"words": plain.decode()}
    if kind.name == "unread":
        return {"record": plain.decode(errors="replace")}
    return msgspec.json.decode(plain, type=dict[str, Any])


def _cell(told: object) -> str:
    if told is None:
        return ""
    if isinstance(told, datetime):
        return told.isoformat()
    if isinstance(told, str):
        return f"'{told}" if told.startswith(FORMULAS) else told
    return msgspec.json.encode(told).decode()
