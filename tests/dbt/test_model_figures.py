"""Figures that models made, from their rows to the published tables, through dbt as a run has it."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.dbt.conftest import AGENT, REQUESTER, Desk, new_desk
from warehouse.opt_outs import opt_out
from warehouse.sessions import Logins, tenant_session
from warehouse.subjects import Names
from warehouse.tables import ai, app, assessments, evaluation, knowledge, models, zendesk

AS_OF = datetime(2026, 3, 10, 12, tzinfo=UTC)
EMAIL = b"hers"


def march(day: int, hour: int = 12) -> datetime:
    """An instant of March 2026."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def _read_by_models(desk: Desk, ticket_id: int) -> None:
    """A solved ticket that was scored, judged by a procedure, assessed and raised."""
    desk.open(ticket_id, march(8), requester_id=ticket_id)
    desk.reply(ticket_id, march(8), author_id=REQUESTER)
    desk.reply(ticket_id, march(8, 13), author_id=AGENT)
    desk.change(ticket_id, "new", "solved", march(9))
    at = {"changed_at": march(9), "ticket_id": ticket_id}
    mark = {"content_hash": b"", "seen_at": march(9)}
    for task in ("embed", "score", "sop", "assess"):
        desk.add(ai.ticket_work, task=task, model_version="m1", **mark, **at)
    scored = {"model_version": "m1", "confidence": 1.0, "said_at": march(8)}
    turn = {"comment_id": ticket_id, "turn_no": 0, "speaker": "customer", "label": "negative"}
    desk.add(ai.turn_sentiments, score=-0.5, **turn, **scored, **at)
    desk.add(ai.ticket_scores, model_version="m1", turns=1, sentiment_change=-0.5, **at)
    step = {"document_id": "refunds", "model_version": "m1", "sop_version": b"\x01"}
    for number, verdict in enumerate(("met", "unknown", "not_applicable"), start=1):
        told = {"verdict": verdict, "confidence": 1.0, "reason": "evidence_found"}
        desk.add(ai.sop_checks, step_no=number, **told, **step, **at)
    desk.add(
        assessments.assessments,
        model_version="rules-1",
        provider="local",
        topic_id="other",
        intent="ask",
        urgency="high",
        effort=0.0,
        churn_risk=0.0,
        escalation_risk=0.7,
        dropped_quotes=0,
        **at,
    )
    for category, score in (("solution", 1.0), ("empathy", 0.5)):
        told = {"verdict": "met", "score": score, "reason": "said"}
        desk.add(assessments.quality_scores, category=category, **told, **at)
    raised = {"trigger": "risk", "tier": "high", "raised_at": march(8)}
    desk.add(assessments.escalations, **raised, **at)


def _write(desk: Desk) -> None:
    for ticket_id in (1, 2):
        desk.add(zendesk.users, id=ticket_id, role="end-user", changed_at=march(8))
        _read_by_models(desk, ticket_id)
    desk.execute("update zendesk.users set email_index = :hers where id = 2", hers=EMAIL)
    desk.open(3, march(9))
    desk.reply(3, march(9), author_id=REQUESTER)  # nobody has read it yet
    desk.add(
        knowledge.versions, document_id="refunds", version=b"\x01", title="Refunds", body="1. Ask"
    )
    desk.add(
        evaluation.labels,
        ticket_id=1,
        target="step",
        comment_id=0,
        turn_no=0,
        document_id="refunds",
        step_no=1,
        labelled_by="ann",
        value="met",
        sop_version=b"\x01",
        changed_at=march(9),
    )
    _use(desk, date(2026, 3, 8))
    desk.add(
        app.outbox,
        message_key="digest/2026-03-08",
        channel="C1",
        blocks=[],
        fallback="",
        state="posted",
        posted_at=march(9, 7),
    )


def _use(desk: Desk, day: date) -> None:
    desk.add(
        models.usage,
        used_on=day,
        capability="analyse",
        provider="openai",
        model="gpt",
        calls=2,
        items=2,
        input_tokens=10,
        cached_tokens=0,
        output_tokens=1,
        audio_seconds=0.0,
        cost_usd=None,
        latency_n=2,
        latency_sum_ms=4.0,
        latency_histogram=[0, 2],
    )


@pytest.fixture(scope="module")
def built(engine: Engine, logins: Logins, target_dir: Path) -> Desk:
    """A desk whose tickets models have read, built."""
    desk = new_desk(engine, logins, target_dir)
    _write(desk)
    desk.build(AS_OF)
    return desk


def _figures(desk: Desk, table: str, columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in desk.execute(f"select {columns} from metrics.{table} order by 1")]


def test_models_figures_stand_beside_their_coverage(built: Desk) -> None:
    """What was read, what waits, what it took; what is not known is not zero."""
    sentiment = _figures(built, "fct_sentiment_daily", "metric_day, n, score_sum, worsened")
    assert sentiment == [(date(2026, 3, 8), 2, -1.0, 2)]
    sop = "step_no, document_title, applicable, passed, failed, not_applicable, abstained"
    assert _figures(built, "fct_sop_daily", sop) == [
        (1, "Refunds", 2, 2, 0, 0, 0),
        (2, "Refunds", 2, 0, 0, 0, 2),
        (3, "Refunds", 0, 0, 0, 2, 0),
    ]
    covered = "task, metric_day::text, model_version, eligible, scored, pending, calls, cost_usd"
    assert sorted(_figures(built, "fct_ai_coverage_daily", covered)) == [
        ("analyse", "2026-03-08", "gpt", 0, 0, 0, 2, None),
        ("assess", "2026-03-09", "m1", 2, 2, 0, 0, 0),
        ("embed", "2026-03-08", "m1", 2, 2, 0, 0, 0),
        ("embed", "2026-03-09", "none", 1, 0, 1, 0, 0),
        ("score", "2026-03-08", "m1", 2, 2, 0, 0, 0),
        ("score", "2026-03-09", "none", 1, 0, 1, 0, 0),
        ("sop", "2026-03-09", "m1", 2, 2, 0, 0, 0),
    ]


def test_quality_is_what_the_terminal_says(built: Desk) -> None:
    """The metric table and the view of single tickets agree; a person agrees with the model."""
    quality = "category, model_version, n, score_sum, passed, human_n, agreed_n"
    overall = _figures(built, "fct_quality_daily", quality)[1]
    [(told,)] = built.execute("select sum(quality) from ai.ticket_quality where ticket_id < 3")
    # the view also asks whether the procedure is still there: it is not
    assert overall[:3] == ("overall", "m1 / rules-1", 2)
    assert overall[5:] == (1, 1)
    [(ours,)] = built.execute("""
        select sum(round((100 * (35 * 1 + 15 * 0.5 + 20 * 1) / 70)::numeric, 1))
        from generate_series(1, 2)
    """)
    assert overall[3] == pytest.approx(float(ours))
    assert told == pytest.approx(2 * 85.0)


def test_escalations_are_of_the_days_of_their_events(built: Desk) -> None:
    """Opened and acknowledged on one day, resolved on the next; the digest has a row of its own."""
    columns = "metric_day::text, trigger, opened, acknowledged, resolved, ack_sum_minutes, posted"
    assert sorted(_figures(built, "fct_escalation_daily", columns)) == [
        ("2026-03-08", "risk", 2, 2, 0, 120.0, 0),
        ("2026-03-09", "digest", 0, 0, 0, 0.0, 1),
        ("2026-03-09", "risk", 0, 0, 2, 0.0, 0),
    ]


def test_whoever_opts_out_is_in_no_figure_of_an_open_day(built: Desk) -> None:
    """The next build forgets what models said of her ticket, and counts it as opted out."""
    with tenant_session(built.engine, built.organization.org_id) as connection:
        hers = Names(email_index=EMAIL)
        org_id = built.organization.org_id
        assert opt_out(connection, org_id, subject=EMAIL, names=hers) == 1
    built.build(AS_OF)
    for fact in ("fct_sentiment", "fct_sop_check", "fct_quality", "fct_escalation"):
        assert {row[0] for row in _figures(built, fact, "ticket_id")} == {1}
    assert _figures(built, "fct_sentiment_daily", "metric_day, n") == [(date(2026, 3, 8), 1)]
    covered = "task, eligible, scored, opted_out"
    assert ("sop", 1, 0, 1) in _figures(built, "fct_ai_coverage_daily", covered)
