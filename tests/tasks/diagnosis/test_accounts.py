"""What is wrong with a connection is found, against the sandbox's servers."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from cli.demo import connect_to
from cli.peers import Sandbox
from tasks.connections import StoredCredentials, store_connection
from tasks.diagnosis import Check, Finding, tried
from tasks.diagnosis.accounts import (
    check_models,
    check_slack,
    check_streams,
    check_zendesk,
    offset_of_account,
    slack_finding,
)
from tasks.resources import Resources
from tasks.settings import load_settings


def _first(check: Check) -> Finding:
    return tried("it", check)()[0]


def test_an_account_that_answers(resources: Resources, sandbox: Sandbox) -> None:
    """Its scopes, its clock, and how each stream is read."""
    slug = resources.organization.slug
    connect_to(sandbox, resources, "acme")
    account, offset = check_zendesk(slug)
    assert account.ok
    assert "allowed to read hc:read" in account.meaning
    assert offset.ok
    streams = _first(lambda: check_streams(slug, datetime.now(UTC)))
    assert streams.ok
    assert "by export" in streams.meaning
    assert _first(lambda: check_slack(slug)).ok


def test_what_is_not_connected_names_the_command(resources: Resources) -> None:
    """For each of the two."""
    slug = resources.organization.slug
    for check, provider in ((check_zendesk, "zendesk"), (check_slack, "slack")):
        found = _first(lambda check=check: check(slug))
        assert found.ok is False
        assert f"vensor connect {provider}" in found.meaning


def test_a_token_that_was_revoked(resources: Resources, sandbox: Sandbox) -> None:
    """At Zendesk with the client's secret changed, so that none is to be had; and at Slack."""
    slug = resources.organization.slug
    connect_to(sandbox, resources, "acme")
    store = StoredCredentials(resources)
    credentials = store.load()
    store.save(
        type(credentials)(client_id=credentials.client_id, client_secret="x", access_token="gone")
    )
    zendesk = _first(lambda: check_zendesk(slug))
    assert zendesk.ok is False
    assert "vensor connect zendesk" in zendesk.meaning + zendesk.advice
    slack = sandbox.slack
    store_connection(
        resources,
        provider="slack",
        base_url=slack["base_url"],
        account=slack["channels"]["acme"],
        client_id=None,
        secret=b"xoxb-revoked",
    )
    assert "vensor connect slack" in _first(lambda: check_slack(slug)).meaning


def test_a_plan_without_exports_is_told_stream_by_stream(
    resources: Resources, sandbox: Sandbox
) -> None:
    """They are read by their lists."""
    connect_to(sandbox, resources, "globex")
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}

    def refuse(what: list[str]) -> None:
        told = {"account": "globex", "what": what}
        url = f"{sandbox.control_url}/refusals"
        assert httpx.post(url, json=told, headers=headers).is_success

    refuse(["export"])
    try:
        found = _first(lambda: check_streams(resources.organization.slug, datetime.now(UTC)))
    finally:
        refuse([])
    assert found.ok
    assert "by list" in found.meaning


def test_an_account_whose_clock_is_off() -> None:
    """By the Date of its answers."""
    ahead = format_datetime(datetime.now(UTC) + timedelta(minutes=3), usegmt=True)
    assert offset_of_account("acme", ahead).ok is False
    assert offset_of_account("acme", format_datetime(datetime.now(UTC), usegmt=True)).ok


def test_an_app_that_lacks_scopes() -> None:
    """Which; where Slack does not say, that."""
    some = slack_finding("acme", "workspace x", frozenset({"chat:write"}))
    assert some.ok is False
    assert "channels:history, files:write" in some.meaning
    assert slack_finding("acme", "workspace x", None).ok


def test_a_server_that_refuses_the_key_or_is_away(
    settings_environment: None, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of anybody is sent to find out."""
    assert _first(lambda: check_models(load_settings())).ok is None
    root = sandbox.control_url.removesuffix("/_sandbox")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{root}/openai/v1")
    refused = _first(lambda: check_models(load_settings()))
    assert refused.ok is False
    assert "OPENAI_API_KEY is not accepted" in refused.meaning
    assert "sk-wrong" not in repr(refused)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert "did not answer" in _first(lambda: check_models(load_settings())).meaning
