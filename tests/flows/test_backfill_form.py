"""The form for a backfill in Prefect's UI: in a browser, on a running server, with a worker."""

import base64
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.flows import load_flow_from_entrypoint
from sqlalchemy import Engine, text

from cli import peers
from tasks.choices_of_forms import with_choices
from tests.browser import Browser, browsing, find_browser
from tests.flows.conftest import Terminal, connect
from tests.flows.deployed import ENTRYPOINT, Server, deployed
from warehouse.sessions import find_organization, tenant_session

PICTURES = "VENSOR_PICTURES"  # a folder, for whoever wants to look at them
FILL = "from tasks.choices_of_forms import fill_choices; print(fill_choices())"
SET = """
    ((field, value) => {
        const kind = field.tagName == 'SELECT' ? HTMLSelectElement : HTMLTextAreaElement;
        if (field.tagName == 'SELECT') {
            field.selectedIndex = [...field.options].findIndex(one => one.text.trim() == value);
        } else {
            Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(field, value);
        }
        field.dispatchEvent(new Event('input', {bubbles: true}));
        field.dispatchEvent(new Event('change', {bubbles: true}));
    })
"""


@pytest.fixture
def server(terminal: Terminal, vensor_home: Path, tmp_path: Path) -> Iterator[Server]:
    """The server, with the deployment and a worker, which ends with the test."""
    with deployed(terminal, vensor_home, tmp_path) as made:
        yield made


def test_the_form_offers_what_there_is_and_its_run_completes(
    server: Server, terminal: Terminal, sandbox: peers.Sandbox, engine: Engine
) -> None:
    """The organization is chosen from a list; days are typed; the run does the day and shows it."""
    command = find_browser()
    if command is None:
        pytest.skip("there is no Chromium here")
    slug = f"form-{uuid4().hex[:8]}"
    connect(terminal, sandbox, slug)
    stages = ("--stages", "extract,measure,publish")
    assert terminal.run("run", "--org", slug, *stages).returncode == 0
    assert "backfill" in server.python(FILL)
    day = str((datetime.now(UTC) - timedelta(days=3)).date())
    with browsing(command) as browser:
        deployment = server.deployment_id()
        _open(browser, server, f"/deployments/deployment/{deployment}/run")
        _wait(browser, "document.querySelectorAll('select').length > 0")
        choices = "[...document.querySelector('select').options].map(one => one.text.trim())"
        assert slug in browser.run(choices)
        _fill(browser, "select", 0, slug)
        _fill(browser, "textarea", 0, day)
        _fill(browser, "textarea", 1, "soon")
        _click(browser, "button", "Submit")
        _wait(browser, "document.body.innerText.match(/does not match|pattern|invalid/i) != null")
        _picture(browser, "refused")
        _fill(browser, "textarea", 1, day)
        _picture(browser, "filled")
        _click(browser, "button", "Submit")
        _wait(browser, f"document.body.innerText.includes('backfill {slug} {day} to {day}')")
        _wait(browser, "document.body.innerText.includes('Completed')", seconds=420)
        _picture(browser, "completed")
    states = "select metric_day::text, state from app.backfill_windows"
    with tenant_session(engine, find_organization(engine, slug).org_id) as connection:
        done = [tuple(row) for row in connection.execute(text(states))]
        measured = connection.execute(text("select count(*) from metrics.fct_ticket_flow_daily"))
        assert measured.scalar_one() > 0
    assert done == [(day, "done")]


def test_a_form_s_choices_follow_the_organizations_and_leave_the_rest() -> None:
    """What is required is chosen from a list; without any organization it is a text again."""
    schema = load_flow_from_entrypoint(ENTRYPOINT).parameters.model_dump()
    offered = with_choices(schema, ["acme", "globex"])
    assert offered["properties"]["org"]["enum"] == ["acme", "globex"]
    assert with_choices(offered, ["acme"])["properties"]["org"]["enum"] == ["acme"]
    assert with_choices(offered, []) == schema
    optional = {"properties": {"org": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}
    assert with_choices(optional, ["acme"]) == optional
    assert json.dumps(offered)


def _open(browser: Browser, server: Server, path: str) -> None:
    """A page of the UI, signed in."""
    browser.resize(1280, 1500)
    browser.call("Page.navigate", url=f"{server.url}/")
    _wait(browser, "document.readyState == 'complete' && location.href != 'about:blank'")
    secret = base64.b64encode(server.auth.encode()).decode()
    browser.run(f"localStorage.setItem('prefect-password', '{secret}')")
    browser.call("Page.navigate", url=f"{server.url}{path}")


def _fill(browser: Browser, kind: str, place: int, value: str) -> None:
    field = f"document.querySelectorAll('{kind}')[{place}]"
    browser.run(f"{SET}({field}, {json.dumps(value)})")
    time.sleep(1)  # a field tells its form a moment later, and no one types as fast as this


def _click(browser: Browser, kind: str, words: str) -> None:
    found = f"""[...document.querySelectorAll('{kind}')]
        .filter(one => one.innerText.trim() == {json.dumps(words)})[0]"""
    _wait(browser, f"{found} != null")
    browser.run(f"{found}.click()")


def _wait(browser: Browser, condition: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not browser.run(f"Boolean({condition})"):
        if time.monotonic() > until:
            _picture(browser, "waited")
            pytest.fail(f"not within {seconds:.0f} s: {condition}")
        time.sleep(0.3)


def _picture(browser: Browser, name: str) -> None:
    folder = os.environ.get(PICTURES)
    if folder:
        browser.picture(Path(folder) / f"backfill-{name}.png", whole=False)
