"""A hold keeps what it names and nothing else, past partitions and keys, until it is lifted."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tasks.audio import read_recording
from tasks.errors import ConfigurationError
from tasks.holding import set_aside
from tasks.holds import checked_reason, lift_hold, place_holds
from tasks.purging import Purge, _end_content, carry_out, find_past
from tasks.recordings import fetch_recordings
from tasks.resources import Resources, opened
from tasks.rotate import rotate_data_keys
from tasks.storage import open_stores
from tests.conftest import published
from tests.tasks.recordings.conftest import (  # noqa: F401
    desk,
    folder,
    pending,
    s3,
    s3_server,
    script,
    store,
)
from tests.tasks.retention.conftest import World
from tests.tasks.zendesk.scripted.server import Said, Script
from warehouse import holds
from warehouse.recordings import stored_recordings
from warehouse.tables import ai, zendesk


def _purge(world: World) -> None:
    with opened(world.resources.organization.slug) as fresh:
        carry_out(Purge.of(fresh, world.as_of))


def _keys(resources: Resources) -> dict[int, tuple[str, str]]:
    with resources.session() as connection:
        rows = connection.execute(text("select key_id, purpose, state from keys.org_keys"))
        return {row.key_id: (row.purpose, row.state) for row in rows}


def _content_states(resources: Resources) -> set[str]:
    """Of the keys of weeks that are wholly past."""
    with resources.session() as connection:
        rows = connection.execute(
            text(
                "select state from keys.org_keys where purpose = 'content'"
                " and week + 7 <= current_date - 30"
            )
        )
        return set(rows.scalars())


def test_a_held_ticket_stays_and_opens_when_all_others_and_the_week_s_key_are_gone(
    another: Callable[..., World],
) -> None:
    """Words, transcripts and scores of it; a second run changes nothing."""
    world = another(3, 0)
    for ticket, days in ((1, 44), (2, 44), (3, 33), (4, 3)):
        world.add_ticket(ticket, days)
    before = world.words(zendesk.comment_contents)
    place_holds(world.resources, "ticket", [1], reason="matter 1", until=None)
    for _ in range(2):
        _purge(world)
        assert world.ids("zendesk.tickets", "id") == {1, 4}
        for table in ("ai.ticket_scores", "zendesk.comments", "zendesk.call_contents"):
            assert world.ids(table) & world.ages.keys() == {1, 4}, table
        assert world.words(zendesk.comment_contents) == {one: before[one] for one in (1, 4)}
        assert set(world.words(ai.transcripts)) == {1, 4}
    assert _content_states(world.resources) == {"destroyed"}
    assert ("hold", "active") in _keys(world.resources).values()


def test_a_held_person_keeps_their_tickets_and_who_they_are(another: Callable[..., World]) -> None:
    """Those that they asked for, entered, wrote in or called in; and no one else's."""
    world = another(4, 0)
    for ticket in range(1, 9):
        world.add_ticket(ticket, 40)
    changes = (
        "update zendesk.tickets set requester_id = 1",
        "update zendesk.comments set author_id = 1",
        "update zendesk.tickets set requester_id = 9004 where id = 1",
        "update zendesk.tickets set submitter_id = 9004 where id = 2",
        "update zendesk.comments set author_id = 9004 where ticket_id = 3",
        "update zendesk.calls set customer_id = 9004 where ticket_id = 4",
        "update zendesk.calls set customer_id = 9004 where id = 70004",
    )
    with world.resources.session() as connection:
        for change in changes:
            connection.execute(text(change))
    place_holds(world.resources, "user", [9004], reason="matter 2", until=None)
    _purge(world)
    assert world.ids("zendesk.tickets", "id") == {1, 2, 3, 4}
    assert set(world.words(zendesk.comment_contents)) == {1, 2, 3, 4}
    for table in ("zendesk.user_contents", "zendesk.user_identities"):
        people = world.ids(table, "user_id")
        assert 9_004 in people
        assert people.isdisjoint({9_003, 9_005}), table
    assert 70_004 in world.ids("zendesk.calls", "id")
    assert 70_003 not in world.ids("zendesk.calls", "id")
    with world.resources.session() as connection:
        assert holds.held_tickets(connection, [1, 4, 5, 99]) == {1, 4}
        assert holds.holds_user(connection, 9004)
        assert not holds.holds_user(connection, 9003)


def test_what_a_lifted_hold_kept_goes_with_the_next_run_and_its_key_too(
    another: Callable[..., World],
) -> None:
    """What another hold still keeps opens on, under a new key of holds."""
    world = another(5, 0)
    for ticket in (1, 2):
        world.add_ticket(ticket, 44)
    (first,) = place_holds(world.resources, "ticket", [1], reason="matter 1", until=None)
    (second,) = place_holds(world.resources, "ticket", [2], reason="matter 2", until=None)
    _purge(world)
    assert set(world.words(zendesk.comment_contents)) == {1, 2}
    lift_hold(world.resources, str(first))
    _purge(world)
    assert set(world.words(zendesk.comment_contents)) == {2}
    assert world.ids("zendesk.tickets", "id") == {2}
    states = [state for purpose, state in _keys(world.resources).values() if purpose == "hold"]
    assert sorted(states) == ["active", "destroyed"]
    lift_hold(world.resources, str(second)[:8])
    _purge(world)
    assert world.ids("zendesk.comment_contents") == set()
    states = [state for purpose, state in _keys(world.resources).values() if purpose == "hold"]
    assert states == ["destroyed", "destroyed"]
    with pytest.raises(ConfigurationError, match="no hold begins"):
        lift_hold(world.resources, str(second))


def test_a_hold_ends_on_its_day_and_binds_whatever_a_run_is_as_of(
    another: Callable[..., World],
) -> None:
    """A run by hand as of some later instant does not get past it."""
    world = another(6, 0)
    world.add_ticket(1, 40)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    place_holds(world.resources, "ticket", [1], reason="matter", until=tomorrow)
    carry_out(Purge.of(world.resources, world.as_of + timedelta(days=365)))
    assert world.ids("zendesk.tickets", "id") == {1}


def test_a_hold_that_is_placed_in_the_middle_of_a_run_keeps_the_key_that_it_needs(
    another: Callable[..., World],
) -> None:
    """After what is held was sealed anew, and before its week's key ends: that waits a night."""
    world = another(12, 0)
    world.add_ticket(1, 44)
    purge = Purge.of(world.resources, world.as_of)
    found = find_past(purge, world.resources.session)
    aside = set_aside(world.resources, purge.at.cutoff)
    place_holds(world.resources, "ticket", [1], reason="matter", until=None)
    _end_content(purge, world.resources.session, found, aside)
    assert set(world.words(zendesk.comment_contents)) == {1}
    assert "active" in _content_states(world.resources)
    _purge(world)
    assert set(world.words(zendesk.comment_contents)) == {1}
    assert _content_states(world.resources) == {"destroyed"}


def test_keys_of_holds_rotate_with_the_others(another: Callable[..., World]) -> None:
    """What is held opens under the new one; nothing is left under the old."""
    world = another(9, 0)
    world.add_ticket(1, 44)
    place_holds(world.resources, "ticket", [1], reason="matter", until=None)
    _purge(world)
    before = world.words(zendesk.comment_contents)
    done = rotate_data_keys(world.resources.organization.slug, at_once=True)
    assert (done.left, sum(done.damaged.values())) == (0, 0)
    assert world.words(zendesk.comment_contents) == before
    states = [state for purpose, state in _keys(world.resources).values() if purpose == "hold"]
    assert sorted(states) == ["active", "destroyed"]


def test_an_altered_value_keeps_no_week_s_key(another: Callable[..., World]) -> None:
    """It opens under none anyway, and the others' content of its week is to be gone."""
    world = another(10, 0)
    world.add_ticket(1, 44)
    place_holds(world.resources, "ticket", [1], reason="matter", until=None)
    with world.resources.session() as connection:
        connection.execute(
            text(
                "update zendesk.comment_contents"
                " set sealed = set_byte(sealed, 25, get_byte(sealed, 25) # 1)"
            )
        )
    _purge(world)
    assert _content_states(world.resources) == {"destroyed"}
    assert world.ids("zendesk.comment_contents") == {1}
    assert set(world.words(ai.transcripts)) == {1}


def test_a_held_recording_is_heard_wherever_it_lies(
    store: str,  # noqa: F811
    desk: Resources,  # noqa: F811
    script: Script,  # noqa: F811
    pending: Callable[..., int],  # noqa: F811
    as_of: datetime,
) -> None:
    """Its object is not swept, and opens when the week's key is gone; another's is gone."""
    for call_id in (1, 2):
        pending(call_id, at=as_of - timedelta(days=40))
    script.answers = [Said(b"RIFF one"), Said(b"RIFF two")]
    fetch_recordings.fn(desk.organization.slug)
    published(desk.logins, desk.organization, as_of)
    place_holds(desk, "ticket", [1], reason="matter", until=None)
    for _ in range(2):
        carry_out(Purge.of(desk, as_of))
    assert _content_states(desk) == {"destroyed"}
    with (
        opened(desk.organization.slug) as fresh,
        open_stores(fresh.settings, fresh.organization.org_id) as stores,
        fresh.session() as connection,
    ):
        (kept,) = stored_recordings(connection)
        assert kept.call_id == 1
        assert read_recording(fresh, stores, connection, kept) in (b"RIFF one", b"RIFF two")
        assert len(stores.for_new(connection).names()) == 1


def test_no_key_is_destroyed_while_a_held_recording_cannot_be_looked_at(
    folder: Path,  # noqa: F811
    desk: Resources,  # noqa: F811
    script: Script,  # noqa: F811
    pending: Callable[..., int],  # noqa: F811
    as_of: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The store is away for a night: the key waits for it."""
    pending(1, at=as_of - timedelta(days=40))
    script.answers = [Said(b"RIFF one")]
    fetch_recordings.fn(desk.organization.slug)
    place_holds(desk, "ticket", [1], reason="matter", until=None)
    with monkeypatch.context() as away:
        away.delenv("VENSOR_RECORDINGS_URL")
        with (
            opened(desk.organization.slug) as fresh,
            pytest.raises(ConfigurationError, match="VENSOR_RECORDINGS_URL"),
        ):
            carry_out(Purge.of(fresh, as_of))
    assert _content_states(desk) == {"active"}
    carry_out(Purge.of(desk, as_of))
    assert _content_states(desk) == {"destroyed"}


def test_what_zendesk_deletes_stays_where_it_is_held(another: Callable[..., World]) -> None:
    """A hold is for the matter, whatever the account does meanwhile."""
    from warehouse.deletion import forget_deleted_tickets

    world = another(11, 0)
    for ticket in (1, 2):
        world.add_ticket(ticket, 3)
    place_holds(world.resources, "ticket", [1], reason="matter", until=None)
    with world.resources.session() as connection:
        connection.execute(text("update zendesk.tickets set status = 'deleted'"))
        forget_deleted_tickets(connection)
    assert world.ids("zendesk.comment_contents") == {1}


@given(words=st.text(alphabet="abcdef 123", max_size=20), who=st.sampled_from(["a", "b.c"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_reason_with_an_address_is_refused(words: str, who: str) -> None:
    """Whatever stands around it."""
    with pytest.raises(ConfigurationError, match="name the matter, not people"):
        checked_reason(f"{words} {who}@example.com {words}")


def test_a_reason_names_the_matter() -> None:
    """A file's number is none of a telephone's; nothing is no reason."""
    assert (
        checked_reason(" matter 2026-14, court of Hamburg ") == "matter 2026-14, court of Hamburg"
    )
    for refused in ("call +49 40 1234567 first", "  "):
        with pytest.raises(ConfigurationError):
            checked_reason(refused)
