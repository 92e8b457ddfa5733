"""People's corrections of scores: stored beside them, never in their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.conversation import open_conversations
from tasks.errors import ConfigurationError
from tasks.gate import permitted_organizations
from tasks.identity import acting
from tasks.resources import Resources
from tasks.scoring import Conversation, parse_sop
from warehouse import knowledge, labels
from warehouse.labels import Label, StepVerdict, TurnScore
from warehouse.uncertain import Doubtful, least_certain

OPENING_CHARS = 240


@dataclass(frozen=True)
class Question:
    """A doubtful score, the step it is about, and the words to judge it by; `repr` hides them."""

    doubtful: Doubtful
    step: str
    words: str

    def __repr__(self) -> str:
        return f"Question({self.doubtful.target} of ticket {self.doubtful.ticket_id})"

    def answered(self, value: str) -> Label:
        """The label that somebody gives as an answer."""
        one = self.doubtful
        return Label(
            ticket_id=one.ticket_id,
            target=one.target,
            value=value,
            comment_id=one.comment_id,
            turn_no=one.turn_no,
            document_id=one.document_id,
            step_no=one.step_no,
            sop_version=one.sop_version,
        )


@dataclass(frozen=True)
class Scored:
    """What models said of one ticket."""

    turns: Sequence[TurnScore]
    steps: Sequence[StepVerdict]


def scores_of(resources: Resources, ticket_id: int) -> Scored:
    """What models said of a ticket. Raises: ConfigurationError where none said anything."""
    with resources.session() as connection:
        found = Scored(
            labels.turn_scores(connection, [ticket_id]),
            labels.step_verdicts(connection, [ticket_id]),
        )
    if not found.turns and not found.steps:
        raise ConfigurationError(
            f"ticket {ticket_id} of {resources.organization.slug} has no score yet;"
            " a run scores it, if its words are still there"
        )
    return found


def put_labels(resources: Resources, found: Sequence[Label], *, at: datetime) -> None:
    """Stores labels in one transaction, with who gave them in the audit trail."""
    with resources.session() as connection:
        for label in found:
            labels.put_label(
                connection,
                resources.organization.org_id,
                label,
                labelled_by=resources.settings.actor,
                at=at,
            )
            resources.audit(
                connection,
                action="label",
                purpose="correct a score",
                details={"ticket_id": label.ticket_id, "target": label.target},
            )


def ticket_label(scored: Scored, ticket_id: int, value: str) -> Label:
    """How the ticket's customer felt at the end. Raises: ConfigurationError."""
    if not scored.turns:
        raise ConfigurationError(f"ticket {ticket_id} has no turn of its customer to judge")
    return Label(ticket_id=ticket_id, target="ticket", value=value)


def turn_label(scored: Scored, ticket_id: int, place: tuple[int, int], value: str) -> Label:
    """How the customer felt in one turn: comment and number. Raises: ConfigurationError."""
    if all((one.comment_id, one.turn_no) != place for one in scored.turns):
        raise ConfigurationError(
            f"comment {place[0]}, turn {place[1]} of ticket {ticket_id} has no score;"
            f" `vensor label --ticket {ticket_id}` lists those that have one"
        )
    return Label(
        ticket_id=ticket_id, target="turn", value=value, comment_id=place[0], turn_no=place[1]
    )


def step_label(
    scored: Scored, ticket_id: int, step_no: int, value: str, *, document_id: str | None
) -> Label:
    """The verdict on a step, of the one procedure or the one named. Raises: ConfigurationError."""
    found = {
        one.document_id: one
        for one in scored.steps
        if one.step_no == step_no and document_id in (None, one.document_id)
    }
    if len(found) != 1:
        what = "name one of them with --procedure" if found else "no procedure has such a step"
        known = ", ".join(sorted({one.document_id for one in scored.steps})) or "none"
        raise ConfigurationError(f"ticket {ticket_id} was judged by {known}: {what}")
    [one] = found.values()
    return Label(
        ticket_id=ticket_id,
        target="step",
        value=value,
        document_id=one.document_id,
        step_no=step_no,
        sop_version=one.sop_version,
    )


def next_questions(resources: Resources, *, limit: int) -> list[Question]:
    """The least certain scores that nobody has labelled, with words for those who may read them."""
    with resources.session() as connection:
        doubtful = least_certain(connection, limit=limit)
        sops = {one.document_id: one for one in knowledge.find_documents(connection, kind="sop")}
    talks = _readable(resources, sorted({one.ticket_id for one in doubtful}))
    steps = {
        (name, step.step_no): step.text
        for name, sop in sops.items()
        for step in parse_sop(sop.body, sop.title).steps
    }
    return [
        Question(
            one,
            steps.get((one.document_id, one.step_no), ""),
            _opening(one, talks.get(one.ticket_id)),
        )
        for one in doubtful
    ]


def _readable(resources: Resources, ticket_ids: Sequence[int]) -> dict[int, Conversation]:
    """The conversations, for who may search tickets; reading them is audited."""
    actor = acting(resources.settings.actor)
    permitted = permitted_organizations(resources.engine, actor, "tickets.search")
    if not ticket_ids or resources.organization not in permitted:
        return {}
    told: dict[str, int | str] = {}
    with resources.session("label", told) as connection:
        found = open_conversations(connection, resources.cipher, ticket_ids)
        told["tickets"] = ",".join(str(one.ticket_id) for one in found)
    return {one.ticket_id: one.conversation for one in found}


def _opening(one: Doubtful, talk: Conversation | None) -> str:
    """The first words of the turn in doubt; for a step, of what the agents told the customer."""
    if talk is None:
        return ""
    if one.target == "turn":
        said = [
            turn.text
            for turn in talk.turns
            if (turn.comment_id, turn.turn_no) == (one.comment_id, one.turn_no)
        ]
    else:
        said = [turn.text for turn in talk.turns if turn.speaker != "customer" and turn.is_public]
    words = " ".join(" ".join(said).split())
    return words if len(words) <= OPENING_CHARS else f"{words[:OPENING_CHARS]}…"
