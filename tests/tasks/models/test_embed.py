"""Embedding as a step: once, by the model that the organization chose, until its budget ends."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from tasks.choices import chosen, opened_service, redacting
from tasks.embed import TICKETS_AT_ONCE, Embedding, embed_text
from tasks.embedding import LocalEmbedder
from tasks.embedding.openai import OpenAIEmbedder
from tasks.errors import RefusedError
from warehouse.models import Choice, choose, set_budget, spent_today

SMALL = "text-embedding-3-small"


def texts(count, word="parcel"):
    return [f"Where is my {word} number {number}? It has not come." for number in range(count)]


def embed(desk, *, model=SMALL):
    """Embeds with the sandbox's model. The words are this test's own: nothing is to be redacted."""
    with opened_service(desk) as service:
        return Embedding(desk, OpenAIEmbedder(service, model=model, dimension=384)).run()


def rows(desk, columns="count(*)"):
    with desk.session() as connection:
        return connection.execute(text(f"select {columns} from ai.ticket_chunks")).all()


def asked(control):
    found = control.get("/requests", params={"path": "/embeddings"}).json()["requests"]
    return len(found)


def test_each_passage_has_one_vector_and_is_asked_for_once(desk, write, control):
    """A second run asks nothing; the model and the length stand in each row."""
    write(texts(150))
    result = embed(desk)
    assert (result.rows_in, result.rows_out) == (150, 150)
    assert rows(desk, "distinct model, dimension") == [(f"{SMALL}@384", 384)]
    requests = asked(control)
    assert requests == 3
    again = embed(desk)
    assert (again.rows_in, again.rows_out) == (0, 0)
    assert asked(control) == requests


def test_words_that_are_loaded_anew_keep_their_vector(desk, write, control, as_of):
    """Another instant of change, the same words: new rows, no request."""
    write(texts(5), at=as_of - timedelta(hours=1))
    embed(desk)
    before = rows(desk, "comment_id, embedding::text")
    requests = asked(control)
    write(texts(5))
    assert embed(desk).rows_in == 5
    assert asked(control) == requests
    assert sorted(rows(desk, "comment_id, embedding::text")) == sorted(before)


def test_the_same_words_in_a_batch_are_sent_once(desk, write):
    """Fifty tickets with one sentence pay for it once."""
    write(["Please cancel my order."] * 50)
    assert embed(desk).rows_out == 50
    with desk.session() as connection:
        assert connection.execute(text("select items from ai.usage")).scalar_one() == 1


def test_another_model_embeds_anew_and_the_former_s_vectors_go(desk, write):
    """Never two models beside each other once the new one is through."""
    write(texts(10))
    embed(desk)
    assert embed(desk, model="text-embedding-3-large").rows_out == 10
    with desk.session() as connection:
        found = connection.execute(
            text("select model, count(*) from ai.ticket_chunks group by model")
        ).all()
        done = connection.execute(
            text("select distinct model_version from ai.ticket_work where task = 'embed'")
        ).all()
    assert found == [("text-embedding-3-large@384", 10)]
    assert done == [("text-embedding-3-large@384",)]


def test_a_spent_budget_stops_well_and_the_next_day_goes_on(desk, write, control):
    """What was paid for is stored, the former model's vectors stay, nothing is paid for twice."""
    write(texts(TICKETS_AT_ONCE * 6))
    with desk.session() as connection:
        set_budget(connection, desk.organization.org_id, Decimal("0.06"))
    result = embed(desk)
    assert "budget" in result.note
    stored = rows(desk)[0][0]
    assert stored == result.rows_out
    assert 0 < stored < TICKETS_AT_ONCE * 6
    assert stored % TICKETS_AT_ONCE == 0
    assert asked(control) * TICKETS_AT_ONCE == stored
    with desk.session() as connection:
        assert spent_today(connection).usd <= Decimal("0.06")
    assert "budget" in embed(desk).note
    assert rows(desk)[0][0] == stored
    with desk.session() as connection:
        connection.execute(text("update ai.usage set used_on = used_on - 1"))
        set_budget(connection, desk.organization.org_id, Decimal("10"))
    assert embed(desk).note == "0 documents"
    assert rows(desk)[0][0] == TICKETS_AT_ONCE * 6
    assert asked(control) == 6


def test_a_run_that_breaks_off_has_stored_what_it_had(desk, write, control):
    """The third request fails for good: the next run asks for what is left."""
    write(texts(TICKETS_AT_ONCE * 4))
    fault = {"path": "/embeddings", "kind": "403", "skip": 2}
    assert control.post("/faults", json=fault).is_success
    with pytest.raises(RefusedError, match="forbidden"):
        embed(desk)
    stored = rows(desk)[0][0]
    assert stored % TICKETS_AT_ONCE == 0
    assert embed(desk).rows_out == TICKETS_AT_ONCE * 4 - stored
    assert rows(desk)[0][0] == TICKETS_AT_ONCE * 4


def test_text_that_stays_here_is_not_redacted(desk):
    assert redacting(desk, embedder := LocalEmbedder()) is embedder


def test_the_organization_s_choice_holds(desk, write, control):
    """`local` beside a key: nothing is asked of the server, and it costs nothing."""
    assert chosen(desk, "embed").provider == "openai"
    with desk.session() as connection:
        choose(connection, desk.organization.org_id, "embed", Choice("local"))
    assert chosen(desk, "embed").provider == "local"
    write(texts(3))
    assert embed_text.fn(desk.organization.slug).rows_out == 3
    assert asked(control) == 0
    with desk.session() as connection:
        used = connection.execute(text("select provider, items, cost_usd from ai.usage")).all()
    assert used == [("local", 3, 0)]


def test_a_server_that_is_busy_is_asked_again(desk, write, control):
    """429 with Retry-After, 500, an answer cut off: each costs time only."""
    write(texts(TICKETS_AT_ONCE * 3))
    faults = [
        {"path": "/embeddings", "kind": "429", "retry_after": 1},
        {"path": "/embeddings", "kind": "500"},
        {"path": "/embeddings", "kind": "truncate"},
        {"path": "/embeddings", "kind": "truncate", "cut": "connection"},
    ]
    assert control.post("/faults", json=faults).is_success
    assert embed(desk).rows_out == TICKETS_AT_ONCE * 3
