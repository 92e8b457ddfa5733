"""A flow run by hand goes through once, soon, and only for what a member asked for."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from tasks.authorizing import authorize, redeemed
from tasks.errors import NotAllowedError
from tasks.identity import Actor, acting_as
from warehouse.members import put, remove
from warehouse.sessions import Organization, tenant_session

AS_OF = datetime(2026, 11, 24, 6, tzinfo=UTC)
Asks = Callable[..., str]


@pytest.fixture
def member(
    settings_environment: None,
    engine: Engine,
    organization: Organization,
    monkeypatch: pytest.MonkeyPatch,
) -> UUID:
    """A privacy officer, in a warehouse whose users sign in."""
    monkeypatch.setenv("VENSOR_SUPABASE_URL", "http://127.0.0.1:1")
    user_id = uuid4()
    _give(engine, organization, user_id)
    return user_id


@pytest.fixture
def authorization(member: UUID, organization: Organization) -> str:
    """The member's, for retention as of an instant."""
    with acting_as(Actor.user(member)):
        found = authorize("retention.run", organization.slug, as_of=AS_OF)
    assert found is not None
    return found


def _give(engine: Engine, organization: Organization, user_id: UUID) -> None:
    with tenant_session(engine, organization.org_id) as connection:
        put(connection, organization.org_id, user_id, "privacy_officer")


def _redeem(authorization: str | None, *slugs: str, **others: object) -> Actor | None:
    what: dict[str, Any] = {
        "operation": "retention.run",
        "as_of": AS_OF,
        "flow_run_id": uuid4(),
    } | others
    return redeemed(slugs=slugs, authorization=authorization, **what)


def _trail(engine: Engine, organization: Organization) -> list[tuple[str, str, str | None]]:
    with tenant_session(engine, organization.org_id) as connection:
        rows = connection.execute(
            text(
                "select actor, action, details ->> 'reason' from audit.events"
                " where action <> 'org.add' order by happened_at"
            )
        )
        return [tuple(row) for row in rows]


def test_it_is_good_once_and_for_the_retries_of_its_run(
    engine: Engine, organization: Organization, member: UUID, authorization: str
) -> None:
    """The trail says who asked, what used it, and who came too late."""
    run = uuid4()
    for _ in range(3):
        actor = _redeem(authorization, organization.slug, flow_run_id=run)
        assert actor == Actor.user(member)
    with pytest.raises(NotAllowedError, match="used already") as caught:
        _redeem(authorization, organization.slug)
    assert authorization not in str(caught.value)
    told = _trail(engine, organization)
    assert told[0][:2] == (f"user:{member}", "authorize")
    assert [row[1] for row in told[1:]] == ["authorization.use"] * 3 + ["refused"]
    assert told[-1][0].startswith("service:")
    assert told[-1][2] == "it is used already"


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"operation": "keys.rotate"}, "for another operation"),
        ({"as_of": None}, "for another instant"),
        ({"as_of": datetime(2036, 1, 1, tzinfo=UTC)}, "for another instant"),
    ],
)
def test_it_is_good_for_nothing_else(
    organization: Organization, authorization: str, others: dict[str, object], said: str
) -> None:
    """Whoever reads it from a waiting run's parameters can start nothing worse with it."""
    with pytest.raises(NotAllowedError, match=said):
        _redeem(authorization, organization.slug, **others)
    assert _redeem(authorization, organization.slug) is not None, "it is not used up by that"


def test_it_is_good_in_no_other_organization(
    engine: Engine,
    organization: Organization,
    other_organization: Organization,
    member: UUID,
    authorization: str,
) -> None:
    """Not even where the member has the same role; nor in both at once."""
    _give(engine, other_organization, member)
    for slugs in ([other_organization.slug], [organization.slug, other_organization.slug]):
        with pytest.raises(NotAllowedError, match="unknown here"):
            _redeem(authorization, *slugs)


@pytest.mark.parametrize("told", [None, "", "Wilhelmina", "x" * 10_000, "\x00", "ü"])
def test_without_one_nothing_is_done_by_hand(
    engine: Engine, organization: Organization, member: UUID, told: str | None
) -> None:
    """Missing or made up: both are refused, and audited as the service's."""
    with pytest.raises(NotAllowedError, match=r"vensor authorize retention.run --org"):
        _redeem(told, organization.slug)
    assert _trail(engine, organization)[-1][1] == "refused"


def test_it_ends_after_a_quarter_of_an_hour_and_is_deleted_later(
    engine: Engine, organization: Organization, member: UUID, authorization: str
) -> None:
    """The next one that is handed out clears away what is long over."""
    with tenant_session(engine, organization.org_id) as connection:
        told = text("select expires_at - created_at from app.authorizations")
        assert connection.execute(told).scalar_one().total_seconds() == pytest.approx(900, abs=1)
        connection.execute(text("update app.authorizations set expires_at = now()"))
    with pytest.raises(NotAllowedError, match="expired"):
        _redeem(authorization, organization.slug)
    with tenant_session(engine, organization.org_id) as connection:
        connection.execute(
            text("update app.authorizations set expires_at = now() - interval '25 hours'")
        )
    with acting_as(Actor.user(member)):
        authorize("retention.run", organization.slug, as_of=None)
    with tenant_session(engine, organization.org_id) as connection:
        assert connection.execute(text("select count(*) from app.authorizations")).scalar() == 1


def test_the_member_s_role_counts_when_it_is_used(
    engine: Engine, organization: Organization, member: UUID, authorization: str
) -> None:
    """Not when it was handed out."""
    with tenant_session(engine, organization.org_id) as connection:
        put(connection, organization.org_id, member, "viewer")
    with pytest.raises(NotAllowedError, match="the role viewer may not"):
        _redeem(authorization, organization.slug)
    with tenant_session(engine, organization.org_id) as connection:
        remove(connection, member)
    assert _trail(engine, organization)[-1][0] == f"user:{member}"


def test_of_two_runs_at_once_one_goes_through(
    organization: Organization, authorization: str
) -> None:
    """However close they come."""
    together, outcomes = threading.Barrier(4), []

    def run() -> None:
        together.wait()
        try:
            _redeem(authorization, organization.slug)
            outcomes.append("through")
        except NotAllowedError:
            outcomes.append("refused")

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 3 + ["through"]


def test_only_its_hash_is_stored(
    engine: Engine, organization: Organization, authorization: str
) -> None:
    """Who reads the warehouse cannot use it."""
    with tenant_session(engine, organization.org_id) as connection:
        row = connection.execute(text("select a::text from app.authorizations as a")).scalar_one()
        told = connection.execute(text("select e::text from audit.events as e")).scalars().all()
    assert authorization not in row + "".join(told)
    assert authorization.encode().hex() not in row


def test_where_nobody_signs_in_none_is_needed_unless_there_are_members(
    settings_environment: None, engine: Engine, organization: Organization
) -> None:
    """A worker that was not told of Supabase opens nothing that was closed."""
    assert _redeem(None, organization.slug) is None
    assert authorize("retention.run", organization.slug, as_of=None) is None
    _give(engine, organization, uuid4())
    with pytest.raises(NotAllowedError, match="it is missing"):
        _redeem(None, organization.slug)
