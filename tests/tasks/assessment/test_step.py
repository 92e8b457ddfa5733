"""Assessing as a step: once, open tickets too, in one transaction with its mark."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from cli.peers import Sandbox
from tasks.analysts import SUMMARY_COLUMN
from tasks.assess import assess_tickets
from tasks.assessed import shown_assessment
from tasks.assessing import Assessing
from tasks.assessment import RulesAnalyst, packaged_taxonomy, parse_taxonomy
from tasks.embedding import LocalEmbedder
from tasks.errors import ConfigurationError
from tasks.resources import Resources
from tasks.score import score_tickets
from tests.tasks.assessment.conftest import Write
from warehouse.assessments import set_topics
from warehouse.deletion import Redaction, forget_redacted
from warehouse.escalation import risky_tickets
from warehouse.models import Choice, choose
from warehouse.outbound import find_sent
from warehouse.quality import Measure, figures, quality_of, scorecard, set_measure

TABLES = ("ai.assessments", "ai.assessment_reasons", "ai.quality_scores", "ai.summaries")
STORIES = {
    "refund_delay": "refund",
    "outage": "outage",
    "account_change": "account_details",
    "delivery": "delivery",
    "damaged_item": "damaged",
    "invoice": "invoice",
    "login_problem": "login",
    "product_question": "product",
    "cancellation": "cancellation",
    "praise": "praise",
    "double_charge": "payment",
    "app_bug": "defect",
}


def rows(resources: Resources, statement: str, **values: object) -> list[tuple]:
    with resources.session() as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def assessed(resources: Resources):
    return assess_tickets.fn(resources.organization.slug)


def everything(resources: Resources) -> dict[str, list[tuple]]:
    """Every row without its load instant and ciphertext, which are new each time."""
    return {
        table: rows(
            resources,
            f"select to_jsonb(t) - 'loaded_at' - 'sealed' from {table} as t order by 1",
        )
        for table in TABLES
    }


def test_a_ticket_is_assessed_once_and_anew_when_it_changes(
    resources: Resources, write: Write
) -> None:
    """New words, a reopening, an urgent priority: each is a reason to look again; a run is not."""
    write(1, "c: Where is my parcel?", status="open")
    first = assessed(resources)
    assert (first.rows_in, first.note) == (1, "1 assessed")
    found = everything(resources)
    assert assessed(resources).rows_in == 0
    write(1, "c: Where is my parcel?", status="open", priority="urgent")
    assert assessed(resources).note == "1 assessed"
    assert rows(resources, "select urgency from ai.assessments") == [("high",)]
    write(1, "c: Where is my parcel?", status="open")
    assessed(resources)
    assert everything(resources) == found


def test_words_loaded_anew_that_are_the_same_are_not_assessed_again(
    resources: Resources, write: Write
) -> None:
    """The ticket is looked at, found as it was, and noted as read."""
    write(1, "c: Where is my parcel?")
    assessed(resources)
    before = rows(resources, "select loaded_at from ai.assessments")
    with resources.session() as connection:
        connection.execute(text("update zendesk.tickets set loaded_at = clock_timestamp()"))
    again = assessed(resources)
    assert (again.rows_in, again.rows_out, again.note) == (1, 0, "")
    assert rows(resources, "select loaded_at from ai.assessments") == before
    assert assessed(resources).rows_in == 0


def test_open_tickets_come_first_and_are_in_the_list_before_closure(
    resources: Resources, write: Write
) -> None:
    """A solved one with the same words is assessed, but is nothing to act on."""
    threat = "c: I have waited long enough. I want to speak to a manager now, or I call my lawyer."
    write(1, threat, status="solved")
    write(2, threat, status="open")
    write(3, "c: Thank you!", status="open")
    assert assessed(resources).rows_in == 3
    with resources.session() as connection:
        risky = risky_tickets(connection, at_least=0.5)
    assert [one.ticket_id for one in risky] == [2]
    assert risky[0].codes[0] == "legal_threat"
    assert "manager_asked_for" in risky[0].codes


def test_earlier_contacts_of_the_same_person_count(
    resources: Resources, write: Write, as_of
) -> None:
    """Within thirty days before the ticket, deleted ones and others' not among them."""
    write(1, "c: Where is it?", created_at=as_of - timedelta(days=40))
    write(2, "c: Where is it?", created_at=as_of - timedelta(days=9))
    write(3, "c: Where is it?", created_at=as_of - timedelta(days=5), requester_id=8)
    write(4, "c: Where is it?", created_at=as_of)
    assessed(resources)
    assert rows(
        resources,
        "select ticket_id, round(weight::numeric, 2)::float from ai.assessment_reasons"
        " where code = 'repeat_contact' and aspect = 'effort'",
    ) == [(4, 0.2)]


def test_reasons_are_places_and_the_summary_is_sealed(resources: Resources, write: Write) -> None:
    """No word of a ticket lies in the clear; who may read words gets them, and that is noted."""
    write(1, "c: Hi,\n\nI am Wilhelmina. My refund is late, I call my lawyer.", "a: Hello W, no.")
    assessed(resources)
    plain = str(everything(resources))
    assert "Wilhelmina" not in plain
    assert "lawyer" not in plain
    sealed = rows(resources, "select sealed, changed_at from ai.summaries")[0]
    with pytest.raises(Exception, match=r"unseal|AAD|altered|cannot"):
        resources.cipher.unseal(
            bytes(sealed[0]), column=SUMMARY_COLUMN, row_id="2", changed_at=sealed[1]
        )
    shown = shown_assessment(resources, 1)
    assert shown.summary is not None
    assert "Wilhelmina" not in shown.summary
    assert "threatens legal action" in shown.summary
    quotes = {one.quote for one in shown.reasons}
    assert "My refund is late, I call my lawyer." in quotes
    assert shown.topic == "Refund"
    assert rows(
        resources,
        "select details ->> 'tickets' from audit.events where purpose = 'show an assessment'",
    ) == [("1",)]
    with pytest.raises(ConfigurationError, match="--stages assess"):
        shown_assessment(resources, 99)


def test_a_step_that_is_killed_gives_the_same_rows(resources: Resources, write: Write) -> None:
    """Found and marked in one transaction: what breaks off before has left nothing."""
    write(1, "c: My refund is late.", "a: Hello, I have sent it. Regards, Mo", status="solved")
    assessed(resources)
    found = everything(resources)
    with resources.session() as connection:
        for table in (*TABLES, "ai.ticket_work"):
            connection.execute(text(f"delete from {table}"))

    class Broken(RulesAnalyst):
        def assess(self, cases):
            return [*super().assess(cases)[:-1], None]  # what cannot be stored

    with pytest.raises(AttributeError):
        Assessing(resources, Broken(packaged_taxonomy(), LocalEmbedder())).run()
    assert not any(everything(resources).values())
    assert rows(resources, "select 1 from ai.ticket_work") == []
    assessed(resources)
    assert everything(resources) == found


def test_topics_of_one_s_own_assess_anew(resources: Resources, write: Write) -> None:
    """Another version; the former's rows and marks are gone with it."""
    write(1, "c: The brakes of my bicycle squeak.")
    assessed(resources)
    own = parse_taxonomy(
        b"topics: [{id: brakes, title: Brakes, description: Brakes of a bicycle that make noise.}]"
    )
    told = [{"id": one.id, "title": one.title, "description": one.description, "cues": []}
            for one in own.topics]  # fmt: skip
    with resources.session() as connection:
        set_topics(connection, resources.organization.org_id, told)
    assert assessed(resources).note == "1 assessed"
    assert rows(resources, "select topic_id from ai.assessments") == [("brakes",)]
    marks = "select count(*) from ai.ticket_work where task = 'assess'"
    assert rows(resources, marks) == [(1,)]


def test_the_scorecard_weighs_and_a_critical_failure_is_zero(
    resources: Resources, write: Write
) -> None:
    """Written out: solution 35, greeting 10, readability 10 hold; closing 10 does not."""
    write(1, "c: Where is it?", "a: Hello Jo,\n\nI have sent it today.", status="solved")
    assessed(resources)
    with resources.session() as connection:
        card = {one.category: one.weight for one in scorecard(connection)}
        held = card["solution"] + card["greeting"] + card["readability"]
        expected = round(100 * held / (held + card["closing"]), 1)
        assert quality_of(connection, 1) == expected
        org_id = resources.organization.org_id
        set_measure(connection, org_id, Measure("closing", 0, False, 0.5, True))
        assert quality_of(connection, 1) == 100.0
        set_measure(connection, org_id, Measure("closing", 10, True, 0.5, True))
        assert quality_of(connection, 1) == 0.0
        told = figures(connection)
        assert (told.tickets, told.mean, told.failed_critical) == (1, 0.0, 1)


def test_a_procedure_counts_in_its_present_version_only(
    resources: Resources, write: Write, as_of
) -> None:
    """Half of the judged steps met is half of the category; an earlier version is left out."""
    write(1, "c: Where is it?", status="solved")
    org_id = resources.organization.org_id
    with resources.session() as connection:
        connection.execute(
            text(
                "insert into knowledge.documents (org_id, document_id, kind, title, body, version,"
                " changed_at) values (:org, 'd', 'sop', 't', 'b', '\\x02', :at)"
            ),
            {"org": org_id, "at": as_of},
        )
        for step_no, version, verdict in (
            (1, b"\x02", "met"),
            (2, b"\x02", "not_met"),
            (3, b"\x02", "unknown"),
            (4, b"\x01", "not_met"),
        ):
            connection.execute(
                text(
                    "insert into ai.sop_checks (org_id, ticket_id, document_id, step_no,"
                    " model_version, sop_version, verdict, confidence, reason, changed_at)"
                    " values (:org, 1, 'd', :no, 'm', :version, :verdict, 1, 'x', :at)"
                ),
                {"org": org_id, "no": step_no, "version": version, "verdict": verdict, "at": as_of},
            )
        assert quality_of(connection, 1) == 50.0


def test_what_is_redacted_upstream_leaves_no_assessment(
    resources: Resources, write: Write, as_of
) -> None:
    """Summaries are made of words as well."""
    write(1, "c: My refund is late, I call my lawyer.")
    assessed(resources)
    with resources.session() as connection:
        forget_redacted(connection, resources.organization.org_id, [Redaction(5, 1, None, as_of)])
    assert not any(everything(resources).values())


def test_the_sandbox_s_world_is_assessed(world: Resources, sandbox: Sandbox) -> None:
    """Topics by its labels, canaries' names in no summary, every reason in its own ticket."""
    score_tickets.fn(world.organization.slug)
    result = assessed(world)
    assert result.rows_in > 40
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    told = httpx.get(f"{sandbox.control_url}/labels/acme", headers=headers).text.splitlines()
    labels = {one["ticket_id"]: one for one in map(json.loads, told)}
    found = {
        ticket_id: (topic_id, risk)
        for ticket_id, topic_id, risk in rows(
            world, "select ticket_id, topic_id, escalation_risk from ai.assessments"
        )
    }
    written = {one for one in found if labels[one]["channel"] != "voice"}
    right = [one for one in written if found[one][0] == STORIES[labels[one]["category"]]]
    assert len(right) / len(written) > 0.85
    summaries = "".join(
        shown_assessment(world, one).summary or ""
        for one in found
        if labels[one]["canary"] is not None
    )
    assert "customer" in summaries
    for person in sandbox.canaries["acme"]:
        assert not any(part in summaries for part in person["name"].split())
    statuses = rows(
        world,
        "select distinct t.status in ('solved', 'closed') from ai.assessments as a"
        " join zendesk.tickets as t on a.ticket_id = t.id",
    )
    assert sorted(statuses) == [(False,), (True,)]
    places = rows(
        world,
        "select distinct c.ticket_id = r.ticket_id, r.evidence_start_char < r.evidence_end_char"
        " from ai.assessment_reasons as r"
        " join zendesk.comments as c on c.id = r.evidence_comment_id",
    )
    assert places == [(True, True)]
    again = assessed(world)
    assert again.rows_in == 0


def test_a_model_gets_redacted_words_and_what_leaves_is_written_down(
    resources: Resources,
    write: Write,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """By the organization's choice, through the same step; nobody's name is in a request."""
    prices = tmp_path / "prices.yml"
    prices.write_text(
        "- {model: gpt-6-luna, from: 2026-01-01, usd_per_million: {input: 1, output: 4}}\n"
    )
    monkeypatch.setenv("OPENAI_API_KEY", sandbox.openai["api_key"])
    monkeypatch.setenv("OPENAI_BASE_URL", sandbox.openai["base_url"])
    monkeypatch.setenv("VENSOR_PRICES_PATH", str(prices))
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    write(1, "c: I am Wilhelmina, w.ilhelmina@example.com. My refund is late, I call my lawyer.")
    write(2, "c: Where is my parcel?", "a: Hello, it is on its way.")
    with httpx.Client(base_url=sandbox.control_url, headers=headers) as control:
        control.post("/tape").raise_for_status()
        result = assessed(resources)
        exchanges = control.get("/tape", params={"path": "/openai"}).json()["exchanges"]
        control.delete("/tape")
    asked = [base64.b64decode(one["asked"]).decode() for one in exchanges]
    assert "2 assessed" in result.note
    assert {one for (one,) in rows(resources, "select provider from ai.assessments")} == {"openai"}
    assert 2 <= len(asked) <= 4
    assert any("My refund is late, I call my lawyer." in one for one in asked)
    assert not any("ilhelmina" in one for one in asked)
    with resources.session() as connection:
        assert {one.purpose for one in find_sent(connection, ticket_id=1)} == {"analyse tickets"}
    assert rows(resources, "select sum(items) > 1, sum(cost_usd) > 0 from ai.usage") == [
        (True, True)
    ]
    assert assessed(resources).rows_in == 0
    with resources.session() as connection:
        choose(connection, resources.organization.org_id, "analyse", Choice("local"))
    assert assessed(resources).note == "2 assessed"
    assert {one for (one,) in rows(resources, "select provider from ai.assessments")} == {"local"}
    assert rows(resources, "select count(*) from ai.assessments") == [(2,)]
