"""An alert as Slack blocks: one message a ticket, changed as it goes on, and answers below it.

Ids, numbers, codes in words of ours and the organization's own procedure: no one's name, no
quotation. Parts are cut to Slack's limits before the models of its SDK check them.

Source of the limits: Slack's Block Kit reference, as slack_sdk.models.blocks raises by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.blocks import Block as SlackBlock

from tasks.escalation.digest import Block, escape

HEADER_CHARACTERS = 150
DETAIL_CHARACTERS = 300
NAME_CHARACTERS = 80
LISTED = 8
REASONS_CHARACTERS = 2_900  # of a section's 3,000
PRINT_CHARACTERS = 500
ACTIONS = {"ack": "Acknowledge", "mute": "Mute for a day", "wrong": "Wrong call"}
ACTION_PREFIX = "alert_"
SMALL_PRINT = "Scores can be wrong."


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One thing that a rule found. `answer` is what somebody said of it, empty while nobody did."""

    alert_id: UUID
    rule: str
    title: str
    severity: str
    detail: str
    answer: str
    model_version: str | None


@dataclass(frozen=True, kw_only=True)
class Case:
    """A ticket that is told of, as it is now; `ticket_id` 0 is none. Instants are in words.

    `status` is empty where there is no ticket, `due` where no promise is at stake.
    """

    ticket_id: int
    url: str
    status: str
    group: str
    opened: str
    due: str
    quality: float | None
    is_solved: bool
    reasons: Sequence[Reason]
    muted: str = ""

    @property
    def open_reasons(self) -> list[Reason]:
        return [one for one in self.reasons if not one.answer]


def parent_blocks(case: Case, *, buttons: bool) -> list[Block]:
    """The message that stands for the ticket."""
    worst = _worst(case)
    found: list[SlackBlock] = [
        HeaderBlock(text=PlainTextObject(text=clipped(_heading(case), HEADER_CHARACTERS)))
    ]
    if case.ticket_id:
        found.append(SectionBlock(fields=[_markdown(one) for one in _fields(case, worst)]))
    found.append(SectionBlock(text=_markdown(_reasons(case))))
    if buttons and case.open_reasons and not case.is_solved:
        found.append(_buttons(case.open_reasons[0].alert_id))
    found.append(ContextBlock(elements=[_markdown(_small_print(case))]))
    return [one.to_dict() for one in found]


def reply_blocks(case: Case, reason: Reason, *, buttons: bool) -> list[Block]:
    """What is said of one more thing, below the ticket's message."""
    where = f" <{case.url}|#{case.ticket_id}>" if case.ticket_id else ""
    found: list[SlackBlock] = [SectionBlock(text=_markdown(f"{_line(reason)}{where}"))]
    if buttons and not reason.answer and not case.is_solved:
        found.append(_buttons(reason.alert_id))
    told = f"{reason.rule}{_by([reason])}"
    found.append(ContextBlock(elements=[_markdown(escape(told))]))
    return [one.to_dict() for one in found]


def parent_fallback(case: Case) -> str:
    """The message in one line, for notifications."""
    where = f"#{case.ticket_id}: " if case.ticket_id else ""
    return f"{where}{_heading(case)}"


def reply_fallback(case: Case, reason: Reason) -> str:
    """An answer in one line."""
    where = f"#{case.ticket_id}: " if case.ticket_id else ""
    return f"{where}{reason.title}"


def clipped(text: str, characters: int) -> str:
    """`text`, its end left out where it is longer."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def _worst(case: Case) -> Reason:
    """What the message is headed by: the worst that nobody has answered, which comes first."""
    return (case.open_reasons or list(case.reasons))[0]


def _heading(case: Case) -> str:
    worst = _worst(case)
    if case.is_solved:
        return f"Solved: {worst.title}"
    if not case.open_reasons:
        answer = worst.answer.rsplit(" ", 2)[0]  # without its day and time
        return f"{answer.capitalize()}: {worst.title}"
    return f"{worst.severity.capitalize()}: {worst.title}"


def _fields(case: Case, worst: Reason) -> list[str]:
    quality = "not measured" if case.quality is None else f"{case.quality:.0f} of 100"
    group = escape(clipped(case.group, NAME_CHARACTERS))
    return [
        f"*Ticket*\n<{case.url}|#{case.ticket_id}>",
        f"*Severity*\n{worst.severity}",
        f"*State*\n{escape(case.status)}, {group}",
        f"*Opened*\n{case.opened}",
        f"*Promise*\n{case.due or 'none at stake'}",
        f"*Quality*\n{quality}",
    ]


def _reasons(case: Case) -> str:
    """As many as there is room for; escaping makes them longer than they were cut to."""
    lines: list[str] = []
    for one in case.reasons[:LISTED]:
        if sum(map(len, lines)) + len(_line(one)) > REASONS_CHARACTERS:
            break
        lines.append(_line(one))
    more = len(case.reasons) - len(lines)
    return "\n".join([*lines, *([f"… and {more} more"] if more else [])])


def _line(one: Reason) -> str:
    answer = f" _{escape(one.answer)}_" if one.answer else ""
    detail = escape(clipped(one.detail, DETAIL_CHARACTERS))
    return f"*{escape(one.title)}*{answer}\n{detail}"


def _small_print(case: Case) -> str:
    rules = ", ".join(dict.fromkeys(one.rule for one in case.reasons[:LISTED]))
    muted = f" Muted until {case.muted}." if case.muted else ""
    told = f"{rules}{_by(case.reasons[:LISTED])}"
    return escape(f"{clipped(told, PRINT_CHARACTERS)}. {SMALL_PRINT}{muted}")


def _by(reasons: Sequence[Reason]) -> str:
    models = dict.fromkeys(one.model_version for one in reasons if one.model_version)
    return f"; by {', '.join(models)}" if models else ""


def _buttons(alert_id: UUID) -> ActionsBlock:
    return ActionsBlock(
        elements=[
            ButtonElement(
                text=PlainTextObject(text=words),
                action_id=f"{ACTION_PREFIX}{action}",
                value=str(alert_id),
                style="primary" if action == "ack" else None,
            )
            for action, words in ACTIONS.items()
        ]
    )


def _markdown(text: str) -> MarkdownTextObject:
    return MarkdownTextObject(text=text)
