"""Batches of requests for assessments: which are under way, and what they asked about.

Every function runs in the organization's tenant session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from warehouse.loading import Rows, merge
from warehouse.tables.assessments import batch_requests, batches

REQUEST = ("ticket_id", "input_file_id", "line_no", "content_hash", "seen_at", "changed_at")


@dataclass(frozen=True)
class OpenBatch:
    """A batch that is uploaded and not read; without `batch_id` it is not begun either."""

    input_file_id: str
    batch_id: str | None
    endpoint: str
    model: str
    model_version: str


@dataclass(frozen=True)
class Requested:
    """What one line asked about, and up to what the ticket was read for it."""

    ticket_id: int
    line_no: int
    content_hash: bytes
    seen_at: datetime


def open_batches(connection: Connection) -> list[OpenBatch]:
    """Those that are not read, the oldest first."""
    c = batches.c
    rows = connection.execute(
        select(c.input_file_id, c.batch_id, c.endpoint, c.model, c.model_version)
        .where(c.state == "open")
        .order_by(c.uploaded_at)
    )
    return [OpenBatch(**row._mapping) for row in rows]


def record_upload(
    connection: Connection, org_id: UUID, batch: OpenBatch, requested: Sequence[Requested]
) -> None:
    """Writes down what was uploaded, before the batch is begun."""
    connection.execute(
        insert(batches).values(
            org_id=org_id,
            input_file_id=batch.input_file_id,
            endpoint=batch.endpoint,
            model=batch.model,
            model_version=batch.model_version,
        )
    )
    values: list[tuple[object, ...]] = [
        (
            one.ticket_id,
            batch.input_file_id,
            one.line_no,
            one.content_hash,
            one.seen_at,
            one.seen_at,
        )
        for one in requested
    ]
    merge(connection, org_id, Rows(batch_requests, REQUEST, values))


def record_begun(connection: Connection, batch: OpenBatch, batch_id: str) -> None:
    """Writes down the batch of an upload."""
    connection.execute(
        update(batches)
        .where(batches.c.input_file_id == batch.input_file_id)
        .values(batch_id=batch_id)
    )


def requests_of(connection: Connection, batch: OpenBatch) -> list[Requested]:
    """What it asked about, without tickets that are gone or opted out since."""
    c = batch_requests.c
    rows = connection.execute(
        select(c.ticket_id, c.line_no, c.content_hash, c.seen_at)
        .where(c.input_file_id == batch.input_file_id)
        .order_by(c.line_no)
    )
    return [
        Requested(row.ticket_id, row.line_no, bytes(row.content_hash), row.seen_at) for row in rows
    ]


def end_batch(connection: Connection, batch: OpenBatch, state: Literal["read", "failed"]) -> None:
    """Notes that a batch needs no more looking at; its requests are forgotten."""
    connection.execute(
        update(batches)
        .where(batches.c.input_file_id == batch.input_file_id)
        .values(state=state, ended_at=func.clock_timestamp())
    )
    connection.execute(
        delete(batch_requests).where(batch_requests.c.input_file_id == batch.input_file_id)
    )
