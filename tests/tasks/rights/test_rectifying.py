"""What a person says of themselves wins, until the account says the same."""

import pytest
from sqlalchemy import text

from tasks.corrections import corrected, corrected_fields
from tasks.errors import ConfigurationError
from tasks.extract import forget_deleted
from tasks.rights import erase, named, rectify
from tasks.rights.rectifying import checked
from tasks.rotate import rotate_data_keys
from tasks.sharing import people_of
from tasks.zendesk.contents import UserContent
from tests.tasks.rights.conftest import Approved
from tests.tasks.rights.desk import EMAIL, MARIA, NAME, OTTO, PHONE, Desk, page_of

RIGHT_NAME, RIGHT_EMAIL, RIGHT_PHONE = "Maria Quant", "maria.quant@example.net", "+49 170 999"
CONTENT = UserContent(NAME, EMAIL, PHONE, *[None] * 9)


def told(desk: Desk, user_id: int = MARIA) -> UserContent:
    """What whoever shows the person shows."""
    with desk.resources.session() as connection:
        found = corrected_fields(connection, desk.resources.cipher, [user_id])
    return corrected(CONTENT, found.get(user_id, {}))


def put_right(desk: Desk, **fields: str) -> None:
    for field, value in fields.items():
        rectify(desk.resources, named(desk.resources, user_id=MARIA), field, value)


def load(desk: Desk, **fields: str) -> None:
    """A later sync of the person's record."""
    kept = {"email": EMAIL, "phone": PHONE} | fields
    name = kept.pop("name", NAME)
    later = desk.as_of.isoformat()
    desk.load("users", page_of(users=[desk.user(MARIA, name, **kept) | {"updated_at": later}]))


def test_it_wins_over_later_syncs_until_the_source_says_the_same(desk: Desk) -> None:
    """Field by field; then it ends by itself, and the source counts again."""
    put_right(desk, name=f" {RIGHT_NAME} ", email=RIGHT_EMAIL, phone=RIGHT_PHONE)
    assert (told(desk).name, told(desk).email) == (RIGHT_NAME, RIGHT_EMAIL)
    load(desk, name="Mari Quandt")
    assert told(desk).name == RIGHT_NAME
    load(desk, name=RIGHT_NAME)
    assert (told(desk).name, told(desk).email) == (NAME, RIGHT_EMAIL)
    load(desk, email=RIGHT_EMAIL.upper(), phone=RIGHT_PHONE)
    assert told(desk) == CONTENT


def test_case_counts_in_a_name(desk: Desk) -> None:
    """A correction of nothing but case does not end at once."""
    put_right(desk, name=NAME.upper())
    load(desk)
    assert told(desk).name == NAME.upper()


def test_redaction_knows_both_names(desk: Desk) -> None:
    """Texts have the wrong one as well as the right one."""
    put_right(desk, name=RIGHT_NAME, email=RIGHT_EMAIL)
    with desk.resources.session() as connection:
        found = people_of(connection, desk.resources.cipher, [1, 2, 3])
    for ticket in (1, 2, 3):
        (maria,) = [one for one in found[ticket] if one.person_id == MARIA]
        assert {NAME, RIGHT_NAME} <= set(maria.names)
        assert {EMAIL, RIGHT_EMAIL} <= set(maria.emails)


def test_a_person_is_found_by_both_addresses(desk: Desk) -> None:
    put_right(desk, email=RIGHT_EMAIL, phone=RIGHT_PHONE)
    for name in ({"email": EMAIL}, {"email": RIGHT_EMAIL}, {"phone": RIGHT_PHONE}):
        assert named(desk.resources, **name).user_ids == (MARIA,)


def test_it_is_sealed_rotated_recorded_and_in_no_log(desk: Desk) -> None:
    """The value is nowhere in plain; the request is done, with what and of how many."""
    put_right(desk, name=RIGHT_NAME)
    put_right(desk, name="Maria Quandt")
    rotate_data_keys(desk.resources.organization.slug, at_once=True)
    with desk.resources.session() as connection:
        whole = connection.execute(text("select c::text from app.corrections as c")).scalar_one()
        done = connection.execute(
            text("select kind, state, receipt from app.privacy_requests")
        ).all()
        trail = connection.execute(
            text("select details::text from audit.events where action like 'privacy%'")
        ).scalars()
        plain = [whole, *trail]
    assert not [one for one in plain if "Quan" in one or b"Quan".hex() in one]
    assert [tuple(row) for row in done] == [("rectify", "done", {"field": "name", "people": 1})] * 2
    from tasks.resources import opened

    with opened(desk.resources.organization.slug) as fresh, fresh.session() as connection:
        found = corrected_fields(connection, fresh.cipher, [MARIA])
    assert found == {MARIA: {"name": "Maria Quandt"}}


def test_it_goes_with_the_person(desk: Desk, approved: Approved) -> None:
    """Deleted in the source, or erased: then by the corrected address too nobody comes in."""
    put_right(desk, email=RIGHT_EMAIL)
    desk.load("users", page_of(users=[desk.user(OTTO, "Otto", email="otto@example.org")]))
    rectify(desk.resources, named(desk.resources, user_id=OTTO), "name", "Ottokar")
    gone = desk.user(OTTO, "Otto") | {"active": False, "updated_at": desk.as_of.isoformat()}
    desk.load("users", page_of(users=[gone]))
    forget_deleted.fn(desk.resources.organization.slug)
    assert told(desk, OTTO) == CONTENT
    assert told(desk).email == RIGHT_EMAIL
    erase(desk.resources, approved(desk.resources, named(desk.resources, email=RIGHT_EMAIL)))
    assert told(desk) == CONTENT
    desk.load("users", page_of(users=[desk.user(999, "Maria", email=RIGHT_EMAIL)]))
    assert named(desk.resources, user_id=999).user_ids == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shoe", "39"),
        ("name", "  "),
        ("name", "two\nlines"),
        ("name", "x" * 1_001),
        ("email", "nobody"),
        ("phone", "none"),
    ],
)
def test_what_fits_no_field_is_refused_and_not_quoted(field: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        checked(field, value)
    assert value.strip() == "" or value not in str(refused.value)


def test_it_must_be_clear_who_is_meant(desk: Desk) -> None:
    """Nobody, or several who share a number: the ids to choose from are said."""
    with pytest.raises(ConfigurationError, match="nobody is found"):
        rectify(desk.resources, named(desk.resources, user_id=5), "name", "x")
    desk.load("users", page_of(users=[desk.user(12, "Nina", email="n@example.org", phone=PHONE)]))
    with pytest.raises(ConfigurationError, match=f"12, {MARIA} by --zendesk-id"):
        rectify(desk.resources, named(desk.resources, phone=PHONE), "name", "x")
