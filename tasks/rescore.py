"""Judging anew on demand, against what the procedures say at present, and what that changed."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from difflib import SequenceMatcher

from sqlalchemy import Connection

from tasks.choices import opened_judge
from tasks.embedding import LocalEmbedder
from tasks.errors import ConfigurationError
from tasks.procedures import Procedures, judge_pending, read_procedures
from tasks.resources import opened
from tasks.scoring import Step, parse_sop
from warehouse import checks, knowledge
from warehouse.checks import StepPair, VerdictChange
from warehouse.knowledge import Document, Version
from warehouse.ledger import exclusive

SHORT = 12


@dataclass(frozen=True)
class ClauseChange:
    """A step that says something else than in the version before; None: it is not in it."""

    was_no: int | None
    now_no: int | None
    was: str | None
    now: str | None


@dataclass(frozen=True)
class StepChange:
    """On how many tickets the verdict on a step went from what to what; None: not judged by it.

    `in_force` is false for a step that the present version has no longer.
    """

    step_no: int
    clause: str
    in_force: bool
    was: str | None
    now: str | None
    tickets: int
    ticket_ids: Sequence[int]


@dataclass(frozen=True)
class DocumentChange:
    """What changed in a document's words and in the verdicts by it, against its former version."""

    document_id: str
    title: str
    former_version: str | None
    version: str
    clauses: Sequence[ClauseChange]
    unchanged: int
    changes: Sequence[StepChange]


@dataclass(frozen=True)
class Rescored:
    """What was judged now, and the difference to each ticket's former verdicts.

    `is_whole` is false where a budget ended it before the last ticket.
    """

    tickets: int
    checks: int
    is_whole: bool
    documents: Sequence[DocumentChange]

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def rescore(
    slug: str,
    *,
    document_id: str | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> Rescored:
    """Judges what the present procedures have not, and compares; `limit` bounds lists of tickets.

    Every ticket, or those that changed since then; compared are all procedures, or one. Killed, it
    goes on from there the next time; the former verdicts stay beside the new ones.

    Raises: ConfigurationError for an unknown procedure, TransientError while a run is under way.
    """
    with opened(slug) as resources, exclusive(resources.engine, resources.organization):
        embedder = LocalEmbedder()
        with opened_judge(resources, embedder) as judge:
            procedures = read_procedures(resources, embedder, judge)
            compared = _named(procedures.documents, document_id)
            judged = judge_pending(resources, procedures, since=since)
        with resources.session() as connection:
            changes = [_change(connection, procedures, one, since, limit) for one in compared]
            resources.audit(
                connection,
                action="sop.rescore",
                purpose="rescore",
                details={"tickets": judged.tickets},
            )
    return Rescored(judged.tickets, judged.checks, judged.is_whole, changes)


def _named(documents: Sequence[Document], document_id: str | None) -> Sequence[Document]:
    if not documents:
        raise ConfigurationError("there is no procedure yet; `vensor knowledge add` adds one")
    if document_id is None:
        return documents
    found = [one for one in documents if one.document_id == document_id]
    if not found:
        raise ConfigurationError(
            f"no procedure {document_id!r}; `vensor knowledge list` names those there are"
        )
    return found


def _change(
    connection: Connection,
    procedures: Procedures,
    document: Document,
    since: datetime | None,
    limit: int | None,
) -> DocumentChange:
    present = parse_sop(document.body, document.title).steps
    former = [
        one
        for one in knowledge.versions_of(connection, document.document_id)
        if one.version != document.version
    ]
    steps = {one.version: _steps(one) for one in former}
    pairs = [pair for version, old in steps.items() for pair in paired(version, old, present)]
    found = checks.verdict_changes(
        connection,
        document.document_id,
        pairs,
        model_version=procedures.judge.version,
        work_version=procedures.version,
        since=since,
        limit=limit,
    )
    was = {one.step_no: one.text for old in reversed(steps.values()) for one in old}
    now = {one.step_no: one.text for one in present}
    return DocumentChange(
        document.document_id,
        document.title,
        former[0].version.hex()[:SHORT] if former else None,
        document.version.hex()[:SHORT],
        changed_clauses(_steps(former[0]), present) if former else [],
        sum(one.tickets for one in found if one.was == one.now),
        [_step_change(one, now, was) for one in found if one.was != one.now],
    )


def _steps(version: Version) -> Sequence[Step]:
    return parse_sop(version.body, version.title).steps


def _step_change(one: VerdictChange, present: dict[int, str], gone: dict[int, str]) -> StepChange:
    in_force = one.present_no is not None
    number = (one.present_no if in_force else one.former_no) or 0
    clause = (present if in_force else gone).get(number, "")
    return StepChange(number, clause, in_force, one.was, one.now, one.tickets, one.ticket_ids)


def changed_clauses(former: Sequence[Step], present: Sequence[Step]) -> list[ClauseChange]:
    """The steps whose words changed, came or went."""
    was = {one.step_no: one.text for one in former}
    now = {one.step_no: one.text for one in present}
    pairs = [(one.former_no, one.present_no) for one in paired(b"", former, present)]
    told = [ClauseChange(old, new, was.get(old or 0), now.get(new or 0)) for old, new in pairs]
    return [one for one in told if one.was != one.now]


def paired(version: bytes, former: Sequence[Step], present: Sequence[Step]) -> Iterator[StepPair]:
    """Which step became which: by their words, and by their places between steps that stayed."""
    was, now = [one.text for one in former], [one.text for one in present]
    matcher = SequenceMatcher(None, was, now, autojunk=False)
    for _, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        old = [one.step_no for one in former[old_from:old_to]]
        new = [one.step_no for one in present[new_from:new_to]]
        for at in range(max(len(old), len(new))):
            yield StepPair(
                version,
                old[at] if at < len(old) else None,
                new[at] if at < len(new) else None,
            )
