"""Conversations in a line, and one embedder for all tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tasks.embedding import LocalEmbedder
from tasks.scoring import (
    Conversation,
    Sop,
    Speaker,
    TicketSentiment,
    Turn,
    parse_sop,
    score_sentiment,
)

STARTED_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SPEAKERS: dict[str, tuple[Speaker, bool]] = {
    "c": ("customer", True),
    "a": ("agent", True),
    "n": ("agent", False),
    "s": ("system", True),
    "u": ("unknown", True),
}
ARTICLE = """
<p>This procedure applies to every request to change account details.</p>
<h2>Steps</h2>
<ol>
  <li><strong>Greet the customer by name</strong> and thank them for writing.</li>
  <li>Before any change you must ask for <em>the postcode</em> and the date of birth.</li>
  <li>You must not ask for a password or for a full card number.</li>
  <li>After the change you must confirm that the details have been changed.</li>
  <li>You should close by offering further help.</li>
  <li>If the caller is not the account holder, hand the request to a team lead.</li>
</ol>
<p>Questions about this page go to the quality team.</p>
"""

Talk = Callable[..., Conversation]
Feel = Callable[..., TicketSentiment]


@pytest.fixture(scope="session")
def embedder() -> LocalEmbedder:
    """The real model: what is tested is what runs."""
    return LocalEmbedder()


@pytest.fixture(scope="session")
def sop() -> Sop:
    """A procedure with other items than the sandbox's."""
    return parse_sop(ARTICLE, "Checking identity before changing account details")


@pytest.fixture(scope="session")
def talk() -> Talk:
    """A conversation from strings like "c: I moved": customer, agent, note, system, unknown."""

    def make(*told: str) -> Conversation:
        turns = []
        for number, line in enumerate(told, start=1):
            speaker, is_public = SPEAKERS[line[0]]
            said_at = STARTED_AT + timedelta(minutes=number)
            turns.append(
                Turn(1_000 + number, number, speaker, line[2:].strip(), said_at, is_public)
            )
        return Conversation(1, tuple(turns))

    return make


@pytest.fixture(scope="session")
def feel(talk: Talk, embedder: LocalEmbedder) -> Feel:
    """The sentiment of such a conversation."""

    def score(*told: str) -> TicketSentiment:
        return score_sentiment([talk(*told)], embedder)[0]

    return score
