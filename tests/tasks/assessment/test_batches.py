"""Assessments by batch: half the price, killed and resumed, nothing of what changed meanwhile."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app
from cli.peers import Sandbox
from tasks.assess import assess_tickets
from tasks.batching import opened_batching
from tasks.errors import BudgetSpentError, ConfigurationError
from tasks.openai.batches import BatchDesk
from tasks.resources import Resources, opened
from tests.tasks.assessment.conftest import Write
from warehouse.batches import open_batches
from warehouse.models import set_budget

PRICES = "- {model: gpt-6-luna, from: 2026-01-01, usd_per_million: {input: 100, output: 400}}\n"


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=10) as found:
        yield found
        found.post("/openai/pace", json={})
        found.delete("/faults")


@pytest.fixture
def models(
    resources: Resources,
    sandbox: Sandbox,
    control: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Resources]:
    """The settings lead to the sandbox's models, which cost something."""
    prices = tmp_path / "prices.yml"
    prices.write_text(PRICES)
    monkeypatch.setenv("OPENAI_API_KEY", sandbox.openai["api_key"])
    monkeypatch.setenv("OPENAI_BASE_URL", sandbox.openai["base_url"])
    monkeypatch.setenv("VENSOR_PRICES_PATH", str(prices))
    control.delete("/requests")
    with opened(resources.organization.slug) as found:
        yield found


def rows(resources: Resources, statement: str) -> list[tuple]:
    with resources.session() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def asked(control: httpx.Client, path: str, method: str = "POST") -> int:
    found = control.get("/requests", params={"path": path}).json()["requests"]
    return len([one for one in found if one["method"] == method])


def written(write: Write, count: int = 3) -> None:
    for ticket_id in range(1, count + 1):
        write(ticket_id, f"c: Where is parcel {ticket_id}?", "a: Hello, it is on its way.")


def test_what_is_pending_is_handed_over_and_read_when_it_is_answered(
    models: Resources, write: Write, control: httpx.Client
) -> None:
    """One batch; until it is answered nothing in it is asked a second time."""
    control.post("/openai/pace", json={"batch_seconds": 3_600}).raise_for_status()
    written(write)
    write(4, "n: A note only.")
    with opened_batching(models) as batching:
        assert batching.hand_over() == 3
        assert batching.hand_over() == 0
        assert batching.collect() == {"waiting": 1}
    assert assess_tickets.fn(models.organization.slug).rows_in == 1  # the one without a word
    assert asked(control, "/responses") == 2  # probes, which are empty
    assert rows(models, "select provider from ai.assessments") == [("local",)]


def test_answers_are_stored_at_half_the_price_and_the_files_deleted(
    models: Resources, write: Write, control: httpx.Client
) -> None:
    """As the endpoint's answers would be: verified, by rules where there is none."""
    written(write)
    with opened_batching(models) as batching:
        batching.hand_over()
        told = batching.collect()
        assert told["assessed"] == 3
        assert batching.collect() == {}
    assert {one for (one,) in rows(models, "select provider from ai.assessments")} == {"openai"}
    [(cost, tokens, output)] = rows(
        models, "select sum(cost_usd), sum(input_tokens), sum(output_tokens) from ai.usage"
    )
    assert tokens > 0
    assert cost == (tokens * Decimal(100) + output * Decimal(400)) / 1_000_000 / 2
    assert rows(models, "select state from ai.batches") == [("read",)]
    assert rows(models, "select 1 from ai.batch_requests") == []
    assert asked(control, "/files", "DELETE") == 2
    assert assess_tickets.fn(models.organization.slug).rows_in == 0


def test_killed_after_the_upload_or_the_beginning_there_is_one_batch(
    models: Resources, write: Write, control: httpx.Client
) -> None:
    """What is not written down is found by the file that is."""
    written(write)

    class Killed(BaseException):
        pass

    class Before(BatchDesk):
        def begin(self, *_: object) -> str:
            raise Killed

    class After(BatchDesk):
        def begin(self, *told: object) -> str:
            super().begin(*told)
            raise Killed

    with opened_batching(models, Before) as batching, pytest.raises(Killed):
        batching.hand_over()
    with opened_batching(models, After) as batching, pytest.raises(Killed):
        batching.collect()
    with models.session() as connection:
        assert [one.batch_id for one in open_batches(connection)] == [None]
    assert asked(control, "/batches") == 1
    assess_tickets.fn(models.organization.slug)  # the day's run reads what was handed over
    assert asked(control, "/batches") == 1
    assert asked(control, "/files") == 1
    assert rows(models, "select count(*) from ai.assessments") == [(3,)]


def test_a_ticket_that_changed_meanwhile_is_left_pending(models: Resources, write: Write) -> None:
    """And one that is gone is not brought back."""
    written(write)
    with opened_batching(models) as batching:
        batching.hand_over()
        write(1, "c: Where is parcel 1?", "a: Hello, it is on its way.", "c: It came, thanks.")
        with models.session() as connection:
            for table in ("zendesk.comment_contents", "ai.batch_requests"):
                connection.execute(text(f"delete from {table} where ticket_id = 2"))
        assert batching.collect()["assessed"] == 1
    assert rows(models, "select ticket_id from ai.assessments") == [(3,)]
    assert assess_tickets.fn(models.organization.slug).note.startswith("1 assessed")
    assert rows(models, "select ticket_id from ai.assessments order by 1") == [(1,), (3,)]


def test_the_budget_is_asked_before_anything_leaves(
    models: Resources, write: Write, control: httpx.Client
) -> None:
    """For all of a batch, at the price of a batch."""
    written(write)
    with models.session() as connection:
        set_budget(connection, models.organization.org_id, Decimal("0.01"))
    with opened_batching(models) as batching, pytest.raises(BudgetSpentError):
        batching.hand_over()
    assert asked(control, "/files") == 0


def test_the_terminal_hands_over_and_reads(
    resources: Resources, models: Resources, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--wait` until all is answered; on this machine there is nothing to hand over."""
    written(write)
    told = ("assess", "batch", "--org", models.organization.slug, "--wait")
    done = CliRunner().invoke(app, told, catch_exceptions=False)
    assert "3 tickets handed over" in done.output
    assert "3 assessed" in done.output
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ConfigurationError, match="needs no batches"):
        CliRunner().invoke(app, told, catch_exceptions=False)
