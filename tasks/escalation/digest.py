"""The daily digest as Slack blocks: numbers, ticket links and steps; no one's name, no quotation.

The models of slack_sdk refuse what is over Slack's limits (50 blocks, section text 3,000
characters, header 150, 10 fields); lists are told in part before that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from slack_sdk.models.blocks import (
    Block as SlackBlock,
)
from slack_sdk.models.blocks import (
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from tasks.reporting.words import counted

SECTION_CHARACTERS = 3_000
HEADER_CHARACTERS = 150
REASON_CHARACTERS = 300
LISTED = 8
ALERTS_LISTED = 5

Block = dict[str, object]


@dataclass(frozen=True)
class Finding:
    """One ticket to look at. `reason` is made of our words, numbers and the SOP's own.

    `ticket_id` 0 is none: then the reason is all there is.
    """

    ticket_id: int
    url: str
    status: str
    group: str
    reason: str


@dataclass(frozen=True)
class Figure:
    """A count of the day beside what such a day usually brings; None where it is not known."""

    name: str
    count: int | None
    usual: float | None = None


@dataclass(frozen=True)
class Digest:
    """One organization's day. Not `published`: its figures are not known to be right.

    A ticket is listed once: as risky, or among alerts, or as unhappy.

    `unusual` is what stands out in the figures, in our words, the furthest first.
    """

    organization: str
    day: date
    figures: Sequence[Figure]
    unusual: Sequence[str]
    waiting: int
    risky: Sequence[Finding]
    alerts: Sequence[Finding]
    unhappy: Sequence[Finding]
    missed_steps: Sequence[Finding]
    scored: int
    versions: str
    published: bool = True


def blocks(digest: Digest) -> list[Block]:
    """The message."""
    more = "more " if digest.risky or digest.alerts else ""
    fields = [MarkdownTextObject(text=text) for text in _figures(digest)]
    made: list[SlackBlock] = [
        HeaderBlock(text=_header(f"{digest.organization}: {digest.day.isoformat()}")),
        SectionBlock(fields=fields),
        *_unusual(digest),
        *_listing("open ticket", "that may escalate", digest.risky),
        *_listing(
            "alert",
            "of the last day that nobody has answered",
            digest.alerts,
            most=ALERTS_LISTED,
        ),
        *_listing(f"{more}open ticket", "where the customer turned unhappy", digest.unhappy),
        *_listing("ticket", "where a step of a procedure was not done", digest.missed_steps),
        ContextBlock(elements=[MarkdownTextObject(text=_small_print(digest))]),
    ]
    return [block.to_dict() for block in made]


def fallback(digest: Digest) -> str:
    """The message in one line, for notifications."""
    known = [f"{one.count} {one.name.lower()}" for one in digest.figures if one.count is not None]
    unusual = [f"{len(digest.unusual)} unusual"] if digest.unusual and digest.published else []
    told = [
        *(known[:2] if digest.published else ["figures held back"]),
        *unusual,
        f"{len(digest.risky)} that may escalate",
        *([counted(len(digest.alerts), "alert")] if digest.alerts else []),
        f"{len(digest.unhappy)} unhappy",
        f"{len(digest.missed_steps)} with a step not done",
    ]
    return f"{digest.organization} {digest.day.isoformat()}: {', '.join(told)}"


def linked_tickets(content: bytes) -> list[int]:
    """The tickets that a digest links to, in order, each once."""
    return list(dict.fromkeys(int(one) for one in re.findall(rb"/agent/tickets/(\d+)\|", content)))


def _figures(digest: Digest) -> list[str]:
    waiting = f"*Not solved yet*\n{digest.waiting:,}"
    if not digest.published:
        return ["*Held back*\nthe day's figures: a check of the metric tables failed", waiting]
    return [*(f"*{one.name}*\n{_count(one)}" for one in digest.figures), waiting]


def _count(figure: Figure) -> str:
    if figure.count is None:
        return "not measured"
    usual = "" if figure.usual is None else f" (usually {figure.usual:,.0f})"
    return f"{figure.count:,}{usual}"


def _unusual(digest: Digest) -> list[SlackBlock]:
    if not digest.unusual or not digest.published:
        return []
    lines = [f"• {escape(line)}" for line in digest.unusual]
    return [SectionBlock(text=MarkdownTextObject(text=_fitting("*Unusual*", lines, len(lines))))]


def _listing(
    thing: str, which: str, findings: Sequence[Finding], *, most: int = LISTED
) -> list[SlackBlock]:
    """A section headed by how many there are; none of none."""
    if not findings:
        return []
    title = f"*{counted(len(findings), thing)} {which}*"
    lines = [_line(finding) for finding in findings[:most]]
    return [SectionBlock(text=MarkdownTextObject(text=_fitting(title, lines, len(findings))))]


def _line(finding: Finding) -> str:
    reason = finding.reason
    if len(reason) > REASON_CHARACTERS:
        reason = f"{reason[: REASON_CHARACTERS - 1]}…"
    if not finding.ticket_id:
        return f"• {escape(reason)}"
    group, status = escape(finding.group), escape(finding.status)
    return f"• <{finding.url}|#{finding.ticket_id}> {status}, {group}: {escape(reason)}"


def _fitting(title: str, lines: Sequence[str], total: int) -> str:
    """As many whole lines as a section takes, and how many more there are."""
    for shown in range(len(lines), -1, -1):
        more = [f"… and {total - shown} more"] if total > shown else []
        text = "\n".join([title, *lines[:shown], *more])
        if len(text) <= SECTION_CHARACTERS:
            break
    return text


def _small_print(digest: Digest) -> str:
    rule = ""
    if digest.unusual and digest.published:
        rule = " Unusual is what chance does on less than one of 150 such days."
    scored = counted(digest.scored, "ticket")
    return f"{scored} scored by {escape(digest.versions)}; scores can be wrong.{rule}"


def escape(text: str) -> str:
    """`text` as Slack shows it: no markup of its own, no mention of anyone.

    Source: Slack's "Formatting text for app surfaces": & < > are the only control characters.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _header(text: str) -> PlainTextObject:
    return PlainTextObject(text=text[:HEADER_CHARACTERS])


def plain(text: str) -> Block:
    """Text of a header."""
    return {"type": "plain_text", "text": text[:HEADER_CHARACTERS]}


def mrkdwn(text: str) -> Block:
    """Text with Slack's markup."""
    return {"type": "mrkdwn", "text": text[:SECTION_CHARACTERS]}
