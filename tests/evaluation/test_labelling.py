"""`vensor label` as people use it, at a terminal and in a pipe."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from uuid import uuid4

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app
from tasks.resources import Resources
from tests.evaluation.conftest import PROCEDURE
from warehouse.deletion import forget_deleted_tickets
from warehouse.labels import Label, put_label
from warehouse.members import put
from warehouse.uncertain import least_certain

VENSOR = (sys.executable, "-c", "from cli.main import main; main()")
SECONDS = 60


def run(desk: Resources, *arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, ["label", "--org", desk.organization.slug, *arguments])
    assert done.exit_code == status, done.output
    return done.stdout if status == 0 else str(done.exception)


def rows(desk: Resources, statement: str) -> list[tuple]:
    with desk.session() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def labels(desk: Resources) -> list[tuple]:
    return rows(
        desk,
        "select ticket_id, target, comment_id, document_id, step_no, value from ai.labels"
        " order by target, ticket_id, comment_id",
    )


def test_a_ticket_a_turn_and_a_step_are_labelled(desk: Resources) -> None:
    """By whom stands beside it and in the audit trail; what was said does not."""
    ticket = ("--ticket", "2")
    run(desk, *ticket, "--sentiment", "very_negative")
    run(desk, *ticket, "--sentiment", "negative", "--comment", "22")
    run(desk, *ticket, "--step", "2", "--verdict", "not_met")
    assert labels(desk) == [
        (2, "step", 0, PROCEDURE, 2, "not_met"),
        (2, "ticket", 0, "", 0, "very_negative"),
        (2, "turn", 22, "", 0, "negative"),
    ]
    assert rows(desk, "select distinct labelled_by from ai.labels") == [(desk.settings.actor,)]
    audited = rows(desk, "select actor, details::text from audit.events where action = 'label'")
    assert len(audited) == 3
    assert {actor for actor, _ in audited} == {desk.settings.actor}
    assert "negative" not in str(audited)


def test_a_second_thought_replaces_the_first(desk: Resources) -> None:
    for value in ("negative", "neutral"):
        run(desk, "--ticket", "1", "--sentiment", value)
    assert [row[-1] for row in labels(desk)] == ["neutral"]


def test_a_ticket_alone_shows_what_was_scored(desk: Resources) -> None:
    """With what to type to correct it, and no word of the conversation."""
    shown = run(desk, "--ticket", "2")
    assert "--comment 22 --turn 0" in shown
    assert f"--step 2 --procedure {PROCEDURE}" in shown
    assert "terrible" not in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "either --ticket ID or --next"),
        (("--ticket", "1", "--next"), "either --ticket ID or --next"),
        (("--next", "--sentiment", "neutral"), "leave out"),
        (("--ticket", "1", "--step", "1"), "--step and --verdict go together"),
        (("--ticket", "1", "--comment", "10"), "--comment goes with --sentiment"),
        (("--ticket", "99", "--sentiment", "neutral"), "ticket 99 .* has no score yet"),
        (("--ticket", "1", "--sentiment", "neutral", "--comment", "11"), "has no score"),
        (("--ticket", "1", "--step", "9", "--verdict", "met"), "no procedure has such a step"),
    ],
)
def test_what_cannot_be_labelled_is_refused(desk: Resources, arguments, said: str) -> None:
    """In one line that says what to do."""
    assert re.search(said, run(desk, *arguments, status=1))
    assert labels(desk) == []


def test_the_least_certain_come_first_and_labelled_ones_no_more(desk: Resources) -> None:
    """Turns and steps by turns; one of each ticket."""
    org_id = desk.organization.org_id
    with desk.session() as connection:
        first = least_certain(connection, limit=10)
        turns = [one for one in first if one.target == "turn"]
        assert [one.target for one in first[:4]] == ["turn", "step", "turn", "step"]
        assert [one.confidence for one in turns] == sorted(one.confidence for one in turns)
        assert len({one.ticket_id for one in turns}) == len(turns) == 3
        done = Label(
            ticket_id=turns[0].ticket_id,
            target="turn",
            value="neutral",
            comment_id=turns[0].comment_id,
        )
        put_label(connection, org_id, done, labelled_by="anyone", at=desk_now(connection))
        again = least_certain(connection, limit=10)
    assert (done.ticket_id, done.comment_id) not in {
        (one.ticket_id, one.comment_id) for one in again if one.target == "turn"
    }


def desk_now(connection):
    return connection.execute(text("select now()")).scalar_one()


def test_in_a_pipe_the_least_certain_are_listed_with_their_opening_words(desk: Resources) -> None:
    """Who reads them is in the audit trail, with the tickets."""
    listed = run(desk, "--next", "--limit", "6")
    assert "Do you ship to islands?" in listed
    assert "you must ask for the postcode" in listed or "Greet the customer" in listed
    [(tickets,)] = rows(
        desk,
        "select details ->> 'tickets' from audit.events"
        " where action = 'read.content' and purpose = 'label'",
    )
    assert tickets == "1,2,3"
    assert labels(desk) == []


def test_who_may_not_read_tickets_gets_no_word(desk: Resources) -> None:
    """Where there are members, nobody who is not signed in reads."""
    from tasks.labelling import next_questions

    with desk.session() as connection:
        put(connection, desk.organization.org_id, uuid4(), "owner")
    questions = next_questions(desk, limit=6)
    assert questions
    assert {one.words for one in questions} == {""}
    assert rows(desk, "select count(*) from audit.events where purpose = 'label'") == [(0,)]


def test_at_a_terminal_each_answer_is_kept_at_once(desk: Resources) -> None:
    """A key each; what is not understood is asked again; stopping loses nothing."""
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [*VENSOR, "label", "--org", desk.organization.slug, "--next"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(terminal)
    shown = ""
    for answer in ("5", "what?", "m", "s", "q"):
        shown += read_until(screen, "stop > ")
        os.write(screen, f"{answer}\n".encode())
    shown += read_until(screen, "counts them")
    assert process.wait(timeout=SECONDS) == 0
    os.close(screen)
    assert "2 labels kept" in shown
    assert {(row[1], row[-1]) for row in labels(desk)} == {
        ("turn", "very_positive"),
        ("step", "met"),
    }


def read_until(screen: int, wanted: str) -> str:
    """What the terminal shows up to these words."""
    shown, deadline = "", time.monotonic() + SECONDS
    while wanted not in shown:
        ready, _, _ = select.select([screen], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, shown
        shown += os.read(screen, 4_096).decode(errors="replace")
    return shown


def test_labels_go_with_the_words_of_their_ticket(desk: Resources) -> None:
    """A ticket that is deleted upstream leaves none."""
    run(desk, "--ticket", "2", "--sentiment", "negative")
    run(desk, "--ticket", "1", "--sentiment", "positive")
    with desk.session() as connection:
        connection.execute(text("update zendesk.tickets set status = 'deleted' where id = 2"))
        forget_deleted_tickets(connection)
    assert [row[0] for row in labels(desk)] == [1]
