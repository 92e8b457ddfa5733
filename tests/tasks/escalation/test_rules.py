"""What each rule finds, and what it lets be; the same is never found twice within its cooldown."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, text

from tasks.alerting import alert_of, find
from tasks.choices import judge_version
from tasks.errors import ConfigurationError
from tasks.escalation.rules import applied, find_rule, packaged_rules
from tasks.vips import vip_of
from tasks.zendesk.contents import TicketContent, UserContent
from tests.tasks.escalation.conftest import Desk
from warehouse import alert_rules, alerts
from warehouse.alert_findings import QUERIES, Found
from warehouse.alert_rules import QuietHours, RuleSettings
from warehouse.alerts import window_of
from warehouse.tables import zendesk

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NONE = msgspec.Raw(b"null")


def finds(desk: Desk, name: str, **changed: object) -> list[Found]:
    rule = replace(find_rule(name).settings(), **changed)
    with desk.resources.session() as connection:
        judge = judge_version(desk.resources)
        return find(desk.resources, connection, rule, as_of=desk.as_of, judge=judge)


def tickets(found: Sequence[Found]) -> list[int]:
    return [one.ticket_id for one in found]


def test_every_rule_can_be_asked_of_a_desk_without_tickets(alerted: Desk) -> None:
    """And each that is packaged has its question."""
    own = {"vip", "refund_spike"}
    assert packaged_rules().keys() == QUERIES.keys() | own
    for name in packaged_rules():
        assert finds(alerted, name) == []


def test_churn_and_the_turn_for_the_worse_are_of_open_tickets_of_late(alerted: Desk) -> None:
    """The worst first; a solved one, an old one and a better one are let be."""
    for number in range(1, 6):
        alerted.ticket(
            number,
            status="solved" if number == 3 else "open",
            updated_at=alerted.as_of - (8 * DAY if number == 4 else HOUR),
        )
        alerted.may_leave(number, risk=0.5 if number == 5 else 0.7 + number / 100)
        alerted.turned(number, end=-0.2 if number == 5 else -0.4 - number / 100)
    churn = finds(alerted, "churn")
    assert tickets(churn) == [2, 1]
    assert churn[0].codes == ["leaving"]
    assert tickets(finds(alerted, "negative_turn")) == [2, 1]
    assert tickets(finds(alerted, "churn", threshold=0.5, days=30)) == [4, 2, 1, 5]


def test_a_missed_step_is_told_where_the_verdict_is_sure(alerted: Desk) -> None:
    """The surest of a ticket, also where it is solved; not of a procedure that says else now."""
    for number, status in enumerate(["open", "solved", "closed", "open"], start=1):
        alerted.ticket(number, status=status)
    alerted.missed(1, 1, 0.91)
    alerted.missed(1, 2, 0.99)
    alerted.missed(2)
    alerted.missed(3)
    alerted.missed(4, confidence=0.5)
    found = finds(alerted, "sop_critical_failure")
    assert [(one.ticket_id, one.step_no) for one in found] == [(1, 2), (2, 1)]
    with alerted.resources.session() as connection:
        connection.execute(text("update knowledge.documents set version = '\\x02'"))
    assert finds(alerted, "sop_critical_failure") == []


def test_repeated_contact_is_told_of_the_latest_open_ticket(alerted: Desk) -> None:
    for number in range(1, 5):
        created = alerted.as_of - number * DAY
        status = "solved" if number == 1 else "open"
        alerted.ticket(number, requester_id=9, created_at=created, status=status)
    alerted.ticket(8, requester_id=10)
    alerted.ticket(9, requester_id=10, created_at=alerted.as_of - 20 * DAY)
    found = finds(alerted, "repeated_contact")
    assert [(one.ticket_id, one.figure) for one in found] == [(2, 4)]
    assert tickets(finds(alerted, "repeated_contact", threshold=2, days=30)) == [2, 8]


def test_a_promise_is_near_until_it_is_kept(alerted: Desk) -> None:
    """From the facts of the last build; what was answered since is no breach."""
    for number in range(1, 5):
        alerted.ticket(number)
    with alerted.resources.transformer() as engine, engine.begin() as connection:
        org_id = str(alerted.resources.organization.org_id)
        connection.execute(text("select set_config('app.org_id', :org, true)"), {"org": org_id})
        for number, minutes in ((1, 90), (2, 121), (3, -5), (4, 30)):
            connection.execute(
                text("""
                    insert into metrics.fct_sla_event (
                        org_id, ticket_id, event_id, metric, instance_id, sla_type, policy_id,
                        target_minutes, is_in_business_hours, applied_at, breached_at,
                        is_clock_computed, pauses, metric_day, group_id, channel, brand_id, priority
                    ) values (
                        :org, :ticket, :ticket, 'reply_time', 1, 'ticket', 0, 60, false, :applied,
                        :breached, true, 0, :day, 0, 'web', 0, 'none'
                    )
                """),
                {
                    "org": org_id,
                    "ticket": number,
                    "applied": alerted.as_of - DAY,
                    "breached": alerted.as_of + timedelta(minutes=minutes),
                    "day": alerted.as_of.date(),
                },
            )
    found = finds(alerted, "sla_breach_near")
    assert [(one.ticket_id, one.figure) for one in found] == [(4, 30), (1, 90)]
    assert found[0].due_at == alerted.as_of + timedelta(minutes=30)
    event = {"metric": "reply_time", "instance_id": 1, "type": "fulfill"}
    alerted.load(zendesk.metric_events, id=4, ticket_id=4, created_at=alerted.as_of, **event)
    assert tickets(finds(alerted, "sla_breach_near")) == [1]


def test_more_refunds_than_chance_are_told_with_what_is_usual(alerted: Desk) -> None:
    """Of no one ticket; a desk that is three weeks old at the most tells nothing."""
    number = 0
    for days_ago in range(28):
        for _ in range(30 if days_ago == 0 else 3):
            number += 1
            created = alerted.as_of - days_ago * DAY - HOUR
            alerted.ticket(number, created_at=created)
            alerted.may_leave(number, risk=0.1)
    (found,) = finds(alerted, "refund_spike")
    assert (found.ticket_id, found.figure, found.codes) == (0, 30, ["refund"])
    assert found.usual == pytest.approx(3, abs=1)
    assert finds(alerted, "refund_spike", threshold=31) == []
    assert finds(alerted, "refund_spike", topic="payment") == []
    channel = alerted.rows("select account from app.connections where provider = 'slack'")[0][0]
    with alerted.resources.session() as connection:
        rule = replace(find_rule("refund_spike").settings(), severity="critical")
        alert_rules.set_rule(connection, alerted.resources.organization.org_id, rule)
    assert alert_of(alerted.resources, channel, alerted.as_of).queued == 1
    assert alert_of(alerted.resources, channel, alerted.as_of + HOUR).queued == 0
    ((told,),) = alerted.rows("select fallback from app.outbox")
    assert told == "Critical: More refunds than usual"


def _seal(desk: Desk, table: Table, column: str, key: int, content: object) -> None:
    sealed = desk.resources.cipher.seal(
        msgspec.json.encode(content),
        column=f"{table.fullname}.sealed",
        row_id=str(key),
        changed_at=desk.as_of,
    )
    desk.load(table, sealed=sealed, **{column: key})


def test_a_vip_is_known_by_company_tag_or_domain(alerted: Desk) -> None:
    """A domain is kept as a keyed hash; what was opened to look is in the audit trail."""
    for number in range(1, 5):
        alerted.ticket(number, organization_id=50 if number == 1 else None)
        tags = ["gold"] if number == 2 else ["silver"]
        content = TicketContent("s", "d", None, None, tags, NONE, NONE, NONE)
        _seal(alerted, zendesk.ticket_contents, "ticket_id", number, content)
        email = f"ada@{'Initech.com' if number == 3 else 'example.org'}"
        user = UserContent(*[None] * 11, NONE)
        user.email = email
        _seal(alerted, zendesk.user_contents, "user_id", 7_000 + number, user)
    assert finds(alerted, "vip") == []
    org_id = alerted.resources.organization.org_id
    with alerted.resources.session() as connection:
        for kind, told in (("organization", "50"), ("tag", "Gold"), ("domain", "@initech.com")):
            assert alert_rules.add_vip(connection, org_id, vip_of(alerted.resources, kind, told))
    found = {one.ticket_id: one.codes for one in finds(alerted, "vip")}
    assert found == {1: ["organization"], 2: ["tag"], 3: ["domain"]}
    assert "initech" not in str(alerted.rows("select * from app.escalation_vips")).lower()
    read = alerted.rows("select details from audit.events where action = 'read.content'")
    assert any("zendesk.user_contents.sealed" in details for (details,) in read)


@pytest.mark.parametrize(
    ("kind", "told"),
    [("organization", "acme"), ("domain", "ada@acme.com"), ("domain", "acme"), ("tag", "a b")],
)
def test_a_vip_that_is_none_is_refused(alerted: Desk, kind: str, told: str) -> None:
    with pytest.raises(ConfigurationError):
        vip_of(alerted.resources, kind, told)


def test_an_organization_s_own_rule_takes_the_place_of_the_packaged_one() -> None:
    own = replace(find_rule("churn").settings(), threshold=0.9, enabled=False)
    rules = {one.rule: one for one in applied({"churn": own})}
    assert rules["churn"] == own
    assert list(rules) == list(packaged_rules())


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("churn", {"threshold": 1.5}, "from 0.05 to 1"),
        ("churn", {"topic": "refund"}, "no --topic"),
        ("refund_spike", {"days": 3}, "no --days"),
    ],
)
def test_a_setting_that_fits_no_rule_is_refused(
    name: str, changed: dict[str, object], said: str
) -> None:
    rule = find_rule(name)
    with pytest.raises(ConfigurationError, match=said):
        rule.checked(replace(rule.settings(), **changed))


def test_an_unknown_rule_is_told_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="there are: sla_breach_near, churn"):
        find_rule("mood")


hours = st.integers(min_value=1, max_value=720)


@given(
    at=st.integers(min_value=1_700_000_000, max_value=1_900_000_000),
    gap=st.integers(min_value=0, max_value=10**7),
    first=hours,
    second=hours,
)
def test_a_cooldown_apart_is_a_window_apart(at: int, gap: int, first: int, second: int) -> None:
    """Also where the cooldown was changed in between: what may be told again can be stored."""
    one = datetime.fromtimestamp(at, UTC)
    other = one + timedelta(seconds=second * 3_600 + gap)
    assert window_of(one, first) < window_of(other, second)
    assert window_of(one, first) <= one < window_of(one, first) + timedelta(hours=first)


@given(
    steps=st.lists(
        st.tuples(
            st.integers(min_value=-200, max_value=200),
            st.sampled_from(["run", "touch", "ack", "run"]),
        ),
        max_size=12,
    ),
    cooldown=st.integers(min_value=1, max_value=72),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_two_alerts_of_a_ticket_and_rule_lie_within_a_cooldown(
    alerted: Desk, steps: list[tuple[int, str]], cooldown: int
) -> None:
    """Whatever the order of runs, changes and answers; runs may look back."""
    rule: RuleSettings = replace(find_rule("churn").settings(), cooldown_hours=cooldown, days=90)
    org_id = alerted.resources.organization.org_id
    with alerted.resources.session() as connection:
        connection.execute(text("delete from ai.alerts"))
        connection.execute(text("delete from zendesk.tickets"))
        alert_rules.set_rule(connection, org_id, rule)
    alerted.ticket(1, updated_at=alerted.as_of - DAY, changed_at=alerted.as_of - 20 * DAY)
    alerted.may_leave(1)
    for after, what in steps:
        at = alerted.as_of + after * HOUR
        if what == "run":
            alert_of(alerted.resources, None, at)
        with alerted.resources.session() as connection:
            if what == "touch":
                connection.execute(text("update zendesk.tickets set updated_at = :at"), {"at": at})
            if what == "ack":
                ids = [one.alert_id for one in alerts.of_tickets(connection, [1])]
                alerts.answer(connection, ids, "acknowledged", by="local:ada", at=at)
    with alerted.resources.session() as connection:
        found = sorted(one.found_at for one in alerts.of_tickets(connection, [1]))
    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert all(gap >= cooldown * HOUR for gap in gaps)


NIGHT, NOON = QuietHours(time(22), time(6)), QuietHours(time(12), time(13))


@pytest.mark.parametrize(
    ("quiet", "at", "may"),
    [
        (QuietHours(), time(3), True),
        (NIGHT, time(23), False),
        (NIGHT, time(5, 59), False),
        (NIGHT, time(6), True),
        (NOON, time(12), False),
        (NOON, time(13), True),
    ],
)
def test_quiet_hours_may_lie_across_midnight(quiet: QuietHours, at: time, may: bool) -> None:
    local = datetime.combine(datetime.now(UTC), at, UTC)
    assert quiet.may_say("high", local) is may
    assert quiet.may_say("critical", local)
