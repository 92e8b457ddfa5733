"""`vensor search`: what it prints, for whom, and what it says of wrong input."""

import json
from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import Engine

from tasks.embed import Embedding
from tasks.embedding import LocalEmbedder
from tasks.resources import Resources, opened
from tasks.zendesk.contents import CommentContent
from tests.cli.conftest import SignIn, Vensor, refused, trail
from warehouse.loading import Rows, merge
from warehouse.sessions import Organization
from warehouse.tables import ai, knowledge, zendesk

WORDS = {
    11: "My refund has not arrived, and I am waiting for two weeks.",
    12: "The money for what I sent back never came.",
    13: "The parcel with order K7710X was damaged.",
    14: "How do I change my address?",
    15: "The lamp does not switch on any more.",
}
GROUPS = {1: "Billing", 2: "Delivery"}


def _loaded(resources: Resources, as_of: datetime) -> None:
    rows: dict[str, list[tuple[object, ...]]] = {name: [] for name in ("t", "c", "s", "scores")}
    none = msgspec.Raw(b"null")
    for place, (ticket, words) in enumerate(WORDS.items()):
        at, comment = as_of - timedelta(days=place), ticket * 10
        sealed = resources.cipher.seal(
            msgspec.json.encode(CommentContent(words, None, none, none, none)),
            column="zendesk.comment_contents.sealed",
            row_id=str(comment),
            changed_at=at,
        )
        rows["t"].append((ticket, "open" if place % 2 else "solved", 1 + place // 2, at, at, at))
        rows["c"].append((comment, ticket, "Comment", True, at, at))
        rows["s"].append((comment, ticket, sealed, at))
        rows["scores"].append((ticket, "m", 1, -0.2 * place, at))
    tickets = ("id", "status", "group_id", "created_at", "updated_at", "changed_at")
    comments = ("id", "ticket_id", "kind", "is_public", "created_at", "changed_at")
    scores = ("ticket_id", "model_version", "turns", "sentiment_end", "changed_at")
    groups = [(number, name, as_of) for number, name in GROUPS.items()]
    org_id = resources.organization.org_id
    with resources.session() as connection:
        for table, columns, values in (
            (zendesk.groups, ("id", "name", "changed_at"), groups),
            (zendesk.tickets, tickets, rows["t"]),
            (zendesk.comments, comments, rows["c"]),
            (
                zendesk.comment_contents,
                ("comment_id", "ticket_id", "sealed", "changed_at"),
                rows["s"],
            ),
            (ai.ticket_scores, scores, rows["scores"]),
        ):
            merge(connection, org_id, Rows(table, columns, values))
        connection.execute(
            knowledge.documents.insert().values(
                org_id=org_id,
                document_id="d",
                kind="article",
                title="Refunds",
                body="<p>A refund takes five days to arrive.</p>",
                version=b"v",
                changed_at=as_of,
            )
        )


@pytest.fixture
def org(vensor: Vensor, organization: Organization, as_of: datetime) -> tuple[str, str]:
    """`--org` of an organization whose tickets and document are embedded."""
    with opened(organization.slug) as resources:
        _loaded(resources, as_of)
        Embedding(resources, LocalEmbedder()).run()
    return "--org", organization.slug


def test_an_analyst_finds_tickets(
    vensor: Vensor, acting: SignIn, org: tuple[str, str], engine: Engine, organization: Organization
) -> None:
    """By meaning, by a rare word, by its number; k of them; each with its facts; and audited."""
    user_id = acting("analyst")

    def found(*asked: str) -> list[dict]:
        result = vensor("search", *org, *asked, "--in", "tickets", "--json")
        assert result.exit_code == 0, result.exception
        return json.loads(result.stdout)

    def tickets(*asked: str) -> list[int]:
        return [int(hit["title"].split()[1]) for hit in found(*asked)]

    assert set(tickets("money has not come back", "--k", "2")) == {11, 12}
    assert len(tickets("money has not come back", "--k", "4")) == 4
    assert tickets("K7710X")[0] == 13
    assert tickets("#14")[0] == 14
    (hit,) = found("13", "--k", "1")
    assert hit["text"] == WORDS[13]
    told = {name: hit[name] for name in ("group", "status", "sentiment")}
    assert told == {"group": "Delivery", "status": "solved", "sentiment": -0.4}
    assert sorted(tickets("refund", "--group", "billing")) == [11, 12]
    assert sorted(tickets("refund", "--status", "open")) == [12, 14]
    assert sorted(tickets("refund", "--sentiment-below", "-0.5")) == [14, 15]
    assert sorted(tickets("refund", "--sentiment-above", "-0.1")) == [11]
    actor, action, purpose, details = trail(engine, organization)[-1]
    assert (actor, action, purpose) == (f"user:{user_id}", "read.content", "search")
    assert details == {"tickets": "11", "zendesk.comment_contents.sealed": 1}


def test_days_are_the_organization_s_and_both_included(
    vensor: Vensor, acting: SignIn, org: tuple[str, str], as_of: datetime
) -> None:
    """One day finds what was said on it."""
    acting("owner")
    day = (as_of - timedelta(days=2)).date().isoformat()
    asked = ("search", *org, "anything", "--in", "tickets", "--from", day, "--to", day)
    result = vensor(*asked)
    assert WORDS[13] in " ".join(result.stdout.split())
    assert "ticket 13 (solved), comment 130" in result.stdout
    assert f"{day}, Delivery, ends at -0.40" in result.stdout
    assert result.stdout.count("ticket ") == 1


def test_a_viewer_finds_documents_only(
    vensor: Vensor, acting: SignIn, org: tuple[str, str]
) -> None:
    """With their headings and words."""
    acting("viewer")
    (hit,) = json.loads(vensor("search", *org, "when does my money come", "--json").stdout)
    assert hit["text"] == "A refund takes five days to arrive."
    assert hit["title"].startswith("Refunds")
    refused(vensor("search", *org, "refund", "--in", "tickets"), "tickets.search .* needs the role")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--in", "tickets", "--group", "Sales"), "no group 'sales'; there are: Billing, Delivery"),
        (("--status", "open"), "add `--in tickets`"),
        (("--sentiment-below", "0"), "add `--in tickets`"),
        (("--from", "yesterday"), "'yesterday' is not a day such as"),
    ],
)
def test_wrong_input_says_what_to_do(
    vensor: Vensor, acting: SignIn, org: tuple[str, str], asked: tuple[str, ...], said: str
) -> None:
    """And finds nothing."""
    acting("owner")
    refused(vensor("search", *org, "refund", *asked), said)
