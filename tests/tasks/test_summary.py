"""The page of a run, and the names of runs: what is told, and that nothing of others formats it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import BudgetSpentError, RefusedError
from tasks.failures import classify
from tasks.ledger import Run, StageLine
from tasks.naming import name_of
from tasks.resources import Resources
from tasks.summary import summary_of
from tasks.summary_page import Summary, page_of, plain, table
from warehouse import models, watermarks
from warehouse.ledger import StageResult
from warehouse.models import Used

NOW = datetime(2026, 11, 26, 6, tzinfo=UTC)
EXTRACT = StageLine("extract", StageResult(7_105, 13_726, 2, "calls refused;"), 3.5)


def test_a_run_with_nothing_left_to_do_says_so() -> None:
    page = page_of(Summary("acme", NOW, [EXTRACT], []))
    assert page.startswith("# acme, as of 2026-11-26 06:00 UTC: completed\n")
    assert "- nothing; `vensor metrics --org acme" in page
    assert "| extract | 7,105 | 13,726 | 2 | 3.5 | calls refused; |" in page
    assert "Nothing is held." in page


def test_a_run_that_failed_says_of_which_kind_and_what_to_do() -> None:
    """Then how to go on, what is held, and that nothing new came."""
    failure = classify(BudgetSpentError())
    told = {
        "held": [("tickets", "not_storable", 1_234)],
        "marks": [("tickets", timedelta(hours=30))],
    }
    page = page_of(Summary("acme", NOW, [EXTRACT], ["score"], failure, **told))
    assert "failed (limit)" in page
    assert f"- **{failure}**\n- then `vensor run --org acme`" in page
    assert "| score |  |  |  |  | not done |" in page
    assert "| tickets | not\\_storable | 1,234 |" in page
    assert "| tickets | 30.0 |" in page
    assert "nothing new has come for a day" in page


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=4))
def test_no_cell_breaks_out_of_its_table(rows: list[list[str]]) -> None:
    """Whatever is in it, a row is a line of two cells."""
    lines = table(("a", "b"), rows).split("\n")
    assert len(lines) == 2 + len(rows)
    for line in lines:
        assert line.replace("\\\\", "").replace("\\|", "").count("|") == 3


@given(st.text())
def test_text_formats_nothing(text: str) -> None:
    """No sign of Markdown's stands without its escape."""
    left = plain(text).replace("\\\\", "")
    for sign in "`*_[]<>|#":
        left = left.replace(f"\\{sign}", "")
        assert sign not in left


def test_it_tells_what_the_warehouse_knows(resources: Resources) -> None:
    """Models of today with their cost, the budget, how long ago rows came; of no other's."""
    org_id = resources.organization.org_id
    cost = Decimal("0.5")
    used = Used(capability="embed", provider="openai", model="m", calls=2, items=3, cost_usd=cost)
    with resources.session() as connection:
        models.record_usage(connection, org_id, used)
        models.set_budget(connection, org_id, Decimal(20))
        watermarks.move(connection, org_id, "zendesk", "tickets", "1", rows=5)
    slug = resources.organization.slug
    run = Run(slug, org_id, NOW, resources, [EXTRACT])
    found = summary_of(run, ["extract", "check"], classify(RefusedError()))
    assert found.left == ["check"]
    assert [name for name, _ in found.marks] == ["tickets"]
    page = page_of(found)
    assert "| embed | openai | m | 2 | 0 | $0.5000 |" in page
    assert "The day's budget is $20" in page
    assert "None was run on this machine." in page


def test_a_name_is_made_of_what_is_listed_only() -> None:
    """Organization, stream, gate and day; a token of a form is in no name."""
    told = {"slug": "acme", "stream_name": "tickets", "as_of": NOW, "authorization": "secret"}
    assert name_of("extract stream", told) == "extract stream acme tickets 2026-11-26"
    assert name_of("daily", {"as_of": "2026-11-26T06:00Z"}) == "daily 2026-11-26"
    assert name_of("retention", {"org": None, "words": "secret"}) == "retention"
