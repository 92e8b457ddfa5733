"""The token of an organization that leaves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from cli import peers
from tasks.connections import store_connection
from tasks.errors import ConfigurationError
from tasks.escalation import SlackChannel
from tasks.offboarding import _revoke_slack
from tasks.resources import Resources, opened
from tests.conftest import new_organization


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[peers.Sandbox]:
    """A Slack of its own: its token is revoked."""
    yield peers.start(tmp_path / "sandbox", {"acme": 20})
    peers.stop(tmp_path / "sandbox")


def test_slack_s_token_is_revoked_unless_another_works_with_it(
    resources: Resources, workspace: peers.Sandbox
) -> None:
    """Organizations of one company may share a workspace."""
    slack = workspace.slack
    token, channel = slack["bot_token"], slack["channels"]["acme"]
    place = {"base_url": slack["base_url"], "account": channel, "client_id": None}
    other = new_organization(resources.engine)
    with opened(other.slug) as others:
        for one in (resources, others):
            store_connection(one, provider="slack", secret=token.encode(), **place)
    assert "another organization" in _revoke_slack(resources)
    speaker = SlackChannel(base_url=slack["base_url"], token=token, channel=channel)
    assert speaker.check()
    with opened(other.slug) as others, others.session() as connection:
        connection.execute(text("delete from app.connections"))
    assert _revoke_slack(resources) == "revoked"
    with pytest.raises(ConfigurationError, match="revoked"):
        speaker.check()
    assert _revoke_slack(resources) == "revoked", "what has ended is as good"
