"""Verdicts on steps of procedures. Every function runs in the organization's tenant session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, select, text

from warehouse.tables.ai import sop_checks, ticket_work

VERDICT_CHANGES = text("""
    with judged as (
        select w.ticket_id from ai.ticket_work as w
        left join zendesk.tickets as t on w.ticket_id = t.id
        where
            w.task = 'sop' and w.model_version = :work_version
            and (cast(:since as timestamptz) is null or t.updated_at >= :since)
    ),
    former as (
        select distinct on (c.ticket_id) c.ticket_id, c.sop_version
        from judged as j
        inner join ai.sop_checks as c on j.ticket_id = c.ticket_id
        inner join knowledge.documents as d on c.document_id = d.document_id
        inner join knowledge.versions as v
            on c.document_id = v.document_id and c.sop_version = v.version
        where
            c.document_id = :document_id and c.model_version = :model_version
            and c.sop_version <> d.version
        order by c.ticket_id, v.present_since desc
    ),
    pairs as (
        select * from unnest(
            cast(:versions as bytea[]),
            cast(:former as integer[]),
            cast(:present as integer[])
        ) as p (version, former_no, present_no)
    ),
    verdicts as (
        select f.ticket_id, p.former_no, p.present_no, o.verdict as was, n.verdict as now
        from former as f
        inner join pairs as p on f.sop_version = p.version
        inner join knowledge.documents as d on d.document_id = :document_id
        left join ai.sop_checks as o
            on f.ticket_id = o.ticket_id and o.document_id = :document_id
            and o.step_no = p.former_no and o.model_version = :model_version
            and o.sop_version = f.sop_version
        left join ai.sop_checks as n
            on f.ticket_id = n.ticket_id and n.document_id = :document_id
            and n.step_no = p.present_no and n.model_version = :model_version
            and n.sop_version = d.version
    )
    select
        former_no, present_no, was, now, count(*) as tickets,
        case when was is not distinct from now then '{}'
            else (array_agg(ticket_id order by ticket_id))[1:coalesce(:limit, 2147483647)]
        end as ticket_ids
    from verdicts
    group by former_no, present_no, was, now
    order by present_no, former_no, was, now
""")


@dataclass(frozen=True)
class Check:
    """One verdict with the version of the document that it was made by."""

    document_id: str
    title: str
    body: str
    sop_version: bytes
    is_present: bool
    model_version: str
    step_no: int
    verdict: str
    confidence: float
    reason: str
    evidence_comment_id: int | None
    evidence_turn_no: int | None
    evidence_start_char: int | None
    evidence_end_char: int | None
    evidence_hash: bytes | None


# A ticket, a document and the version of it that the ticket was judged by.
Pair = tuple[int, str, bytes]


def judged_hashes(
    connection: Connection, ticket_ids: Sequence[int], *, model_version: str
) -> dict[int, bytes]:
    """The hash of what each ticket held when this model judged it last."""
    rows = connection.execute(
        select(ticket_work.c.ticket_id, ticket_work.c.content_hash)
        .where(ticket_work.c.ticket_id.in_(ticket_ids), _is_mark_of(model_version))
        .order_by(ticket_work.c.loaded_at)
    )
    return {row.ticket_id: bytes(row.content_hash) for row in rows}


def judged_pairs(
    connection: Connection, ticket_ids: Sequence[int], *, model_version: str
) -> set[Pair]:
    """What of these tickets this model has verdicts on."""
    c = sop_checks.c
    rows = connection.execute(
        select(c.ticket_id, c.document_id, c.sop_version)
        .where(c.ticket_id.in_(ticket_ids), c.model_version == model_version)
        .distinct()
    )
    return {(row.ticket_id, row.document_id, bytes(row.sop_version)) for row in rows}


def forget_present(
    connection: Connection, ticket_ids: Sequence[int], kept: Sequence[Pair], *, model_version: str
) -> None:
    """Deletes these tickets' verdicts of present versions, but those that are kept."""
    connection.execute(
        text("""
            delete from ai.sop_checks as c
            using knowledge.documents as d
            where
                c.ticket_id = any(:ids) and c.model_version = :model_version
                and d.document_id = c.document_id and c.sop_version = d.version
                and not exists (
                    select from unnest(
                        cast(:kept_tickets as bigint[]), cast(:kept_documents as text[])
                    ) as k (ticket_id, document_id)
                    where k.ticket_id = c.ticket_id and k.document_id = c.document_id
                )
        """),
        {
            "ids": list(ticket_ids),
            "model_version": model_version,
            "kept_tickets": [one[0] for one in kept],
            "kept_documents": [one[1] for one in kept],
        },
    )


def keep_two_versions(
    connection: Connection, ticket_ids: Sequence[int], *, model_version: str
) -> None:
    """Deletes these tickets' verdicts that are neither of the present version nor of the former."""
    connection.execute(
        text("""
            delete from ai.sop_checks as c
            using knowledge.documents as d, knowledge.versions as v
            where
                c.ticket_id = any(:ids) and c.model_version = :model_version
                and d.document_id = c.document_id and c.sop_version <> d.version
                and v.document_id = c.document_id and v.version = c.sop_version
                and exists (
                    select from ai.sop_checks as o
                    inner join knowledge.versions as newer
                        on o.document_id = newer.document_id and o.sop_version = newer.version
                    where
                        o.ticket_id = c.ticket_id and o.document_id = c.document_id
                        and o.model_version = c.model_version
                        and o.sop_version <> d.version
                        and newer.present_since > v.present_since
                )
        """),
        {"ids": list(ticket_ids), "model_version": model_version},
    )


def forget_marks(connection: Connection, ticket_ids: Sequence[int], *, judged_by: str) -> None:
    """Deletes this model's marks on these tickets, before the present one is made.

    Each change of a procedure would otherwise leave a mark on every ticket.
    """
    connection.execute(
        delete(ticket_work).where(ticket_work.c.ticket_id.in_(ticket_ids), _is_mark_of(judged_by))
    )


def _is_mark_of(model_version: str) -> ColumnElement[bool]:
    """The mark of a ticket that is judged names the model, and after it the procedures."""
    work = ticket_work.c
    return and_(
        work.task == "sop", work.model_version.startswith(f"{model_version}+", autoescape=True)
    )


def checks_of(connection: Connection, ticket_id: int, *, present: str) -> list[Check]:
    """The latest verdicts on a ticket by each procedure, in the documents' and steps' order.

    Where the ticket was judged by the procedures that `present` names, only theirs; else those of
    the version that was present last. Of several models, those of the last.
    """
    rows = connection.execute(
        text("""
            with judged as (
                select exists (
                    select from ai.ticket_work
                    where
                        ticket_id = :id and task = 'sop'
                        and model_version like '%+' || :present
                ) as now
            ),
            latest as (
                select distinct on (c.document_id)
                    c.document_id, c.sop_version, c.model_version,
                    v.title, v.body, v.version = d.version as is_present
                from ai.sop_checks as c
                inner join knowledge.documents as d on c.document_id = d.document_id
                inner join knowledge.versions as v
                    on c.document_id = v.document_id and c.sop_version = v.version
                cross join judged
                where
                    c.ticket_id = :id and d.kind = 'sop'
                    and (v.version = d.version or not judged.now)
                order by c.document_id, v.present_since desc, c.loaded_at desc
            )
            select
                l.document_id, l.title, l.body, l.sop_version, l.is_present, l.model_version,
                c.step_no, c.verdict, c.confidence, c.reason, c.evidence_comment_id,
                c.evidence_turn_no, c.evidence_start_char, c.evidence_end_char, c.evidence_hash
            from latest as l
            inner join ai.sop_checks as c
                on l.document_id = c.document_id and l.sop_version = c.sop_version
                and l.model_version = c.model_version
            where c.ticket_id = :id
            order by l.title, l.document_id, c.step_no
        """),
        {"id": ticket_id, "present": present},
    )
    return [Check(**row._mapping) for row in rows]


@dataclass(frozen=True)
class StepPair:
    """Which step of a former version is which of the present one; None where there is none."""

    former_version: bytes
    former_no: int | None
    present_no: int | None


@dataclass(frozen=True)
class VerdictChange:
    """How many verdicts on a step went from one to another, and on which tickets.

    No verdict: the step is not in that version, or nobody asked for what the procedure governs.
    `ticket_ids` is empty where nothing changed.
    """

    former_no: int | None
    present_no: int | None
    was: str | None
    now: str | None
    tickets: int
    ticket_ids: list[int]


def verdict_changes(
    connection: Connection,
    document_id: str,
    pairs: Sequence[StepPair],
    *,
    model_version: str,
    work_version: str,
    since: datetime | None,
    limit: int | None,
) -> list[VerdictChange]:
    """The verdicts of each ticket's former version beside those of the present one, step by step.

    Of tickets that `work_version` has judged; `limit` bounds each list of tickets.
    """
    rows = connection.execute(
        VERDICT_CHANGES,
        {
            "document_id": document_id,
            "model_version": model_version,
            "work_version": work_version,
            "since": since,
            "limit": limit,
            "versions": [one.former_version for one in pairs],
            "former": [one.former_no for one in pairs],
            "present": [one.present_no for one in pairs],
        },
    )
    return [VerdictChange(**row._mapping) for row in rows]
