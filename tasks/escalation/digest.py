"""The daily digest as Slack blocks: numbers, ticket links and steps; no one's name, no quotation.

Source of the limits: Slack's Block Kit reference (50 blocks, section text 3,000 characters,
header 150, 10 fields).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

SECTION_CHARACTERS = 3_000
HEADER_CHARACTERS = 150
LISTED = 8

Block = dict[str, object]


@dataclass(frozen=True)
class Finding:
    """One ticket to look at. `reason` is made of our words, numbers and the SOP's own."""

    ticket_id: int
    url: str
    status: str
    group: str
    reason: str


@dataclass(frozen=True)
class Digest:
    """One organization's day. Not `published`: its figures are not known to be right."""

    organization: str
    day: date
    created: int
    usually_created: float
    solved: int
    reopened: int
    waiting: int
    risky: Sequence[Finding]
    risky_total: int
    unhappy: Sequence[Finding]
    unhappy_total: int
    missed_steps: Sequence[Finding]
    missed_total: int
    scored: int
    versions: str
    published: bool = True


def blocks(digest: Digest) -> list[Block]:
    """The message."""
    more = "more " if digest.risky_total else ""
    return [
        {"type": "header", "text": plain(f"{digest.organization}: {digest.day.isoformat()}")},
        {"type": "section", "fields": [mrkdwn(text) for text in _figures(digest)]},
        *_listing(
            f"*{digest.risky_total} open tickets that may escalate*",
            digest.risky,
            digest.risky_total,
        ),
        *_listing(
            f"*{digest.unhappy_total} {more}open tickets where the customer turned unhappy*",
            digest.unhappy,
            digest.unhappy_total,
        ),
        *_listing(
            f"*{digest.missed_total} tickets where a step of a procedure was not done*",
            digest.missed_steps,
            digest.missed_total,
        ),
        {"type": "context", "elements": [mrkdwn(_small_print(digest))]},
    ]


def fallback(digest: Digest) -> str:
    """The message in one line, for notifications."""
    figures = f"{digest.created} created, {digest.solved} solved"
    return (
        f"{digest.organization} {digest.day.isoformat()}:"
        f" {figures if digest.published else 'figures held back'},"
        f" {digest.risky_total} that may escalate,"
        f" {digest.unhappy_total} unhappy,"
        f" {digest.missed_total} with a step not done"
    )


def linked_tickets(content: bytes) -> list[int]:
    """The tickets that a digest links to, in order, each once."""
    return list(dict.fromkeys(int(one) for one in re.findall(rb"/agent/tickets/(\d+)\|", content)))


def _figures(digest: Digest) -> list[str]:
    waiting = f"*Not solved yet*\n{digest.waiting}"
    if not digest.published:
        return ["*Held back*\nthe day's figures: a check of the metric tables failed", waiting]
    return [
        f"*Created*\n{digest.created} (usually {digest.usually_created:.0f})",
        f"*Solved*\n{digest.solved}",
        f"*Reopened*\n{digest.reopened}",
        waiting,
    ]


def _listing(title: str, findings: Sequence[Finding], total: int) -> list[Block]:
    if not findings:
        return []
    lines = [title]
    for finding in findings[:LISTED]:
        group, reason = escape(finding.group), escape(finding.reason)
        lines.append(f"• <{finding.url}|#{finding.ticket_id}> {finding.status}, {group}: {reason}")
    if total > LISTED:
        lines.append(f"… and {total - LISTED} more")
    return [{"type": "section", "text": mrkdwn("\n".join(lines))}]


def _small_print(digest: Digest) -> str:
    return f"{digest.scored} tickets scored by {escape(digest.versions)}; scores can be wrong."


def escape(text: str) -> str:
    """`text` as Slack shows it: no markup of its own, no mention of anyone.

    Source: Slack's "Formatting text for app surfaces": & < > are the only control characters.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> Block:
    """Text of a header."""
    return {"type": "plain_text", "text": text[:HEADER_CHARACTERS]}


def mrkdwn(text: str) -> Block:
    """Text with Slack's markup."""
    return {"type": "mrkdwn", "text": text[:SECTION_CHARACTERS]}
