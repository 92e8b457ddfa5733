"""What the sandbox knows to be true of its tickets, where an organization is connected to it."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx

from cli import peers
from cli.peers import Sandbox
from tasks.resources import Resources
from warehouse.organizations import find_connection

if TYPE_CHECKING:
    from tasks.evaluating import Truths


def find_truths(resources: Resources) -> "Truths | None":
    """The truths of the sandbox's account that the organization is connected to, or None."""
    running = peers.find(resources.settings.home)
    with resources.session() as connection:
        known = find_connection(connection, "zendesk")
    if running is None or known is None:
        return None
    for account, zendesk in running.zendesk.items():
        if zendesk["base_url"] == known.base_url:
            return truths_of(running, account)
    return None


def truths_of(sandbox: Sandbox, account: str) -> "Truths":
    """The truths of one account, from the sandbox's control API."""
    from tasks.evaluating import Truths

    told = list(_labels(sandbox, account))
    return Truths(
        turns={
            turn["comment_id"]: turn["value"] for one in told for turn in one["sentiment"]["turns"]
        },
        steps={
            (one["ticket_id"], one["sop"]["title"], step["step"]): step["verdict"]
            for one in told
            for step in one["sop"]["steps"]
            if step["verdict"] is not None
        },
        ticket_ids=frozenset(one["ticket_id"] for one in told if not one["deleted"]),
    )


def _labels(sandbox: Sandbox, account: str) -> Iterator[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with (
        httpx.Client(
            base_url=sandbox.control_url, headers=headers, timeout=60, trust_env=False
        ) as client,
        client.stream("GET", f"/labels/{account}") as answer,
    ):
        answer.raise_for_status()
        for line in answer.iter_lines():
            yield json.loads(line)
