"""A far side that is away or says nothing is one finding each, within seconds."""

import logging
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cli.demo import connect_to
from cli.peers import Sandbox
from tasks.connections import StoredCredentials, store_connection, store_zendesk
from tasks.diagnosis import Finding, examined, tried
from tasks.diagnosis.accounts import check_account, check_models, check_slack
from tasks.diagnosis.finding import NO_ANSWER
from tasks.diagnosis.prefect import Api, check_prefect
from tasks.gate import supabase_auth
from tasks.http import HURRIED_SECONDS, hurried
from tasks.resources import Resources
from tasks.settings import Settings, load_settings

SPARE_SECONDS = 5  # of a machine that is busy


@pytest.fixture(params=["refuses", "says nothing"])
def away(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of one that takes no connection, or takes each and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param == "says nothing":
            server.listen()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def connect_away(resources: Resources, sandbox: Sandbox, away: str) -> None:
    """Connected when it was still there."""
    connect_to(sandbox, resources, "acme")
    store_zendesk(resources, base_url=away, credentials=StoredCredentials(resources).load())
    store_connection(
        resources,
        provider="slack",
        base_url=f"{away}/api/",
        account=sandbox.slack["channels"]["acme"],
        client_id=None,
        secret=b"xoxb-kept",
    )


def members(settings: Settings) -> list[Finding]:
    return [Finding("members", True, f"{len(supabase_auth(settings).fetch_keys())} keys")]


def looked_over(slug: str, away: str) -> list[Finding]:
    settings, now = load_settings(), datetime.now(UTC)
    with hurried():
        return examined(
            [
                tried("Zendesk", lambda: check_account(slug, now)),
                tried("Slack", lambda: check_slack(slug)),
                tried("models", lambda: check_models(settings)),
                tried("Prefect", lambda: check_prefect(Api(f"{away}/api"))),
                tried("members", lambda: members(settings)),
            ]
        )


def test_each_account_that_does_not_answer_is_one_finding(
    resources: Resources,
    sandbox: Sandbox,
    away: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It says what to do; streams are not tried, nothing is tried again, no library says a word."""
    connect_away(resources, sandbox, away)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{away}/v1")
    monkeypatch.setenv("VENSOR_SUPABASE_URL", away)
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        found = looked_over(resources.organization.slug, away)
    assert time.monotonic() - began < HURRIED_SECONDS + SPARE_SECONDS
    assert [one.subject for one in found] == ["Zendesk", "Slack", "models", "Prefect", "members"]
    assert {one.ok for one in found} == {False}
    assert all("did not answer" in one.meaning for one in found)
    assert {one.advice for one in found} == {NO_ANSWER}
    assert caplog.text == ""
