"""`vensor label`: people's corrections of scores, and which scores to look at first."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.display import stdout, wide
from cli.gate import needs
from tasks.errors import ConfigurationError
from tasks.resources import Resources, opened

# Scoring's libraries take a second to import: not for `--help`.
if TYPE_CHECKING:
    from tasks.labelling import Question, Scored
    from warehouse.labels import Label

SKIP, STOP = "s", "q"
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]


class Feeling(StrEnum):
    VERY_NEGATIVE = "very_negative"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    VERY_POSITIVE = "very_positive"


class Outcome(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


FEELINGS = {str(at): one.value for at, one in enumerate(Feeling, start=1)}
OUTCOMES = {"m": "met", "n": "not_met", "a": "not_applicable", "u": "unknown"}


def register(app: typer.Typer) -> None:
    app.command()(label)


@needs("label")
def label(
    org: Org,
    ticket: Annotated[int | None, typer.Option(help="The ticket's id.")] = None,
    sentiment: Annotated[
        Feeling | None, typer.Option(help="How its customer felt at the end, or in --comment.")
    ] = None,
    comment: Annotated[int | None, typer.Option(help="The comment that --sentiment is of.")] = None,
    turn: Annotated[int, typer.Option(min=0, help="The turn of a call's comment.")] = 0,
    step: Annotated[int | None, typer.Option(min=1, help="The step that --verdict is on.")] = None,
    verdict: Annotated[Outcome | None, typer.Option(help="Whether agents did it.")] = None,
    procedure: Annotated[
        str | None, typer.Option(help="The procedure's id, where a ticket has several.")
    ] = None,
    next_: Annotated[
        bool, typer.Option("--next", help="Offer the scores that are least certain.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many of them.")] = 10,
) -> None:
    """Says what is true of a ticket. The machine's score stays beside it; who said so is kept.

    With --next it asks for the least certain scores one by one, or lists them in a pipe. A ticket
    without anything to say of it shows what was scored.

    Examples: [bold]vensor label --org acme --next[/bold]
    [bold]vensor label --org acme --ticket 12 --sentiment negative --comment 3401[/bold]
    [bold]vensor label --org acme --ticket 12 --step 2 --verdict not_met[/bold]
    """
    _check(ticket, sentiment, comment, step, verdict, offered=next_)
    if turn and comment is None:
        raise ConfigurationError("--turn goes with --comment")
    with opened(org) as resources:
        if ticket is None:
            _offer(resources, limit=limit)
            return
        _of_ticket(
            resources,
            ticket,
            sentiment=sentiment,
            place=None if comment is None else (comment, turn),
            step=step,
            verdict=verdict,
            procedure=procedure,
        )


def _check(
    ticket: int | None,
    sentiment: Feeling | None,
    comment: int | None,
    step: int | None,
    verdict: Outcome | None,
    *,
    offered: bool,
) -> None:
    """Raises: ConfigurationError for options that do not go together."""
    if offered is (ticket is not None):
        raise ConfigurationError("say either --ticket ID or --next")
    if offered and (sentiment or verdict):
        raise ConfigurationError("--next asks by itself: leave out --sentiment and --verdict")
    if (step is None) is not (verdict is None):
        raise ConfigurationError("--step and --verdict go together")
    if comment is not None and sentiment is None:
        raise ConfigurationError("--comment goes with --sentiment")


def _of_ticket(
    resources: Resources,
    ticket: int,
    *,
    sentiment: Feeling | None,
    place: tuple[int, int] | None,
    step: int | None,
    verdict: Outcome | None,
    procedure: str | None,
) -> None:
    from tasks import labelling

    scored = labelling.scores_of(resources, ticket)
    found: list[Label] = []
    if sentiment is not None and place is None:
        found.append(labelling.ticket_label(scored, ticket, sentiment.value))
    if sentiment is not None and place is not None:
        found.append(labelling.turn_label(scored, ticket, place, sentiment.value))
    if step is not None and verdict is not None:
        found.append(
            labelling.step_label(scored, ticket, step, verdict.value, document_id=procedure)
        )
    if not found:
        _show(ticket, scored)
        return
    labelling.put_labels(resources, found, at=datetime.now(UTC))
    stdout.print(f"ticket {ticket}: {len(found)} labels kept beside the machine's scores")


def _show(ticket: int, scored: "Scored") -> None:
    table = Table(title=f"ticket {ticket}", title_justify="left", box=None, pad_edge=False)
    for name in ("what", "machine says", "sure", "by"):
        table.add_column(name)
    for turn in scored.turns:
        what = f"--comment {turn.comment_id} --turn {turn.turn_no}"
        table.add_row(what, turn.label, f"{turn.confidence:.2f}", turn.model_version)
    for one in scored.steps:
        what = f"--step {one.step_no} --procedure {one.document_id}"
        table.add_row(what, one.verdict, f"{one.confidence:.2f}", one.model_version)
    wide.print(table)


def _offer(resources: Resources, *, limit: int) -> None:
    from tasks.labelling import next_questions, put_labels

    questions = next_questions(resources, limit=limit)
    if not questions:
        stdout.print("nothing left to label: every score has a label, or a run has yet to score")
        return
    if not (sys.stdin.isatty() and stdout.is_terminal):
        for question in questions:
            _print(question)
        return
    kept = 0
    for question in questions:
        _print(question)
        value = _asked(_answers(question))
        if value == STOP:
            break
        if value != SKIP:
            put_labels(resources, [question.answered(value)], at=datetime.now(UTC))
            kept += 1
    stdout.print(f"{kept} labels kept; `vensor evaluate` counts them")


def _print(question: "Question") -> None:
    one = question.doubtful
    where = (
        f"comment {one.comment_id}, turn {one.turn_no}"
        if one.target == "turn"
        else f"step {one.step_no} of {one.document_id}"
    )
    stdout.print(
        f"[bold]ticket {one.ticket_id}[/bold], {where}: {one.said}, {one.confidence:.2f} sure",
        soft_wrap=True,
    )
    for text in filter(None, (question.step, question.words)):
        stdout.print(f"  {text}", markup=False, soft_wrap=True)


def _answers(question: "Question") -> Mapping[str, str]:
    return FEELINGS if question.doubtful.target == "turn" else OUTCOMES


def _asked(answers: Mapping[str, str]) -> str:
    """What was answered; skipping and stopping too. The end of the input stops."""
    choices = ", ".join(f"{key} {value}" for key, value in answers.items())
    while True:
        try:
            told = stdout.input(f"  {choices}, {SKIP} skip, {STOP} stop > ").strip().lower()
        except EOFError:
            return STOP
        if told in (SKIP, STOP):
            return told
        if told in answers or told in answers.values():
            return answers.get(told, told)
