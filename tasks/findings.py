"""What was found about a ticket, step by step, with the words that show it.

A quote is opened at the moment of asking and is shown only while it still stands where the verdict
says, in the mouth of an agent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from tasks.conversation import OpenConversation, open_conversations
from tasks.encryption import Cipher
from tasks.procedures import digest_of, quote_hash, quote_of
from tasks.resources import Resources
from tasks.scoring import Evidence, Sop, Step, Turn, parse_sop, speaker_of
from warehouse import checks, knowledge
from warehouse.checks import Check

GONE = "gone"
STANDS = "stands"
NONE = "none"


@dataclass(frozen=True)
class Quote:
    """Words of a conversation and where they stand; `start` and `end` count characters."""

    speaker: str
    comment_id: int
    turn_no: int
    start: int
    end: int
    text: str

    def __repr__(self) -> str:
        return f"Quote({self.comment_id}, {self.start}-{self.end})"


@dataclass(frozen=True)
class StepFinding:
    """The verdict on a step, with the clause of the version that it was judged by.

    `evidence` is "stands" with a quote, "gone" where the words are not there any more, "none" for a
    verdict that rests on no sentence.
    """

    document_id: str
    title: str
    version: str
    is_present_version: bool
    judged_by: str
    step_no: int
    kind: str
    clause: str
    actor: str
    deadline: str
    verdict: str
    confidence: float
    reason: str
    evidence: str
    quote: Quote | None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def find_findings(resources: Resources, ticket_id: int) -> list[StepFinding]:
    """Every step's verdict on a ticket; reading its words is written to the audit trail."""
    told: dict[str, int | str] = {"tickets": str(ticket_id)}
    with resources.session("sop findings", told) as connection:
        documents = knowledge.find_documents(connection, kind="sop")
        found = checks.checks_of(connection, ticket_id, present=digest_of(documents))
        opened = open_conversations(connection, resources.cipher, [ticket_id]) if found else []
        told["steps"] = len(found)
    turns = {(turn.comment_id, turn.turn_no): turn for turn in _turns(opened)}
    sops = {(one.document_id, one.sop_version): parse_sop(one.body, one.title) for one in found}
    return [
        _finding(resources.cipher, one, sops[one.document_id, one.sop_version], opened, turns)
        for one in found
    ]


def _turns(opened: list[OpenConversation]) -> Iterator[Turn]:
    for one in opened:
        yield from one.conversation.turns


def _finding(
    cipher: Cipher,
    check: Check,
    sop: Sop,
    opened: list[OpenConversation],
    turns: Mapping[tuple[int, int], Turn],
) -> StepFinding:
    clause = {one.step_no: one for one in sop.steps}.get(check.step_no, Step(0, "", "required"))
    quote = _quote(cipher, check, opened, turns)
    pointed = check.evidence_comment_id is not None
    return StepFinding(
        document_id=check.document_id,
        title=check.title,
        version=check.sop_version.hex()[:12],
        is_present_version=check.is_present,
        judged_by=check.model_version,
        step_no=check.step_no,
        kind=clause.kind,
        clause=clause.text,
        actor=clause.actor,
        deadline=clause.deadline,
        verdict=check.verdict,
        confidence=check.confidence,
        reason=check.reason,
        evidence=(STANDS if quote else GONE) if pointed else NONE,
        quote=quote,
    )


def _quote(
    cipher: Cipher,
    check: Check,
    opened: list[OpenConversation],
    turns: Mapping[tuple[int, int], Turn],
) -> Quote | None:
    """The words that stand where the verdict points, if they are those that it was made by."""
    evidence = _evidence(check)
    if evidence is None or not opened:
        return None
    text = quote_of(opened[0].conversation, evidence)
    if text is None:
        return None
    if check.evidence_hash is not None and quote_hash(cipher, text) != check.evidence_hash:
        return None
    speaker = speaker_of(turns[evidence.comment_id, evidence.turn_no], text)
    if speaker not in ("agent", "unknown"):
        return None
    return Quote(
        speaker,
        evidence.comment_id,
        evidence.turn_no,
        evidence.start_char,
        evidence.end_char,
        text,
    )


def _evidence(check: Check) -> Evidence | None:
    place = (
        check.evidence_comment_id,
        check.evidence_turn_no,
        check.evidence_start_char,
        check.evidence_end_char,
    )
    told = [one for one in place if one is not None]
    return Evidence(*told) if len(told) == len(place) else None
