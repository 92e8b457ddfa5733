"""`vensor sop`: whether agents followed the procedures, and with which words that shows."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cli.display import print_json, shown_progress, stdout
from cli.gate import needs
from tasks.errors import ConfigurationError
from tasks.resources import opened

# Models are imported when a command needs them: they take a second.
if TYPE_CHECKING:
    from tasks.findings import StepFinding
    from tasks.rescore import ClauseChange, DocumentChange

sop = typer.Typer(help="Procedures and how they were followed.", no_args_is_help=True)
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
NONE = "not judged by it"


def register(app: typer.Typer) -> None:
    app.add_typer(sop, name="sop")


@sop.command("findings")
@needs("sop.findings")
def findings(
    org: Org,
    ticket: Annotated[int, typer.Option(help="The ticket's id.")],
    as_json: AsJson = False,
) -> None:
    """Shows each step's verdict on a ticket, the clause and the words that show it.

    Reading the words is written to the audit trail.

    Example: [bold]vensor sop findings --org acme --ticket 4711[/bold]
    """
    from tasks.findings import find_findings

    with opened(org) as resources:
        found = find_findings(resources, ticket)
    if as_json:
        print_json([one.as_dict() for one in found])
        return
    title = None
    for one in found:
        if title != (one.document_id, one.version):
            title = (one.document_id, one.version)
            former = "" if one.is_present_version else ", which says something else now"
            stdout.print(f"[bold]{escape(one.title)}[/bold]  version {one.version}{former}")
        _print_finding(one)
    if not found:
        stdout.print(f"no procedure was asked for in ticket {ticket}, or no run has judged it yet")


def _print_finding(one: "StepFinding") -> None:
    told = " ".join(
        f"[{name} {value}]" for name, value in (("by", one.actor), ("until", one.deadline)) if value
    )
    line = f"  {one.step_no}. {one.verdict} ({one.reason}, {one.confidence:.2f})  {one.kind}: "
    stdout.print(f"{line}{one.clause} {told}".rstrip(), markup=False, soft_wrap=True)
    if one.quote is not None:
        quote = one.quote
        place = f"{quote.speaker}, comment {quote.comment_id}, turn {quote.turn_no}"
        stdout.print(
            f"     \u201c{quote.text}\u201d ({place}, characters {quote.start}-{quote.end})",
            markup=False,
            soft_wrap=True,
        )
    elif one.evidence == "gone":
        stdout.print("     the words that showed it are not there any more")


@sop.command("rescore")
@needs("sop.rescore")
def rescore(
    org: Org,
    document: Annotated[
        str | None, typer.Option(help="Compare by this one only: an id of `knowledge list`.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only tickets that changed since this day (UTC).")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Tickets named for each change.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Judges by what the procedures say at present, and shows what that changed.

    The verdicts of the version before stay beside the new ones until the next change.

    Example: [bold]vensor sop rescore --org acme --since 2026-11-01[/bold]
    """
    from tasks.rescore import rescore as judge_anew

    since_at = None if since is None else _day(since)
    with shown_progress(f"{org} by its procedures"):
        done = judge_anew(org, document_id=document, since=since_at, limit=limit)
    if as_json:
        print_json(done.as_dict())
        return
    stdout.print(f"{done.tickets:,} tickets judged, {done.checks:,} verdicts written")
    if not done.is_whole:
        stdout.print("stopped: today's budget for models is spent; the next day goes on")
    for one in done.documents:
        _print_change(one)


def _print_change(one: "DocumentChange") -> None:
    if one.former_version is None:
        stdout.print(f"[bold]{escape(one.title)}[/bold]  version {one.version}, the first")
        return
    stdout.print(
        f"[bold]{escape(one.title)}[/bold]  version {one.former_version} \u2192 {one.version}"
    )
    for clause in one.clauses:
        for line in _clause_lines(clause):
            stdout.print(line, markup=False, soft_wrap=True)
    for change in one.changes:
        named = ", ".join(str(ticket) for ticket in change.ticket_ids)
        more = ", \u2026" if change.tickets > len(change.ticket_ids) > 0 else ""
        gone = "" if change.in_force else " (no longer in it)"
        stdout.print(
            f"  step {change.step_no}{gone}: {change.was or NONE} \u2192 {change.now or NONE}"
            f" on {change.tickets:,} tickets{f' ({named}{more})' if named else ''}",
            markup=False,
            soft_wrap=True,
        )
    stdout.print(f"  {one.unchanged:,} verdicts are as before")


def _clause_lines(clause: "ClauseChange") -> list[str]:
    """As in a diff of the two versions."""
    told = (("-", clause.was_no, clause.was), ("+", clause.now_no, clause.now))
    return [f"  {sign} {number}. {text}" for sign, number, text in told if text is not None]


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ConfigurationError(f"{text!r} is no day such as 2026-11-01") from None
