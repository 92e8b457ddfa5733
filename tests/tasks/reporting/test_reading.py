"""What a report reads from the warehouse is its own organization's, and summed as it says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tasks.errors import ConfigurationError
from tasks.report import summary
from tasks.reporting.compose import compose
from tasks.reporting.records import Material, Report
from tasks.resources import Resources
from tasks.weekly_report import read_report
from tests.tasks.reporting.conftest import Plant
from tests.tasks.reporting.desk import AT, PERIOD, flow, spiked
from warehouse import report_rows as rows
from warehouse import reporting
from warehouse.sessions import Organization, tenant_session

UNTIL = date(2026, 11, 25)
AS_OF = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=34)


def test_figures_are_summed_by_day_and_by_week(plant: Plant, resources: Resources) -> None:
    """Brands and priorities of a day are one row; a week is seven days that end with the last."""
    for brand, day in ((1, UNTIL), (2, UNTIL), (1, UNTIL - timedelta(days=6))):
        told = {"group_id": 10, "group_name": "Billing", "channel": "web", "brand_id": brand}
        plant("fct_ticket_flow_daily", metric_day=day, created=6, first_solved=5, **told)
        plant("fct_csat_daily", metric_day=day, offered=9, responded=6, good=5, bad=1, **told)
    before = UNTIL - timedelta(days=7)
    plant("fct_csat_daily", metric_day=before, offered=9, responded=6, good=5, bad=1)
    with resources.session() as connection:
        flow = reporting.sums(connection, rows.Flow, since=SINCE, until=UNTIL)
        csat = reporting.sums(connection, rows.Csat, since=SINCE, until=UNTIL)
    assert [(row.metric_day, row.created) for row in flow] == [
        (UNTIL - timedelta(days=6), 6),
        (UNTIL, 12),
    ]
    assert [(row.week, row.group_name, row.good) for row in csat] == [
        (0, "Billing", 15),
        (1, "none", 5),
    ]


def test_percentiles_come_from_summed_histograms(plant: Plant, resources: Resources) -> None:
    """A median of medians would be another number; groups have theirs, and all have one."""
    for group, histogram in (("Billing", [6, 0, 0]), ("Orders", [0] * 39 + [6, 6])):
        plant(
            "fct_ticket_duration_daily",
            metric_day=UNTIL,
            group_id=len(group),
            group_name=group,
            metric="first_reply",
            clock="calendar",
            n=sum(histogram),
            histogram=histogram,
        )
    with resources.session() as connection:
        found = reporting.durations(connection, since=SINCE, until=UNTIL)
    assert {row.group_name: row.n for row in found} == {None: 18, "Billing": 6, "Orders": 12}
    every = next(row for row in found if row.group_name is None)
    assert every.histogram == [6, *[0] * 38, 6, 6]
    assert every.median == pytest.approx(2 ** ((40 - 2 + 0.5) / 8))


def test_a_report_is_of_whole_measured_days(
    plant: Plant, published: Callable[[datetime], None], resources: Resources
) -> None:
    """The first day there is may be half a day; after the last build nothing is known."""
    published(AS_OF - timedelta(days=1))
    for back in range(21):
        plant("fct_ticket_flow_daily", metric_day=UNTIL - timedelta(days=back), created=8)
    made = read_report(resources, as_of=AS_OF)
    assert made.period.first == UNTIL - timedelta(days=19)
    assert made.period.last == UNTIL - timedelta(days=1)
    assert made.period.missing == [UNTIL]
    assert any("25 November" in one.words for one in made.findings)


def test_an_organization_without_figures_is_told_what_to_do(
    transformer: object, resources: Resources
) -> None:
    """Nothing measured is not a report of zeros."""
    with pytest.raises(ConfigurationError, match="vensor run --org"):
        read_report(resources, as_of=AS_OF)


def test_every_kind_of_row_reaches_its_section(
    plant: Plant, published: Callable[[datetime], None], resources: Resources
) -> None:
    """One row of each table: no section says that it has nothing."""
    published(AS_OF)
    for back in (0, 10):
        plant("fct_ticket_flow_daily", metric_day=UNTIL - timedelta(days=back), created=8)
    plant("fct_backlog_daily", metric_day=UNTIL, age_bucket="1 to 3 days", tickets=9)
    plant(
        "fct_sla_daily",
        metric_day=UNTIL,
        metric="first_reply_time",
        achieved=8,
        breached=2,
        applied=10,
    )
    plant("fct_csat_daily", metric_day=UNTIL, offered=20, responded=10, good=8, bad=2)
    judged = {"metric_day": UNTIL, "model_version": "m-1"}
    plant(
        "fct_sentiment_daily",
        speaker="customer",
        n=10,
        score_sum=2.5,
        positive=6,
        negative=4,
        **judged,
    )
    plant(
        "fct_sop_daily",
        document_id="d",
        document_title="Returns",
        step_no=1,
        sop_version="aa",
        applicable=10,
        passed=9,
        failed=1,
        **judged,
    )
    plant(
        "fct_quality_daily",
        category="overall",
        n=10,
        score_sum=800.0,
        passed=9,
        auto_n=10,
        **judged,
    )
    plant(
        "fct_call_hourly",
        metric_day=UNTIL,
        hour=9,
        direction="inbound",
        offered=10,
        answered=9,
        handled=9,
        within_target=8,
        wait_seconds_sum=90.0,
    )
    plant("fct_escalation_daily", metric_day=UNTIL, trigger="risk", tier="lead", opened=6)
    plant(
        "fct_ai_coverage_daily",
        task="score",
        provider="local",
        eligible=20,
        scored=19,
        pending=1,
        **judged,
    )
    plant(
        "fct_data_freshness",
        metric_day=UNTIL,
        source="tickets",
        as_of=AS_OF - timedelta(hours=1),
        max_event_at=AS_OF - timedelta(hours=2),
        max_loaded_at=AS_OF,
        lag_minutes=60.0,
    )
    plant(
        "fct_metric_parity_daily",
        metric_day=UNTIL,
        metric="first_reply",
        clock="calendar",
        compared=10,
        differing=1,
        explained=1,
        largest_difference_minutes=3.0,
    )
    made = read_report(resources, as_of=AS_OF)
    assert _figure(made, "volume", 0) == "8"
    assert _figure(made, "sla", 0) == "80%"
    assert _figure(made, "csat", 0) == "80%"
    assert _figure(made, "sentiment", 0) == "+0.25"
    assert _figure(made, "sop", 0) == "90%"
    assert _figure(made, "quality", 0) == "80.0"
    assert _figure(made, "calls", 1) == "80%"
    assert _figure(made, "escalations", 0) == "6"
    tables = {one.key: one.tables for one in made.sections if one.tables}
    assert tables["coverage"][0].rows[0][2:5] == ("19", "20", "95%")
    assert tables["freshness"][0].rows[0][2] == "1 h"
    assert tables["parity"][0].rows[0][2:5] == ("10", "1", "1")


def test_the_other_organization_is_not_in_it(
    plant: Plant, resources: Resources, other_organization: Organization
) -> None:
    """What is read is read in the tenant session."""
    plant("fct_ticket_flow_daily", metric_day=UNTIL, created=8)
    with tenant_session(resources.engine, other_organization.org_id) as connection:
        assert reporting.sums(connection, rows.Flow, since=SINCE, until=UNTIL) == []


def _figure(made: Report, key: str, place: int) -> str:
    return next(one for one in made.sections if one.key == key).figures[place].value


def test_the_command_writes_a_page_and_a_picture(
    plant: Plant,
    published: Callable[[datetime], None],
    organization: Organization,
    settings_environment: None,
    tmp_path: Path,
) -> None:
    """Where it is told to, or at home; readable by its owner only; what stands out is printed."""
    published(AS_OF)
    for back in range(28):
        told = {"group_id": 10, "group_name": "Billing", "channel": "web"}
        count = 60 if back < 3 else 10
        day = UNTIL - timedelta(days=back)
        plant("fct_ticket_flow_daily", metric_day=day, created=count, **told)
    page, picture = tmp_path / "week.html", tmp_path / "week.png"
    given = ["report", "--org", organization.slug, "--as-of", AS_OF.isoformat()]
    done = CliRunner().invoke(app, [*given, "--out", str(page), "--png", str(picture)])
    assert done.exit_code == 0, done.output
    assert "Tickets created in Billing: more than usual. 180 tickets came in" in done.output
    assert organization.name in page.read_text(encoding="utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert page.stat().st_mode & 0o777 == 0o600
    assert CliRunner().invoke(app, given).exit_code == 0
    assert (tmp_path / "reports" / organization.slug / "2026-11-25.html").is_file()


def test_an_artifact_shows_names_as_they_are() -> None:
    """A group's name is no markup in what Prefect shows either; there is the path, and no page."""
    rows = spiked(flow(), "Billing", 3, 4)
    rows = [replace(row, group_name="[a](b) | *c*") for row in rows if row.group_name == "Billing"]
    made = compose(Material(flow=rows), PERIOD, organization="A|B", timezone="UTC", at=AT)
    shown = summary(made, "/srv/week.html")
    assert "\\[a\\](b) \\| \\*c\\*" in shown
    assert "# A\\|B" in shown
    assert "file:///srv/week.html" in shown
    assert "<" not in shown
