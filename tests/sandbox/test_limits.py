"""Rate limits: headers, buckets, waiting."""

import httpx
import pytest

TINY = ("--account", "acme=20", "--days", "7")


@pytest.fixture
def limited(start):
    limits = ("--limit", "incremental=3", "--limit", "account=8", "--limit", "openai=2")
    return start(*TINY, *limits)


def test_headers_tell_the_budgets(limited):
    """The account's budget in three spellings, the endpoint's in its own header."""
    answer = limited.zendesk().get("incremental/tickets/cursor.json?start_time=0")
    headers = answer.headers
    assert (headers["x-rate-limit"], headers["x-rate-limit-remaining"]) == ("8", "7")
    assert (headers["ratelimit-limit"], headers["ratelimit-remaining"]) == ("8", "7")
    assert 0 < int(headers["ratelimit-reset"]) <= 60
    bucket = dict(part.split("=") for part in headers["zendesk-ratelimit-incremental"].split("; "))
    assert (bucket["total"], bucket["remaining"]) == ("3", "2")
    assert 0 < int(bucket["resets"]) <= 60


def test_exports_share_one_bucket_and_leave_the_rest_open(limited):
    """The fourth export of any kind is refused with Retry-After; ordinary endpoints go on."""
    client = limited.zendesk()
    paths = ("tickets/cursor", "ticket_events", "organizations", "users/cursor")
    told = [client.get(f"incremental/{path}.json?start_time=0") for path in paths]
    assert [one.status_code for one in told] == [200, 200, 200, 429]
    assert 0 < int(told[-1].headers["retry-after"]) <= 60
    assert told[-1].json()["error"] == "APIRateLimitExceeded"
    assert client.get("groups.json").status_code == 200


def test_account_budget_ends_everything(limited):
    """When the account's minute is spent, every endpoint is refused."""
    client = limited.zendesk()
    codes = [client.get("groups.json").status_code for _ in range(9)]
    assert codes == [200] * 8 + [429]


def test_slack_takes_one_message_a_second(limited):
    """The second message to a channel within the second is refused; another channel is free."""
    slack = limited.told["slack"]
    headers = {"authorization": f"Bearer {slack['bot_token']}"}
    told = {"channel": slack["channels"]["acme"], "text": "one"}
    first, second = (
        httpx.post(f"{slack['base_url']}chat.postMessage", json=told, headers=headers)
        for _ in range(2)
    )
    assert first.json()["ok"]
    assert (second.status_code, second.json()["error"]) == (429, "ratelimited")
    assert second.headers["retry-after"] == "1"


def test_openai_counts_requests(limited):
    """The third request of the minute is refused in OpenAI's form."""
    openai = limited.told["openai"]
    headers = {"authorization": f"Bearer {openai['api_key']}"}
    told = [httpx.get(f"{openai['base_url']}/models", headers=headers) for _ in range(3)]
    assert [one.status_code for one in told] == [200, 200, 429]
    assert told[0].headers["x-ratelimit-remaining-requests"] == "1"
    assert told[2].json()["error"]["code"] == "rate_limit_exceeded"
    assert int(told[2].headers["retry-after"]) > 0
