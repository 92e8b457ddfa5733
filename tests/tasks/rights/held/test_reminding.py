"""What is due is said: to Slack once a day, in the doctor, in the list; to no one who is in it."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.connect import connect_slack, connect_zendesk
from cli.main import app
from cli.peers import Sandbox
from tasks.diagnosis.organization import check_requests
from tasks.errors import ConfigurationError
from tasks.escalate import escalate
from tasks.privacy import enter_request, remind, serve_requests
from tasks.quality.outgoing import PERSONAL
from tasks.reminding import queue_due
from tasks.resources import Resources
from tasks.rights import Person, ask, find_request
from tests.tasks.rights.held.conftest import EMAIL, PHONE, Desk
from warehouse import outbox

DAY = timedelta(days=1)


def run(resources: Resources, *arguments: str, stdin: str = "") -> str:
    told = ("privacy", *arguments, "--org", resources.organization.slug)
    done = CliRunner().invoke(
        app, told, input=stdin, catch_exceptions=False, env={"COLUMNS": "220"}
    )
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def queued(resources: Resources) -> list[outbox.Message]:
    with resources.session() as connection:
        return outbox.unsent(connection)


def test_slack_hears_once_a_day_while_something_is_due(
    maria: Person, resources: Resources, as_of: datetime
) -> None:
    """Counts, days and the beginning of ids: nothing that the gate takes for a person's."""
    request_id = ask(resources, "erase", maria)
    assert not queue_due(resources, "C1", as_of)
    assert queue_due(resources, "C1", as_of + 22 * DAY)
    assert not queue_due(resources, "C1", as_of + 22 * DAY)
    assert queue_due(resources, "C1", as_of + 29 * DAY)
    soon, late = queued(resources)
    assert "0 requests of people overdue, 1 due within 7 days" in soon.fallback
    assert "1 request of people overdue" in late.fallback
    told = json.dumps([one.blocks for one in (soon, late)])
    assert str(request_id)[:8] in told
    assert str(request_id) not in told
    for pattern in PERSONAL.values():
        with resources.session() as connection:
            found = connection.execute(
                text("select cast(:told as text) ~ :pattern"),
                {"told": told.replace(request_id.hex[:8], "0a0a0a0a"), "pattern": pattern},
            )
            assert not found.scalar_one(), pattern


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Great Expectations
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_it_goes_out_with_the_digest(
    maria: Person, resources: Resources, sandbox: Sandbox, as_of: datetime
) -> None:
    """Through the same gate; twice a day it is said once."""
    account, slack = sandbox.zendesk["acme"], sandbox.slack
    connect_zendesk(
        resources,
        base_url=account["base_url"],
        client_id=account["client_id"],
        secret=account["client_secret"],
    )
    connect_slack(
        resources,
        base_url=slack["base_url"],
        channel=slack["channels"]["acme"],
        token=slack["bot_token"],
    )
    ask(resources, "erase", maria)
    slug, late = resources.organization.slug, as_of + 30 * DAY
    assert escalate.fn(slug, late).rows_out == 2
    assert escalate.fn(slug, late).rows_out == 0
    with resources.session() as connection:
        keys = connection.execute(text("select message_key from app.outbox")).scalars()
        assert sorted(key.split("/")[0] for key in keys) == ["digest", "privacy-due"]


def test_the_day_serves_what_is_approved_and_says_what_is_left(
    maria: Person, resources: Resources, as_of: datetime
) -> None:
    """What a form entered: an export is made, an erasure waits for another, an opt-out is done."""
    slug = resources.organization.slug
    entered = enter_request.fn(slug, "export", 7, as_of)
    assert "vensor privacy fetch" in entered["next"]
    assert "another person" in enter_request.fn(slug, "erase", 7, as_of)["next"]
    assert enter_request.fn(slug, "erase", 7, as_of)["next"].startswith("open")
    assert "2 tickets were forgotten" in enter_request.fn(slug, "opt_out", 7, as_of)["next"]
    assert serve_requests.fn(slug, as_of) == {"erasures served": 0, "exports made": 0}
    assert serve_requests.fn(slug, as_of + 6 * DAY)["exports made"] == 1
    assert remind.fn(slug, as_of).startswith("2 requests of people wait, 0 of them overdue")


def test_the_doctor_calls_what_is_late_broken(
    maria: Person, desk: Desk, resources: Resources
) -> None:
    slug = resources.organization.slug
    (nobody,) = check_requests(slug)
    assert nobody.meaning == "nobody waits for anything"
    ask(resources, "erase", maria)
    (waiting,) = check_requests(slug)
    assert waiting.ok
    with resources.session() as connection:
        connection.execute(text("update app.privacy_requests set due_at = now()"))
    (late,) = check_requests(slug)
    assert late.ok is False
    assert "1 of them overdue" in late.meaning


def test_the_terminal_serves_every_right(
    maria: Person, desk: Desk, resources: Resources, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Names from stdin; no name in what is printed but with --words."""
    folder = tmp_path_factory.mktemp("out")
    shown = run(resources, "access", stdin=f"{EMAIL}\n")
    assert "2 users" not in shown
    assert "1 users of Zendesk" in shown
    assert "api.example.com" in shown
    assert "Maria" not in shown
    told = json.loads(run(resources, "access", "--json", "--phone", "-", stdin=f"{PHONE}\n"))
    assert told["zendesk_user_ids"] == [7]
    assert "records" not in told
    assert "email: maria@example.com" in run(resources, "access", "--words", "--zendesk-id", "7")
    nobody = run(resources, "access", "--email", "nobody@example.com")
    assert "nothing is held" in nobody or "records of 0 tickets" in nobody
    out = folder / "maria.zip"
    assert "SHA-256" in run(resources, "export", "--zendesk-id", "7", "--out", str(out))
    assert out.read_bytes()[:2] == b"PK"
    with pytest.raises(ConfigurationError, match="already"):
        run(resources, "export", "--zendesk-id", "7", "--out", str(out))
    made = run(resources, "export", "--email", "-", stdin=EMAIL)
    export_id = made.split()[1]
    assert "nobody waits" not in run(resources, "requests")
    run(resources, "fetch", export_id, "--out", str(folder / "b.zip"))
    with pytest.raises(ConfigurationError, match="can be done once"):
        run(resources, "fetch", export_id, "--out", str(folder / "c.zip"))


def test_requests_are_listed_approved_refused_and_receipted(
    maria: Person, resources: Resources, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """By the beginning of their ids; a receipt is genuine until someone changes it."""
    assert "nobody waits" in run(resources, "requests")
    request_id = str(ask(resources, "rectify", maria))
    short = request_id[:8]
    assert request_id in run(resources, "requests")
    assert "approved" in run(resources, "approve", short)
    assert "could not be identified" in run(
        resources, "refuse", short, "--reason", "not_identified"
    )
    assert json.loads(run(resources, "requests", "--json")) == []
    (one,) = json.loads(run(resources, "requests", "--all", "--json"))
    assert one["state"] == "refused"
    receipt = run(resources, "receipt", short)
    assert json.loads(receipt)["done"]["reason"] == "not_identified"
    path = tmp_path_factory.mktemp("receipt") / "receipt.json"
    path.write_text(receipt)
    assert "signed this receipt" in run(resources, "receipt", "--check", str(path))
    path.write_text(receipt.replace("refused", "done"))
    with pytest.raises(Exception, match="did not sign"):
        run(resources, "receipt", "--check", str(path))
    with pytest.raises(ConfigurationError, match="give a request"):
        run(resources, "receipt")
    assert find_request(resources, short).ended_at is not None
