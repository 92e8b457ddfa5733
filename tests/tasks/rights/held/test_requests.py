"""Requests: found by any name, due in time, approved by whom they must be, ended with a receipt."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tasks.encryption import number_digits
from tasks.errors import ConfigurationError, NotAllowedError
from tasks.resources import Resources
from tasks.rights import (
    Person,
    approve,
    ask,
    due_at,
    find_due,
    find_held,
    find_request,
    is_genuine,
    named,
    opt_in,
    opt_out,
    receipt_of,
    refuse,
    requested_by,
)
from tests.tasks.rights.held.conftest import (
    EMAIL,
    OTHER_EMAIL,
    PHONE,
    WRITTEN_OTHERWISE,
    Desk,
)
from warehouse import requests
from warehouse.requests import Request

DAY = timedelta(days=1)


def stored(resources: Resources) -> list[Request]:
    with resources.session() as connection:
        return requests.find_all(connection, states=requests.ALL)


@pytest.mark.parametrize(
    "name",
    [
        {"email": f" {EMAIL.upper()}"},
        {"email": OTHER_EMAIL},
        {"phone": PHONE},
        {"phone": WRITTEN_OTHERWISE},
        {"phone": "+44 (0)20-7946.0958 ext. 12"},
        {"user_id": 7},
    ],
)
def test_a_person_is_found_by_any_of_their_names(
    maria: Person, resources: Resources, name: dict[str, object]
) -> None:
    assert named(resources, **name).user_ids == (7,)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ({}, "by one of"),
        ({"email": EMAIL, "user_id": 7}, "by one of"),
        ({"email": "nobody"}, "not an e-mail"),
        ({"phone": "+"}, "not a telephone number"),
    ],
)
def test_what_names_nobody_is_refused(
    resources: Resources, name: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        named(resources, **name)


def test_a_number_that_several_have_shows_no_one_s_data_to_another(
    maria: Person, desk: Desk
) -> None:
    """A switchboard's, a family's."""
    with desk.resources.session() as connection:
        shared = "select value_index from zendesk.user_identities where id = 71"
        connection.execute(text(f"update zendesk.users set phone_index = ({shared}) where id = 8"))
    with pytest.raises(ConfigurationError, match="name one of 7, 8 by --zendesk-id"):
        named(desk.resources, phone=PHONE)


NUMBER = st.from_regex(r"[1-9][0-9]{6,13}", fullmatch=True)


@given(NUMBER, st.sampled_from(["+", "00", "", "tel:+", "(+"]), st.lists(st.integers(1, 12)))
def test_a_number_is_the_same_however_it_is_written(
    digits: str, begins: str, gaps: list[int]
) -> None:
    """Any punctuation, in any digits of Unicode; another number is another."""
    parted = "".join(f"{sign} " if at in gaps else sign for at, sign in enumerate(digits))
    assert number_digits(begins + parted) == digits
    fullwidth = digits.translate({ord(str(one)): 0xFF10 + one for one in range(10)})
    assert number_digits(fullwidth) == digits
    assert number_digits(f"+{digits}5") != digits


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year < 9_000))
def test_requests_are_due_within_a_month_and_a_no_within_15_business_days(at: datetime) -> None:
    assert due_at("export", at) - at == 28 * DAY
    assert 19 * DAY <= due_at("opt_out", at) - at <= 21 * DAY
    assert due_at("opt_out", at).weekday() < 5


def test_an_erasure_needs_four_eyes_and_an_export_does_not(
    maria: Person, resources: Resources
) -> None:
    erasure = ask(resources, "erase", maria)
    with pytest.raises(NotAllowedError, match="another person must approve"):
        approve(resources, erasure)
    other = resources.settings.model_copy(update={"actor": "local:another"})
    other_s = Resources(
        other, resources.logins, resources.engine, resources.organization, resources.cipher
    )
    approve(other_s, erasure)
    with pytest.raises(ConfigurationError, match="no open request"):
        approve(other_s, erasure)
    approve(resources, ask(resources, "export", maria))
    assert {one.state for one in stored(resources)} == {"approved"}
    assert {requested_by(resources, one).user_ids for one in stored(resources)} == {(7,)}


def test_a_refusal_has_a_reason_and_ends_it(maria: Person, resources: Resources) -> None:
    """What named the person is forgotten then."""
    request_id = ask(resources, "erase", maria)
    with pytest.raises(ConfigurationError, match="there are: not_identified"):
        refuse(resources, request_id, "no time")
    refuse(resources, request_id, "legal_claims")
    with pytest.raises(ConfigurationError, match="has ended"):
        refuse(resources, request_id, "withdrawn")
    (one,) = stored(resources)
    assert (one.state, one.names.email_index) == ("refused", None)
    assert receipt_of(resources, one)["done"]["reason"] == "legal_claims"


def test_a_receipt_is_signed_and_names_no_one(maria: Person, resources: Resources) -> None:
    """One sign changed is told; so is one of another organization."""
    opt_out(resources, maria)
    (one,) = stored(resources)
    receipt = receipt_of(resources, one)
    content = msgspec.json.encode(receipt)
    assert receipt["in_time"] is True
    assert receipt["done"]["tickets_forgotten"] == 2
    assert EMAIL.encode() not in content
    assert maria.subject.hex().encode() not in content
    assert is_genuine(resources, content)
    assert not is_genuine(resources, content.replace(b"done", b"open", 1))
    assert not is_genuine(resources, msgspec.json.encode(receipt | {"signature": "é"}))
    with pytest.raises(ConfigurationError, match="not a receipt"):
        is_genuine(resources, b"[]")


def test_there_is_no_receipt_before_the_end_and_a_request_is_named_by_its_beginning(
    maria: Person, resources: Resources
) -> None:
    request_id = str(ask(resources, "erase", maria))
    with pytest.raises(ConfigurationError, match="is open, due"):
        receipt_of(resources, find_request(resources, request_id[:8]))
    for told, said in (("1", "8 signs"), ("%" * 8, "no request"), ("x" * 40, "no request")):
        with pytest.raises(ConfigurationError, match=said):
            find_request(resources, told)


def test_what_is_due_is_counted_overdue_first(
    maria: Person, resources: Resources, as_of: datetime
) -> None:
    """Seven days before it is due, and from then on until it is served."""
    request_id = ask(resources, "erase", maria)

    def told(days: int) -> tuple[int, int, int]:
        due = find_due(resources, as_of + days * DAY)
        return len(due.overdue), len(due.soon), due.pending

    assert told(0) == (0, 0, 1)
    assert told(22) == (0, 1, 1)
    assert told(29) == (1, 0, 1)
    refuse(resources, request_id, "withdrawn")
    assert told(29) == (0, 0, 0)


@pytest.mark.parametrize("name", [{"email": OTHER_EMAIL}, {"phone": PHONE}, {"user_id": 7}])
def test_who_opts_out_by_any_name_is_left_out_by_every_other(
    maria: Person, resources: Resources, name: dict[str, object]
) -> None:
    """What models made of her ticket is forgotten; taking it back works by another name too."""
    assert opt_out(resources, named(resources, **name)) == 2
    with resources.session() as connection:
        left = connection.execute(text("select ticket_id from ai.opted_out_tickets")).scalars()
        assert sorted(left) == [1, 2]
        assert connection.execute(text("select count(*) from ai.summaries")).scalar_one() == 0
    opt_in(resources, named(resources, email=EMAIL))
    with resources.session() as connection:
        left = connection.execute(text("select ticket_id from ai.opted_out_tickets")).scalars()
        assert list(left) == []
    with pytest.raises(ConfigurationError, match="nobody of this name"):
        opt_in(resources, maria)
    assert [(one.kind, one.state) for one in stored(resources)] == [("opt_out", "done")] * 2


def test_access_counts_and_says_until_when(maria: Person, desk: Desk) -> None:
    """No word of hers unless it is asked for; the request is entered and done."""
    found = find_held(desk.resources, maria)
    held = {one.name: one for one in found.held}
    assert {name: held[name].records for name in ("profile", "identities", "comments")} == {
        "profile": 1, "identities": 2, "comments": 4,
    }  # fmt: skip
    assert held["comments"].ends_by == desk.at + 30 * DAY
    assert held["sent_to_others"].ends_by is not None
    assert held["sent_to_others"].ends_by > desk.at + 89 * DAY
    assert found.tickets == 2
    assert [(one.recipient, one.requests) for one in found.recipients] == [("api.example.com", 1)]
    assert found.words is None
    assert EMAIL not in repr(found)
    (request,) = stored(desk.resources)
    assert (request.kind, request.state) == ("access", "done")
    words = find_held(desk.resources, maria, words=True).words
    assert words is not None
    assert words["profile"][0]["email"] == EMAIL


def test_nothing_that_is_asked_leaves_a_name_in_the_trail(
    maria: Person, resources: Resources, tmp_path: Path
) -> None:
    """Requests and the audit trail name no one but by a keyed hash."""
    find_held(resources, maria, words=True)
    opt_out(resources, maria)
    with resources.session() as connection:
        told = connection.execute(
            text("""
                select to_jsonb(e)::text from audit.events as e
                union all select to_jsonb(r)::text from app.privacy_requests as r
            """)
        ).scalars()
        trail = "\n".join(told)
    assert "privacy.access" in trail
    assert "shown" in trail
    assert not [one for one in (EMAIL, "Maria", "7946") if one in trail]
