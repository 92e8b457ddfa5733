"""Figures of an organization's own tickets, from real scores in a real warehouse."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app
from tasks.evaluating import Truths, evaluate, former
from tasks.evaluation.records import Measured
from tasks.labelling import put_labels
from tasks.resources import Resources
from tests.evaluation.conftest import PROCEDURE, replace_words
from warehouse.evaluations import history
from warehouse.labels import Label, step_verdicts, turn_scores

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
MODEL = "all-MiniLM-L6-v2-int8"


def measured(desk: Resources, **given) -> dict[tuple[str, str], Measured]:
    """The measurements by source and capability; what stands, under its own name."""
    found = evaluate(desk, at=AT, truths=given.get("truths"), held_out=False)
    return {
        (one.source, "quotes" if "quote_validity" in one.figures else one.capability): one
        for one in found
    }


def test_ratings_quotes_and_abstentions_need_no_label(desk: Resources) -> None:
    """A content customer and a discontent one: their scores rank as their ratings do."""
    found = measured(desk)
    course = found["tickets", "course"]
    assert (course.n, course.figures) == (2, {"csat_spearman": 1.0})
    assert (course.model, course.prompt_version) == (MODEL, "logistic-1")
    assert found["tickets", "quotes"].figures == {"quote_validity": 1.0}
    assert found["tickets", "procedures"].n == 4  # two steps; one ticket is not governed
    assert not any(source == "labels" for source, _ in found)


def test_a_quote_that_was_edited_away_stands_no_longer(desk: Resources) -> None:
    """The offsets point past what is left of the agent's words."""
    before = measured(desk)["tickets", "quotes"]
    replace_words(desk, 11, "Hm.")
    after = measured(desk)["tickets", "quotes"]
    assert after.n == before.n
    assert after.figures["quote_validity"] < 1.0


def test_labels_of_turns_tickets_and_steps_are_compared(desk: Resources) -> None:
    """By class and by model; the last label of a thing is the one that counts."""
    with desk.session() as connection:
        [procedure] = {one.sop_version for one in step_verdicts(connection, [1, 2])}
    put_labels(
        desk,
        [
            Label(ticket_id=1, target="turn", value="neutral", comment_id=10),
            Label(ticket_id=1, target="turn", value="very_positive", comment_id=12),
            Label(ticket_id=2, target="turn", value="negative", comment_id=20),
            Label(ticket_id=2, target="ticket", value="very_negative"),
            _step(1, 2, "met", procedure),
            _step(2, 2, "met", procedure),
        ],
        at=AT,
    )
    put_labels(desk, [_step(2, 2, "not_met", procedure)], at=AT)
    found = measured(desk)
    assert found["labels", "sentiment"].n == 3
    assert found["labels", "course"].figures["accuracy"] == 1.0
    assert "calibration_error" not in found["labels", "course"].figures
    steps = found["labels", "procedures"]
    assert (steps.n, steps.figures["precision"], steps.figures["violation_recall"]) == (2, 1, 1)


def test_a_label_on_another_version_of_the_procedure_does_not_count(desk: Resources) -> None:
    """Its second step may have been another one."""
    put_labels(desk, [_step(2, 2, "not_met", b"former")], at=AT)
    assert ("labels", "procedures") not in measured(desk)


def test_a_label_never_changes_a_score(desk: Resources) -> None:
    """Both stay, side by side."""
    with desk.session() as connection:
        before = turn_scores(connection, [2])
    put_labels(
        desk, [Label(ticket_id=2, target="turn", value="very_positive", comment_id=20)], at=AT
    )
    with desk.session() as connection:
        assert turn_scores(connection, [2]) == before


def test_what_is_known_to_be_true_is_compared(desk: Resources) -> None:
    """As the sandbox knows it: by comment, and by the procedure's title."""
    truths = Truths(
        turns={12: 0.9, 22: -0.9, 999: 0.0},
        steps={
            (1, "Changing account details", 2): "met",
            (2, "Changing account details", 2): "not_met",
            (2, "Another procedure", 2): "met",
        },
        ticket_ids=frozenset({1, 2}),
    )
    found = measured(desk, truths=truths)
    assert (found["sandbox", "sentiment"].n, found["sandbox", "procedures"].n) == (2, 2)
    assert found["sandbox", "procedures"].figures["accuracy"] == 1.0


def test_figures_are_kept_and_the_same_evaluation_again_is_one(desk: Resources) -> None:
    """Aggregates only; what was measured before reads as it was measured."""
    first = evaluate(desk, at=AT, truths=None, held_out=False)
    evaluate(desk, at=AT, truths=None, held_out=False)
    with desk.session() as connection:
        stored = history(connection)
        actions = connection.execute(
            text("select distinct action, purpose from audit.events where action <> 'org.add'")
        ).all()
    assert len(stored) == sum(len(one.figures) for one in first)
    assert {at for at, _ in former(desk)} == {AT}
    assert flat(one for _, one in former(desk)) == flat(first)
    assert ("evaluate", "quality of scores") in actions
    assert ("read.content", "evaluate") in actions


def test_the_terminal_prints_json_and_draws(desk: Resources, tmp_path) -> None:
    """The picture is a PNG of a readable size."""
    out = tmp_path / "scores.png"
    told = run("evaluate", "--json", "--out", str(out), org=desk)
    [course] = [one for one in json.loads(told) if one["capability"] == "course"]
    assert course["figures"] == {"csat_spearman": 1.0}
    picture = out.read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20], "big") > 900
    table = run("evaluate", "--history", org=desk)
    assert "ρ with CSAT" in table
    assert "tickets as they are" in table


def test_without_scores_it_says_what_to_do(resources: Resources) -> None:
    assert "--held-out measures by texts" in run("evaluate", org=resources)


@pytest.mark.parametrize(
    "arguments", [("--out", "scores.svg"), ("--out", "no/such/s.png"), ("--history", "--held-out")]
)
def test_what_makes_no_sense_is_refused(resources: Resources, arguments) -> None:
    done = CliRunner().invoke(app, ["evaluate", "--org", resources.organization.slug, *arguments])
    assert done.exit_code == 1
    assert "--" in str(done.exception)


def run(*arguments: str, org: Resources) -> str:
    done = CliRunner().invoke(
        app, [*arguments, "--org", org.organization.slug], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done.stdout


def flat(found: Iterable[Measured]) -> set[tuple[object, ...]]:
    """Figure by figure: those of one n may be shown together."""
    return {
        (one.source, one.capability, one.model, one.prompt_version, one.n, name, value)
        for one in found
        for name, value in one.figures.items()
    }


def _step(ticket_id: int, step_no: int, value: str, version: bytes) -> Label:
    return Label(
        ticket_id=ticket_id,
        target="step",
        value=value,
        document_id=PROCEDURE,
        step_no=step_no,
        sop_version=version,
    )
