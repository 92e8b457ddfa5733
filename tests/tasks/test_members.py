"""Who the members are, when several change it at once."""

import threading
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from tasks.errors import VensorError
from tasks.identity import Actor, acting_as
from tasks.members import put_first_owner, remove_member
from tasks.resources import Resources
from warehouse.members import all_members, put


def _at_once(*works: Callable[[], None]) -> list[str]:
    """What came of each: "" where it was done, else the class of its error."""
    together, outcomes = threading.Barrier(len(works)), []

    def run(work: Callable[[], None]) -> None:
        together.wait()
        try:
            work()
            outcomes.append("")
        except VensorError as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_two_owners_who_remove_each_other_leave_one(resources: Resources) -> None:
    """The second one is an owner no longer when their turn comes."""
    ada, eve = uuid4(), uuid4()
    with resources.session() as connection:
        for one in (ada, eve):
            put(connection, resources.organization.org_id, one, "owner")

    def remove(me: UUID, other: UUID) -> None:
        with acting_as(Actor.user(me)):
            remove_member(resources, other)

    outcomes = _at_once(lambda: remove(ada, eve), lambda: remove(eve, ada))
    assert outcomes == ["", "NotAllowedError"]
    with resources.session() as connection:
        assert [one.role for one in all_members(connection)] == ["owner"]


def test_of_several_first_owners_one_is_the_first(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However close they come."""
    monkeypatch.setenv("VENSOR_SUPABASE_URL", "http://127.0.0.1:1")
    slug = resources.organization.slug
    outcomes = _at_once(*[lambda: put_first_owner(slug, uuid4())] * 3)
    assert outcomes == ["", "NotAllowedError", "NotAllowedError"]
    with resources.session() as connection:
        assert len(all_members(connection)) == 1
