"""The ways in: none of them lets in who was erased, and all let in everybody else."""

import threading

import psycopg
import pytest
from sqlalchemy import URL, text

from tasks.pages import PageLoader
from tasks.quarantine import retry_quarantined
from tasks.resources import opened
from tasks.rights import erase, named, replay_tombstones
from tests.tasks.rights.conftest import Approved
from tests.tasks.rights.desk import (
    AGENTS_WORDS,
    EMAIL,
    INES,
    MARIA,
    MARIAS,
    OTTO,
    OTTOS_WORDS,
    PHONE,
    WORDS,
    Desk,
    page_of,
)
from tests.tasks.rights.finding import found_of
from warehouse.quarantine import held_records


def ask(desk: Desk, statement: str) -> list[object]:
    with desk.resources.session() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def commented(desk: Desk) -> list[object]:
    """The comments whose words are here."""
    return ask(desk, "select distinct comment_id from zendesk.comment_contents order by 1")


@pytest.fixture
def erased(desk: Desk, approved: Approved) -> Desk:
    """The desk, with Maria erased."""
    assert found_of(desk.resources, MARIAS).keys() >= {
        "zendesk.calls",
        "zendesk.call_legs",
        "zendesk.rating_contents.sealed",
        "zendesk.comment_contents.sealed",
    }
    person = named(desk.resources, email=f" {EMAIL.upper()}")
    erase(desk.resources, approved(desk.resources, person))
    return desk


def test_what_is_theirs_goes_and_what_is_others_stays(erased: Desk) -> None:
    """Of their ticket every word, of others' tickets their own and their call's."""
    assert found_of(erased.resources, MARIAS) == {}
    assert commented(erased) == [(2_001,), (3_002,)]
    assert ask(erased, "select ticket_id from zendesk.ticket_contents order by 1") == [(2,), (3,)]
    assert ask(erased, "select id, requester_id, erased_at is null from zendesk.tickets"
               " order by id") == [(1, None, False), (2, OTTO, True), (3, OTTO, True)]  # fmt: skip
    assert ask(erased, "select id, author_role from zendesk.comments where author_id is null"
               " order by 1") == [(1_001, "end-user"), (2_101, "end-user")]  # fmt: skip
    assert ask(erased, "select state, reason from zendesk.recordings") == [("gone", "erased")]


def test_reading_all_again_brings_nothing_back(erased: Desk) -> None:
    """In whatever order the pages come, one of them alone, or a ticket by itself."""
    pages = erased.pages()
    for order in (pages, reversed(pages), pages[4:5]):
        for stream, page in order:
            erased.load(stream, page)
        assert found_of(erased.resources, MARIAS) == {}
        assert commented(erased) == [(2_001,), (3_002,)]
    with erased.resources.session() as connection:
        erased.loader().load_page(connection, "ticket_events", pages[4][1])
    assert commented(erased) == [(2_001,), (3_002,)]


def test_a_warehouse_that_has_forgotten_the_skeletons_lets_none_of_it_in(erased: Desk) -> None:
    """Their clock ended; a backfill reads the pages again. The tickets come without a person."""
    with erased.resources.session() as connection:
        for table in ("tickets", "comments", "audits", "audit_events", "calls", "recordings"):
            connection.execute(text(f"delete from zendesk.{table}"))
    erased.load_all()
    assert found_of(erased.resources, MARIAS) == {}
    assert commented(erased) == [(2_001,), (3_002,)]
    assert ask(erased, "select id from zendesk.tickets order by 1") == [(1,), (2,), (3,)]


def test_an_account_that_allows_lists_only_lets_none_of_it_in(erased: Desk) -> None:
    """Its events are read ticket by ticket, its calls known from comments."""
    with erased.resources.session() as connection:
        for table in ("calls", "recordings", "comments"):
            connection.execute(text(f"delete from zendesk.{table}"))
    loader = PageLoader(erased.resources, erased.as_of, by_ticket=True, voice_calls=True)
    page = erased.pages()[4][1]
    with erased.resources.session() as connection:
        loader.load_page(connection, "tickets", erased.pages()[1][1])
        loader.load_page(connection, "ticket_events", page)
    assert found_of(erased.resources, MARIAS) == {}
    assert commented(erased) == [(2_001,), (3_002,)]
    assert ask(erased, "select id, erased_at is null from zendesk.calls") == [(300, False)]


def test_a_call_that_is_told_of_after_its_comment_takes_its_words_along(erased: Desk) -> None:
    """The comment alone, an agent's and without a number, does not say whose call it was."""
    with erased.resources.session() as connection:
        for table in ("calls", "recordings", "comments", "comment_contents"):
            connection.execute(text(f"delete from zendesk.{table}"))
    voice = {"call_id": 300, "recording_type": "call"}
    comment = erased.said(3_001, INES, "Call", voice=voice)
    erased.load("ticket_events", page_of(ticket_events=[erased.event(3_000, 3, INES, comment)]))
    assert commented(erased) == [(3_001,)]
    erased.load("calls", page_of(calls=[erased.call(300, 3, MARIA)]))
    assert commented(erased) == []


def test_what_they_write_later_comes_without_them(erased: Desk) -> None:
    """A ticket of theirs is counted, with neither their words nor an agent's answer."""
    erased.load("ticket_events", page_of(ticket_events=[
        erased.event(4_000, 4, MARIA, erased.said(4_001, MARIA, WORDS)),
        erased.event(4_100, 4, INES, erased.said(4_101, INES, AGENTS_WORDS)),
    ]))  # fmt: skip
    assert (4_101,) in commented(erased), "its ticket is not known yet"
    erased.load("tickets", page_of(tickets=[erased.ticket(4, MARIA, "Again")]))
    assert commented(erased) == [(2_001,), (3_002,)]
    assert ask(erased, "select requester_id, assignee_id from zendesk.tickets where id = 4") == [
        (None, INES)
    ]


def test_who_comes_anew_with_their_address_is_they(erased: Desk) -> None:
    """Under another id, with a ticket on the same page and one on a later page."""
    again = erased.user(700_123_555, "Maria", email=EMAIL)
    erased.load(
        "tickets",
        page_of(tickets=[erased.ticket(5, 700_123_555, "Mine again")], users=[again]),
    )
    erased.load("tickets", page_of(tickets=[erased.ticket(6, 700_123_555, "And again")]))
    assert ask(erased, "select id from zendesk.users where id = 700123555") == []
    assert ask(erased, "select ticket_id from zendesk.ticket_contents where ticket_id > 4") == []
    assert ask(erased, "select requester_id from zendesk.tickets where id > 4") == [(None,)] * 2


def test_who_only_shares_their_number_is_someone_else(erased: Desk) -> None:
    """But a number alone, without an address, is theirs."""
    other = erased.user(700_123_556, "Nina", email="nina@example.org", phone=PHONE)
    alone = erased.user(700_123_557, "Caller", phone=PHONE)
    erased.load("users", page_of(users=[other, alone]))
    found = ask(erased, "select id from zendesk.users where id > 700123555 order by 1")
    assert found == [(700_123_556,)]


def test_an_erasure_that_comes_while_a_page_is_sealed_is_seen_when_it_is_stored(
    desk: Desk, approved: Approved
) -> None:
    """The page was made before; what is stored is made anew."""
    loader = desk.loader()
    made = [(stream, page, loader._rows(stream, page)) for stream, page in desk.pages()]
    erase(desk.resources, approved(desk.resources, named(desk.resources, user_id=MARIA)))
    for stream, page, rows in made:
        loader._store(stream, page, rows, stream)
    assert found_of(desk.resources, MARIAS) == {}
    assert commented(desk) == [(2_001,), (3_002,)]


def test_an_erasure_waits_for_a_page_that_is_being_stored(desk: Desk, approved: Approved) -> None:
    """What that page brought in is seen and erased."""
    request_id = approved(desk.resources, named(desk.resources, user_id=MARIA))
    done = threading.Event()

    def take_out() -> None:
        with opened(desk.resources.organization.slug) as own:
            erase(own, request_id)
        done.set()

    erasing = threading.Thread(target=take_out)
    page = page_of(tickets=[desk.ticket(11, MARIA, WORDS)])
    with desk.resources.session() as writer:
        desk.loader().load_page(writer, "tickets", page)
        erasing.start()
        assert not done.wait(0.7)
    erasing.join()
    assert done.is_set()
    assert found_of(desk.resources, MARIAS) == {}
    assert ask(desk, "select requester_id from zendesk.tickets where id = 11") == [(None,)]


def test_quarantine_holds_nobody_who_was_erased(desk: Desk, approved: Approved) -> None:
    """Neither what lay there before, nor what would come; others' records stay to be retried."""
    bad = page_of(
        tickets=[
            desk.ticket(8, MARIA, WORDS, created_at="never"),
            desk.ticket(9, OTTO, OTTOS_WORDS, created_at="never"),
            desk.ticket(1, OTTO, "moved", created_at="never"),
        ],
        users=[{"id": "x", "email": EMAIL, "updated_at": desk.at}],
    )
    desk.load("tickets", bad)
    assert len(_held(desk)) == 4
    erase(desk.resources, approved(desk.resources, named(desk.resources, phone=PHONE)))
    assert _held(desk) == ["9"]
    desk.load("tickets", bad)
    assert _held(desk) == ["9"]
    retry_quarantined(desk.resources.organization.slug, desk.as_of)
    assert found_of(desk.resources, MARIAS) == {}


def _held(desk: Desk) -> list[str | None]:
    with desk.resources.session() as connection:
        return [one.record_id for one in held_records(connection)]


def test_one_unfit_record_on_the_page_lets_nobody_in(erased: Desk) -> None:
    """Then each record is loaded by itself."""
    page = page_of(
        tickets=[*erased.tickets(), erased.ticket(10, 10**30, "unfit")], users=erased.users()
    )
    erased.load("tickets", page)
    assert found_of(erased.resources, MARIAS) == {}
    assert ask(erased, "select id from zendesk.tickets order by 1") == [(1,), (2,), (3,)]


def test_a_backup_from_before_is_told_who_was_erased(erased: Desk, superuser: URL) -> None:
    """It brings the rows back beside tombstones; they are found by hashing who is here."""
    with erased.resources.session() as connection:
        stones = connection.execute(text("select * from app.tombstones")).mappings().all()
    _forget_stones(erased, superuser)
    erased.load_all()
    assert found_of(erased.resources, MARIAS)
    with erased.resources.session() as connection:
        for one in stones:
            connection.execute(
                text(
                    "insert into app.tombstones (org_id, kind, value_hash, request_id, made_at)"
                    " values (:org_id, :kind, :value_hash, :request_id, :made_at)"
                ),
                dict(one),
            )
    assert replay_tombstones(erased.resources)["people"] == 1
    assert found_of(erased.resources, MARIAS) == {}
    assert replay_tombstones(erased.resources) == {}


def _forget_stones(desk: Desk, superuser: URL) -> None:
    """As a database from before has none: no login of the product may delete any."""
    with psycopg.connect(superuser.render_as_string(hide_password=False)) as connection:
        org_id = desk.resources.organization.org_id
        connection.execute("delete from app.tombstones where org_id = %s", [org_id])
        for table in ("tickets", "calls"):
            connection.execute(
                f"update zendesk.{table} set erased_at = null where org_id = %s", [org_id]
            )
