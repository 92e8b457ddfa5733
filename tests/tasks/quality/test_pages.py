"""The page of a gate: names and counts, for its user alone, nothing of what the rows hold."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.quality import Check, GateResult, gate, keep, kept_runs
from tests.tasks.quality.conftest import AS_OF, Add
from warehouse.sessions import Logins, Organization
from warehouse.tables import app, zendesk

CANARY = "canary"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_value_of_a_row_that_fails_is_kept(
    logins: Logins, organization: Organization, add: Add, tmp_path: Path
) -> None:
    """Values planted in rows that fail are in no file; the rows are counted."""
    add(zendesk.tickets, id=77123, status=f"{CANARY}-status", requester_id=8, updated_at=AS_OF)
    add(zendesk.satisfaction_ratings, id=2, ticket_id=1, score=f"{CANARY}-score")
    words = [{"text": f"{CANARY}@mail.example"}]
    add(app.outbox, message_key=CANARY, channel="C1", fallback=CANARY, blocks=words)
    for suite in ("after_load", "before_posting"):
        result = gate(logins.loader, organization.org_id, suite, as_of=AS_OF)
        assert result.failed
        page = keep(tmp_path, organization.slug, result, as_of=AS_OF)
        assert all(f"<td>{one.expectation}</td>" in page.read_text() for one in result.failed)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 4
    for path in files:
        content = path.read_text()
        assert CANARY not in content
        assert "77123" not in content
        assert path.stat().st_mode & 0o777 == 0o600
    folders = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}


RESULT = GateResult(
    "after_load",
    (
        Check("zendesk.tickets", "known <value>", "status", "critical", False, 3),
        Check("zendesk.tickets", "in range", "id", "critical", True, 0),
        Check("zendesk.calls", "a day's rows not unusual", None, "warning", False, 1),
    ),
)


def test_a_page_needs_nothing_but_itself(tmp_path: Path) -> None:
    """No address and no script is in it; what does not hold comes first, escaped."""
    page = keep(tmp_path, "acme", RESULT, as_of=AS_OF).read_text()
    assert not re.search(r"https?:|//|<script|<link|<img|@import|url\(", page)
    assert "Closed. Checks that do not hold: 1" in page
    assert page.index("known &lt;value&gt;") < page.index("in range")


def test_pages_are_listed_latest_first_and_go_after_thirty_days(tmp_path: Path) -> None:
    """A gate that is tried again as of the same instant replaces its page."""
    for days in (31, 29, 0, 0):
        keep(tmp_path, "acme", RESULT, as_of=AS_OF - timedelta(days=days))
    keep(tmp_path, "globex", RESULT, as_of=AS_OF - timedelta(days=40))
    runs = kept_runs(tmp_path, "acme")
    assert [run.as_of for run in runs] == [AS_OF, AS_OF - timedelta(days=29)]
    assert runs[0].result == RESULT
    assert runs[0].page.exists()
    assert len(kept_runs(tmp_path, "globex")) == 1
    assert kept_runs(tmp_path, "nobody") == []
