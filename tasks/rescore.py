"""Judging anew on demand, against what the procedures say at present, and what that changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from sqlalchemy import Connection

from tasks.embedding import LocalEmbedder
from tasks.errors import ConfigurationError
from tasks.procedures import Procedures, judge_pending, read_procedures
from tasks.resources import Resources, opened
from tasks.scoring import SOP_VERSION, Step, parse_sop
from tasks.step import step
from warehouse import checks, knowledge
from warehouse.checks import StepPair, VerdictChange
from warehouse.knowledge import Document
from warehouse.ledger import StageResult, exclusive


@dataclass(frozen=True)
class StepChange:
    """How many verdicts on a step changed from what to what; no verdict: not judged by it."""

    step_no: int
    clause: str
    in_force: bool
    was: str | None
    now: str | None
    tickets: int
    ticket_ids: Sequence[int]


@dataclass(frozen=True)
class DocumentChange:
    """What changed in the verdicts by one document, against its former version."""

    document_id: str
    title: str
    version: str
    unchanged: int
    changes: Sequence[StepChange]


@dataclass(frozen=True)
class Rescored:
    """What was judged now, and the difference to each ticket's former verdicts."""

    tickets: int
    checks: int
    documents: Sequence[DocumentChange]


def rescore(
    slug: str,
    *,
    document_id: str | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> Rescored:
    """Judges what the present procedures have not, and compares; `limit` bounds lists of tickets.

    Every procedure, or one; every ticket, or those that changed since then. Killed, it goes on from
    there the next time; the former verdicts stay beside the new ones.

    Raises: ConfigurationError for an unknown procedure, TransientError while a run is under way.
    """
    with opened(slug) as resources, exclusive(resources.engine, resources.organization):
        procedures = read_procedures(resources, LocalEmbedder(), document_id)
        if not procedures.judged_by:
            raise ConfigurationError(
                "no such procedure; `vensor knowledge list` names those there are"
                if document_id
                else "there is no procedure yet; `vensor knowledge add` adds one"
            )
        judged = judge_pending(resources, procedures, since=since)
        with resources.session() as connection:
            changes = [
                _change(connection, procedures, one, since, limit) for one in procedures.judged_by
            ]
            if document_id is not None:
                checks.forget_marks(connection, present=procedures.version)
            _audit(resources, connection, judged.tickets)
    return Rescored(judged.tickets, judged.checks, changes)


@step
def rescore_tickets(
    slug: str, document_id: str | None = None, since: datetime | None = None
) -> StageResult:
    """As `rescore`, for a flow."""
    done = rescore(slug, document_id=document_id, since=since, limit=0)
    changed = sum(one.tickets for document in done.documents for one in document.changes)
    return StageResult(done.tickets, done.checks, note=f"{changed} verdicts changed")


def _audit(resources: Resources, connection: Connection, tickets: int) -> None:
    resources.audit(
        connection, action="sop.rescore", purpose="rescore", details={"tickets": tickets}
    )


def _change(
    connection: Connection,
    procedures: Procedures,
    document: Document,
    since: datetime | None,
    limit: int | None,
) -> DocumentChange:
    present = parse_sop(document.body, document.title).steps
    former = {
        one.version: parse_sop(one.body, one.title).steps
        for one in knowledge.versions_of(connection, document.document_id)
        if one.version != document.version
    }
    found = checks.verdict_changes(
        connection,
        document.document_id,
        [pair for version, steps in former.items() for pair in paired(version, steps, present)],
        model_version=SOP_VERSION,
        work_version=procedures.version,
        since=since,
        limit=limit,
    )
    gone = {one.step_no: one.text for steps in former.values() for one in steps}
    clauses = {one.step_no: one.text for one in present}
    return DocumentChange(
        document.document_id,
        document.title,
        document.version.hex()[:12],
        sum(one.tickets for one in found if one.was == one.now),
        [_step_change(one, clauses, gone) for one in found if one.was != one.now],
    )


def _step_change(one: VerdictChange, present: dict[int, str], gone: dict[int, str]) -> StepChange:
    in_force = one.present_no is not None
    number = (one.present_no if in_force else one.former_no) or 0
    clause = (present if in_force else gone).get(number, "")
    return StepChange(number, clause, in_force, one.was, one.now, one.tickets, one.ticket_ids)


def paired(version: bytes, former: Sequence[Step], present: Sequence[Step]) -> Iterator[StepPair]:
    """Which step became which: by their words, and by their places between steps that stayed."""
    words = [[one.text for one in steps] for steps in (former, present)]
    matcher = SequenceMatcher(None, *words, autojunk=False)
    for _, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        old = [one.step_no for one in former[old_from:old_to]]
        new = [one.step_no for one in present[new_from:new_to]]
        for at in range(max(len(old), len(new))):
            yield StepPair(
                version,
                old[at] if at < len(old) else None,
                new[at] if at < len(new) else None,
            )
