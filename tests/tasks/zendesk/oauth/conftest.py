"""An account of the test's own."""

from collections.abc import Iterator

import httpx
import pytest

from tests.tasks.zendesk.oauth.account import Account, served


@pytest.fixture
def desk() -> Iterator[Account]:
    with served(Account()) as found:
        yield found


@pytest.fixture
def http(desk: Account) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=desk.url, trust_env=False) as opened:
        yield opened
