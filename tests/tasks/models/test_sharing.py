"""What leaves for models: nothing personal, nothing of who opted out, nothing that isn't noted."""

import base64
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import msgspec
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app
from tasks.choices import opened_service
from tasks.embed import embed_text
from tasks.errors import ConfigurationError, OptedOutError
from tasks.openai import Call
from tasks.resources import Resources
from tasks.rights import named, opt_in, opt_out
from tasks.search import Wanted, search_ticket_passages
from tasks.sharing import people_of
from tasks.zendesk.contents import CallContent, IdentityContent, UserContent
from warehouse.loading import Rows, merge
from warehouse.opt_outs import forget_opted_out, tables_of_models
from warehouse.outbound import find_sent
from warehouse.tables import zendesk

EMAIL = "wilhelmina.quux@example.com"
NAME = "Wilhelmina Quux-Ödegård"
OTHER_EMAIL, PHONE, CALLED_FROM = "minaq@private.example", "+44 20 7946 0958", "+1 415 555 0134"
WORDS = (
    f"Hello, Mina Odegard here ({OTHER_EMAIL}). My parcel went to 12 Elm Street.",
    "quux again: call 020 7946 0958 or (415) 555-0134. Card 4111 1111 1111 1111.",
)
PERSONAL = ("ilhelmina", "quux", "degard", "degård", "minaq", "7946", "0134", "Elm", "4111 1111")


@pytest.fixture
def tape(control: httpx.Client) -> Iterator[httpx.Client]:
    control.post("/tape").raise_for_status()
    yield control
    control.delete("/tape")


def left(tape: httpx.Client) -> list[str]:
    """Every body that left for the models."""
    exchanges = tape.get("/tape", params={"path": "/openai"}).json()["exchanges"]
    return [base64.b64decode(one["asked"]).decode() for one in exchanges]


@pytest.fixture
def wilhelmina(desk: Resources, write, as_of: datetime) -> Resources:
    """Ticket 1 is hers, in 2 she writes, in 3 she calls; with 4 she has nothing to do."""
    write((*WORDS, "The line was bad.", "Where is my invoice?"))
    none = msgspec.Raw(b"null")
    user = UserContent(NAME, EMAIL, None, "Mina", None, None, None, None, None, None, None, none)
    seal = desk.cipher.seal
    index = desk.cipher.blind_index
    at = as_of

    def sealed(content: object, table: str, row_id: int) -> bytes:
        column = f"zendesk.{table}.sealed"
        return seal(msgspec.json.encode(content), column=column, row_id=str(row_id), changed_at=at)

    emails = [index(one, column="zendesk.users.email") for one in (EMAIL, OTHER_EMAIL)]
    rows = [
        Rows(zendesk.users, ("id", "role", "email_index", "changed_at"),
             [(7, "end-user", emails[0], at)]),
        Rows(zendesk.user_contents, ("user_id", "sealed", "changed_at"),
             [(7, sealed(user, "user_contents", 7), at)]),
        Rows(zendesk.user_identities, ("id", "user_id", "type", "value_index", "changed_at"),
             [(70, 7, "email", emails[1], at), (71, 7, "phone_number", None, at)]),
        Rows(zendesk.user_identity_contents, ("identity_id", "user_id", "sealed", "changed_at"),
             [(70, 7, sealed(IdentityContent(OTHER_EMAIL), "user_identity_contents", 70), at),
              (71, 7, sealed(IdentityContent(PHONE), "user_identity_contents", 71), at)]),
        Rows(zendesk.calls, ("id", "ticket_id", "customer_id", "created_at", "changed_at"),
             [(300, 3, 7, at, at)]),
        Rows(zendesk.call_contents, ("call_id", "ticket_id", "sealed", "changed_at"),
             [(300, 3, sealed(CallContent(CALLED_FROM, None), "call_contents", 300), at)]),
    ]  # fmt: skip
    with desk.session() as connection:
        for one in rows:
            merge(connection, desk.organization.org_id, one)
        connection.execute(text("update zendesk.tickets set requester_id = 7 where id = 1"))
        connection.execute(text("update zendesk.comments set author_id = 7 where id = 20"))
    return desk


def test_who_sent_an_e_mail_is_known_by_it_alone(desk: Resources, write, as_of: datetime) -> None:
    """A customer who has not changed for long has no content of their own any more."""
    write(["Hello."])
    via = {"source": {"from": {"name": NAME, "address": EMAIL}, "to": {"phone": PHONE}}}
    content = {"plain_body": "Hello.", "html_body": None, "attachments": [], "via": via}
    sealed = desk.cipher.seal(
        msgspec.json.encode(content | {"voice": None}),
        column="zendesk.comment_contents.sealed",
        row_id="10",
        changed_at=as_of + timedelta(seconds=1),
    )
    row = (10, 1, sealed, as_of + timedelta(seconds=1))
    columns = ("comment_id", "ticket_id", "sealed", "changed_at")
    with desk.session() as connection:
        merge(
            connection,
            desk.organization.org_id,
            Rows(zendesk.comment_contents, columns, [row]),
        )
        found = people_of(connection, desk.cipher, [1])[1]
    assert {name for one in found for name in one.names} == {NAME}
    assert {email for one in found for email in one.emails} == {EMAIL}
    assert {phone for one in found for phone in one.phones} == {PHONE}


def embed(desk: Resources) -> int:
    return embed_text.fn(desk.organization.slug).rows_out


def count(desk: Resources, what: str) -> int:
    with desk.session() as connection:
        return int(connection.execute(text(f"select count(*) from {what}")).scalar_one())


def test_everyone_of_a_ticket_is_known_by_all_the_account_has(wilhelmina: Resources) -> None:
    with wilhelmina.session() as connection:
        people = people_of(connection, wilhelmina.cipher, [1, 2, 3, 4])
    hers = next(one for one in people[1] if one.person_id == 7)
    assert hers.names == (NAME, "Mina")
    assert set(hers.emails) >= {EMAIL, OTHER_EMAIL}
    assert PHONE in hers.phones
    assert CALLED_FROM in next(one for one in people[3] if one.person_id == 7).phones
    assert not [one for one in people.get(4, []) if one.names]


def test_nothing_personal_leaves_and_each_request_is_written_down(
    wilhelmina: Resources, tape: httpx.Client
) -> None:
    """Name, alias, addresses, street, card, numbers: of a body that left, none of them is part."""
    assert embed(wilhelmina) == 4
    bodies = "\n".join(left(tape))
    assert "parcel went to [ADDRESS_1]" in bodies
    assert "Where is my invoice?" in bodies
    assert [one for one in PERSONAL if one.casefold() in bodies.casefold()] == []
    with wilhelmina.session() as connection:
        (sent,) = find_sent(connection)
        assert find_sent(connection, ticket_id=4) == [sent]
        assert find_sent(connection, ticket_id=5) == []
    assert (sent.recipient, sent.purpose, sent.items) == ("127.0.0.1", "embed text", 4)
    assert sorted(sent.ticket_ids) == [1, 2, 3, 4]
    assert 0 < sent.payload_bytes < len(bodies)


def test_a_query_leaves_without_names_too(wilhelmina: Resources, tape: httpx.Client) -> None:
    embed(wilhelmina)
    words = f"card of {EMAIL}, 12 Elm Street"
    found = search_ticket_passages(wilhelmina, words, k=4, wanted=Wanted())
    assert len(found) == 4
    assert "card of [EMAIL_1], [ADDRESS_1]" in left(tape)[-1]


def test_who_opted_out_is_read_by_no_model(wilhelmina: Resources, tape: httpx.Client) -> None:
    """By any of their addresses, before anything was read: only the ticket without them is."""
    assert opt_out(wilhelmina, named(wilhelmina, email=f" {OTHER_EMAIL.upper()}")) == 3
    assert embed(wilhelmina) == 1
    (body,) = left(tape)
    assert "invoice" in body
    assert "parcel" not in body


def test_what_models_had_made_is_forgotten_and_made_again_on_a_yes(wilhelmina: Resources) -> None:
    embed(wilhelmina)
    opt_out(wilhelmina, named(wilhelmina, email=EMAIL))
    left_over = {one.fullname: count(wilhelmina, one.fullname) for one in tables_of_models()}
    assert {name: rows for name, rows in left_over.items() if rows} == {
        "ai.ticket_chunks": 1,
        "ai.ticket_work": 1,
    }
    assert embed(wilhelmina) == 0
    opt_in(wilhelmina, named(wilhelmina, email=EMAIL))
    assert embed(wilhelmina) == 3
    with pytest.raises(ConfigurationError, match="nobody"):
        opt_in(wilhelmina, named(wilhelmina, email=EMAIL))


def test_a_no_that_comes_right_before_a_call_is_heard(
    wilhelmina: Resources, tape: httpx.Client
) -> None:
    """The call was queued; it does not leave, nor is it in the ledger."""
    call = Call("analyse", "gpt-6-luna", (1, 4), 1, 100)
    with opened_service(wilhelmina) as service:
        opt_out(wilhelmina, named(wilhelmina, email=EMAIL))
        with pytest.raises(OptedOutError):
            service.call(call, lambda _client: pytest.fail("it left"))
    assert left(tape) == []
    assert count(wilhelmina, "audit.outbound") == 0


def test_a_no_that_comes_while_scores_are_stored_waits_and_forgets_them(
    wilhelmina: Resources,
) -> None:
    """The writer has not ended its transaction yet: what it wrote is gone all the same."""
    embed(wilhelmina)
    answered = threading.Event()

    def object_() -> None:
        opt_out(wilhelmina, named(wilhelmina, email=EMAIL))
        answered.set()

    objecting = threading.Thread(target=object_)
    with wilhelmina.session() as writer:
        writer.execute(text("update ai.ticket_chunks set chunk_no = chunk_no + 1"))
        forget_opted_out(writer, [1, 2, 3, 4])
        objecting.start()
        assert not answered.wait(0.5)
    objecting.join()
    assert count(wilhelmina, "ai.ticket_chunks") == 1


def test_rights_and_ledger_from_the_terminal(wilhelmina: Resources) -> None:
    """The address may come from stdin, and stands neither in what is printed nor in the trail."""
    org = ("--org", wilhelmina.organization.slug)
    embed(wilhelmina)
    run = CliRunner()
    out = run.invoke(app, ["privacy", "opt-out", *org], input=f"{EMAIL}\n")
    assert (out.exit_code, "3 were forgotten" in " ".join(out.output.split())) == (0, True)
    sent = run.invoke(app, ["outbound", *org])
    assert "embed text" in sent.output
    back = run.invoke(app, ["privacy", "opt-in", *org, "--email", EMAIL])
    assert back.exit_code == 0
    assert EMAIL not in out.output + back.output
    with wilhelmina.session() as connection:
        trail = connection.execute(text("select action, details::text from audit.events")).all()
    actions = [action for action, _ in trail]
    assert {"privacy.opt_out", "privacy.opt_in"} <= set(actions)
    assert not [details for _, details in trail if "quux" in details]


@pytest.mark.parametrize("told", ["", "nobody", "@"])
def test_what_is_no_address_is_refused(wilhelmina: Resources, told: str) -> None:
    with pytest.raises(ConfigurationError, match=r"not an e-mail|say whose"):
        CliRunner().invoke(
            app,
            ["privacy", "opt-out", "--org", wilhelmina.organization.slug],
            input=f"{told}\n",
            catch_exceptions=False,
        )
