"""Recordings: which are to be fetched and heard, where they lie, and when each ends.

Every function runs in the organization's tenant session.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, delete, func, select, text, tuple_

from warehouse.holds import held_rows
from warehouse.tables import ai, zendesk

# What a recording is kept in: in any other state its sealed audio has no reason to be here.
LIVE = "('stored', 'transcribed', 'undecodable')"
NOT_ERASED = "reason is distinct from 'erased'"


class Ref(NamedTuple):
    """One recording, and the key of its object; without one it lies in `recording_chunks`."""

    call_id: int
    kind: str
    location: str | None


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A recording, where it lies and what it was when it was fetched."""

    call_id: int
    kind: str
    ticket_id: int
    changed_at: datetime
    location: str | None
    size_bytes: int | None
    digest: bytes | None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(call {self.call_id}, {self.kind})"

    @property
    def ref(self) -> Ref:
        return Ref(self.call_id, self.kind, self.location)


@dataclass(frozen=True, kw_only=True, repr=False)
class PendingRecording(Recording):
    """A recording to fetch or transcribe, with the sealed comment that holds its address."""

    state: str
    comment_id: int
    sealed: bytes


@dataclass(frozen=True)
class Stored:
    """How a recording was stored. `digest` is keyed: it tells damage and reveals nothing."""

    location: str | None
    chunks: int
    size_bytes: int
    digest: bytes


def pending_recordings(connection: Connection, state: str) -> list[PendingRecording]:
    """The recordings to fetch ('pending') or to transcribe ('stored': by no one who opted out).

    Oldest first, but those that failed before come last: they must not hold back the others.
    """
    rows = connection.execute(
        text("""
            select
                r.call_id, r.kind, r.state, r.ticket_id, r.comment_id, c.changed_at, c.sealed,
                r.location, r.size_bytes, r.digest
            from zendesk.recordings as r
            inner join zendesk.comment_contents as c on r.comment_id = c.comment_id
            where
                r.state = :state
                and c.changed_at = (
                    select max(v.changed_at) from zendesk.comment_contents as v
                    where v.comment_id = r.comment_id
                )
                and (
                    r.state <> 'stored'
                    or r.ticket_id not in (select o.ticket_id from ai.opted_out_tickets as o)
                )
            order by r.reason is not null, c.changed_at, r.call_id, r.kind
        """),
        {"state": state},
    )
    return [PendingRecording(**row._mapping) for row in rows]


def undecodable_recordings(connection: Connection) -> list[tuple[int, str, str, datetime]]:
    """(call, kind, reason, changed_at) of the recordings that nobody could make words of."""
    rows = connection.execute(
        text("""
            select call_id, kind, coalesce(reason, ''), changed_at from zendesk.recordings
            where state = 'undecodable' order by changed_at, call_id, kind
        """)
    )
    return [(row.call_id, row.kind, row[2], row.changed_at) for row in rows]


def retry_undecodable(connection: Connection) -> int:
    """Lets the next run try those again; how many."""
    return connection.execute(
        text("""
            update zendesk.recordings set state = 'stored', reason = null
            where state = 'undecodable'
        """)
    ).rowcount


def stored_recordings(
    connection: Connection, call_ids: Sequence[int] | None = None
) -> list[Recording]:
    """Those that are here, audio and all, by call; of these calls only, where they are told.

    `changed_at` is the instant that their chunks lie under, or else the row's.
    """
    rows = connection.execute(
        text(f"""
            select
                r.call_id, r.kind, r.ticket_id, coalesce(c.changed_at, r.changed_at) as changed_at,
                r.location, r.size_bytes, r.digest
            from zendesk.recordings as r
            left join zendesk.recording_chunks as c
                on r.call_id = c.call_id and r.kind = c.kind and c.chunk_no = 0
                and r.location is null
            where
                r.state in {LIVE} and (r.location is not null or c.call_id is not null)
                and (cast(:call_ids as bigint[]) is null or r.call_id = any(:call_ids))
            order by r.call_id, r.kind
        """),
        {"call_ids": None if call_ids is None else list(call_ids)},
    )
    return [Recording(**row._mapping) for row in rows]


def place_recording(
    connection: Connection, recording: Recording, location: str | None, chunks: int
) -> None:
    """The same recording lies elsewhere now."""
    connection.execute(
        text("""
            update zendesk.recordings set location = :location, chunks = :chunks
            where call_id = :call_id and kind = :kind
        """),
        {
            "location": location,
            "chunks": chunks,
            "call_id": recording.call_id,
            "kind": recording.kind,
        },
    )


def set_recording_state(
    connection: Connection, recording: PendingRecording, state: str, *, reason: str | None = None
) -> bool:
    """False where its person was erased meanwhile: nothing of it may be stored any more.

    Else an erasure waits for this transaction to end.
    """
    done = connection.execute(
        text(f"""
            update zendesk.recordings set state = :state, reason = :reason
            where call_id = :call_id and kind = :kind and {NOT_ERASED}
        """),
        {
            "state": state,
            "reason": reason,
            "call_id": recording.call_id,
            "kind": recording.kind,
        },
    )
    return done.rowcount > 0


def hold_recording(connection: Connection, recording: Recording) -> bool:
    """Whether it is here still; an erasure then waits for this transaction to end."""
    found = connection.execute(
        text(f"""
            select from zendesk.recordings
            where call_id = :call_id and kind = :kind and state in {LIVE}
            for update
        """),
        {"call_id": recording.call_id, "kind": recording.kind},
    )
    return found.first() is not None


def note_stored(connection: Connection, recording: PendingRecording, stored: Stored) -> bool:
    """Belongs in the transaction that stores its chunks, where they lie in the warehouse.

    False as `set_recording_state`: the transaction must not be committed then.
    """
    done = connection.execute(
        text(f"""
            update zendesk.recordings
            set
                state = 'stored', reason = null, location = :location, chunks = :chunks,
                size_bytes = :size_bytes, digest = :digest
            where call_id = :call_id and kind = :kind and {NOT_ERASED}
        """),
        {
            "call_id": recording.call_id,
            "kind": recording.kind,
            "location": stored.location,
            "chunks": stored.chunks,
            "size_bytes": stored.size_bytes,
            "digest": stored.digest,
        },
    )
    return done.rowcount > 0


def write_chunk(
    connection: Connection, org_id: UUID, recording: Recording, number: int, sealed: bytes
) -> None:
    connection.execute(
        zendesk.recording_chunks.insert().values(
            org_id=org_id,
            call_id=recording.call_id,
            kind=recording.kind,
            chunk_no=number,
            ticket_id=recording.ticket_id,
            sealed=sealed,
            changed_at=recording.changed_at,
        )
    )


def iter_chunks(connection: Connection, ref: Ref, *, at_once: int = 8) -> Iterator[bytes]:
    """The sealed chunks of a recording in order, a few at a time."""
    table, number = zendesk.recording_chunks.c, -1
    while True:
        rows = connection.execute(
            select(table.chunk_no, table.sealed)
            .where(table.call_id == ref.call_id, table.kind == ref.kind, table.chunk_no > number)
            .order_by(table.chunk_no)
            .limit(at_once)
        ).all()
        if not rows:
            return
        yield from (bytes(sealed) for _, sealed in rows)
        number = rows[-1].chunk_no


def first_bytes(connection: Connection, ref: Ref, count: int) -> bytes | None:
    """How a recording that lies in chunks begins; None if it has none."""
    table = zendesk.recording_chunks.c
    found = connection.execute(
        select(func.substring(table.sealed, 1, count)).where(
            table.call_id == ref.call_id, table.kind == ref.kind, table.chunk_no == 0
        )
    )
    start = found.scalar_one_or_none()
    return None if start is None else bytes(start)


def delete_chunks(connection: Connection, refs: Sequence[Ref]) -> None:
    table = zendesk.recording_chunks
    keys = [(ref.call_id, ref.kind) for ref in refs]
    connection.execute(delete(table).where(tuple_(table.c.call_id, table.c.kind).in_(keys)))


def chunked_recordings(connection: Connection) -> list[Ref]:
    """The recordings that lie in the warehouse."""
    table = zendesk.recording_chunks.c
    rows = connection.execute(select(table.call_id, table.kind).distinct())
    return [Ref(call_id, kind, None) for call_id, kind in rows]


def release_objects(connection: Connection, *, cutoff: datetime | None = None) -> set[str]:
    """The keys of the objects that are still needed; the rows of all others let go of theirs.

    Needed is what is stored and held; or else changed at or after `cutoff`, of a ticket that its
    source has not deleted.
    """
    held = held_rows(connection, "zendesk.recordings")
    connection.execute(
        text(f"""
            update zendesk.recordings as r set location = null
            where
                r.location is not null
                and (
                    r.state not in {LIVE}
                    or (
                        ({held}) is not true
                        and (
                            r.changed_at < :cutoff
                            or exists (
                                select from zendesk.tickets as t
                                where t.id = r.ticket_id and t.status = 'deleted'
                            )
                        )
                    )
                )
        """),
        {"cutoff": cutoff},
    )
    kept = connection.execute(
        text("select location from zendesk.recordings where location is not null")
    )
    return set(kept.scalars())


def has_objects(connection: Connection) -> bool:
    """Whether a recording lies in a store of objects."""
    found = connection.execute(
        text("select exists (select from zendesk.recordings where location is not null)")
    )
    return bool(found.scalar_one())


def forget_words(connection: Connection, rows: Sequence[tuple[Ref, int, int]]) -> None:
    """Deletes the audio and the words of recordings, given with comment and ticket: transcript,
    vectors and sentiments of the comment, and what was scored of the whole ticket.

    The ticket is scored again by the next run, from the words that are left.
    """
    refs = [ref for ref, _, _ in rows]
    comments = [comment_id for _, comment_id, _ in rows]
    tickets = [ticket_id for _, _, ticket_id in rows]
    delete_chunks(connection, refs)
    keys = [(ref.call_id, ref.kind) for ref in refs]
    table = ai.transcripts
    connection.execute(delete(table).where(tuple_(table.c.call_id, table.c.kind).in_(keys)))
    connection.execute(
        delete(ai.ticket_chunks).where(
            ai.ticket_chunks.c.comment_id.in_(comments), ai.ticket_chunks.c.source == "transcript"
        )
    )
    sentiments = ai.turn_sentiments
    connection.execute(delete(sentiments).where(sentiments.c.comment_id.in_(comments)))
    for derived in (ai.ticket_work, ai.ticket_scores, ai.sop_checks):
        connection.execute(delete(derived).where(derived.c.ticket_id.in_(tickets)))
