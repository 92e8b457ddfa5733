"""A purge deletes what a rehearsal says, proves it, and gives the same rows when it is killed."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import psycopg
import pytest
from sqlalchemy import Engine, text

from tasks.errors import ConfigurationError, PermanentError
from tasks.proofs import is_genuine, verified_proofs
from tasks.purge import begin_purge, purge_organization
from tasks.purging import OBJECTS, Purge, _prove, carry_out, rehearse
from tasks.resources import Resources, opened
from tests.tasks.retention.conftest import World, filled
from warehouse import retention
from warehouse.retention import clock
from warehouse.sessions import Logins, Organization, directory, tenant_session
from warehouse.tables import zendesk

# Where a run is killed: it waits for a row of this table, which somebody else has locked.
POINTS = (
    "zendesk.comment_contents",
    "keys.org_keys",
    "zendesk.tickets",
    "zendesk.users",
    "app.outbox",
)
PURGE = """
import sys
from datetime import datetime
from tasks.purge import purge_organization
from warehouse import purging
purging.TICKETS_AT_ONCE = 3
purge_organization.fn(sys.argv[1], datetime.fromisoformat(sys.argv[2]), False)
"""


@pytest.mark.parametrize("turn", range(3))
def test_a_rehearsal_counts_what_the_run_then_deletes(
    another: Callable[..., World], turn: int
) -> None:
    """By table, in worlds of their own, with a hold in some; and of itself leaves no trace."""
    random = Random(turn)
    world = another(turn, 10)
    if turn:
        _hold(world, random.choice(["ticket", "user"]), 1 if turn == 1 else world.requester(2))
    before = world.counts()
    rehearsed = rehearse(Purge.of(world.resources, world.as_of))
    assert world.counts() == before
    purge = Purge.of(world.resources, world.as_of)
    carry_out(purge)
    assert rehearsed.total() > 30
    assert +purge.deleted == rehearsed
    after = world.counts()
    written = {"audit.events", "audit.seals"}
    written |= {"app.retention_proofs", "app.metric_day_seals", "keys.org_keys"}
    for table in before.keys() - written:
        assert before[table] - after[table] == rehearsed[table], table


def _hold(world: World, kind: str, subject: int) -> None:
    with world.resources.session() as connection:
        connection.execute(
            text(
                "insert into app.legal_holds (org_id, kind, subject_id, reason, placed_by)"
                " values (:org_id, :kind, :subject, 'matter', 'test')"
            ),
            {"org_id": world.resources.organization.org_id, "kind": kind, "subject": subject},
        )


def test_days_that_go_whole_are_counted_as_deleted(world: World) -> None:
    """What was counted before partitions went is what the receipt and the proof tell."""
    resources = world.resources
    found = begin_purge.fn(resources.organization.slug, world.as_of)
    with resources.session() as connection:  # what dropping the day would do
        connection.execute(
            text("delete from zendesk.comment_contents where changed_at < :at"),
            {"at": world.as_of - timedelta(days=31)},
        )
    gone = found["zendesk.comment_contents"]
    assert gone == len(world.past()) > 0
    receipt = purge_organization.fn(resources.organization.slug, world.as_of, False, found)
    assert f"{gone} zendesk.comment_contents" in receipt
    ((proof, genuine),) = verified_proofs(resources, limit=9)
    assert genuine
    content = proof.record["classes"]["content"]
    assert content["before"] == content["deleted"] > gone
    assert (content["held"], content["after"]) == (0, 0)
    assert content["oldest"] >= proof.record["cutoffs"]["content"]
    assert proof.record["keys_destroyed"]
    assert proof.record["waiting"] == {"messages in Slack": 0, "not measured yet": 0}


@pytest.mark.parametrize(
    "change",
    [
        "record = jsonb_set(record, '{classes,content,after}', '7')",
        "record = record - 'cutoffs'",
        "signature = set_byte(signature, 0, get_byte(signature, 0) # 1)",
        "proof_id = gen_random_uuid()",
    ],
)
def test_an_altered_proof_is_told(world: World, logins: Logins, change: str) -> None:
    """By one figure, one bit or another row's name. The loader has no right to alter one."""
    resources = world.resources
    proof = carry_out(Purge.of(resources, world.as_of))
    assert is_genuine(resources, proof)
    with pytest.raises(PermanentError, match="42501"), resources.session() as connection:
        connection.execute(text("update app.retention_proofs set made_at = now()"))
    url = logins.migrator.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        connection.execute("set role vensor_owner")
        connection.execute("alter table app.retention_proofs no force row level security")
        done = connection.execute(
            f"update app.retention_proofs set {change} where org_id = %s",
            [resources.organization.org_id],
        )
        assert done.rowcount == 1
        connection.execute("alter table app.retention_proofs force row level security")
    ((_, genuine),) = verified_proofs(resources, limit=9)
    assert not genuine


def test_what_is_not_measured_is_told_to_wait(
    resources: Resources, engine: Engine, as_of: datetime
) -> None:
    """Its content goes at its time; the proof says that tickets are older than their clock."""
    world = filled(resources, engine, as_of, as_of.toordinal(), 8)
    proof = carry_out(Purge.of(world.resources, world.as_of))
    assert proof.record["waiting"]["not measured yet"] >= len(world.past())
    assert world.past() <= world.ids("zendesk.tickets", "id")
    assert world.ids("zendesk.comment_contents").isdisjoint(world.past())


@pytest.fixture
def loader(logins: Logins) -> Callable[[], psycopg.Connection]:
    url = logins.loader.set(drivername="postgresql").render_as_string(hide_password=False)
    return lambda: psycopg.connect(url)


def test_a_purge_killed_at_many_points_and_run_again_gives_the_same_rows(
    another: Callable[..., World], loader: Callable[[], psycopg.Connection]
) -> None:
    """SIGKILL while it waits in content, keys, tickets, users and messages; then to the end."""
    whole, killed = another(7, 12), another(7, 12)
    slug = killed.resources.organization.slug
    for point in POINTS:
        with loader() as connection:
            org_id = str(killed.resources.organization.org_id)
            connection.execute("select set_config('app.org_id', %s, true)", [org_id])
            locked = connection.execute(f"select 1 from {point} for update").fetchall()
            assert locked
            _killed_waiting(slug, killed, point)
    receipt = purge_organization.fn(slug, killed.as_of, False)
    assert "deleted" in receipt
    carry_out(Purge.of(whole.resources, whole.as_of))
    assert killed.digest() == whole.digest()
    assert killed.ids("zendesk.tickets", "id") == killed.ages.keys() - killed.past()
    again = purge_organization.fn(slug, killed.as_of, False)
    assert "deleted nothing" in again


def _killed_waiting(slug: str, world: World, point: str) -> None:
    """Runs a purge in a process and kills it once it waits for a lock."""
    command = [sys.executable, "-c", PURGE, slug, world.as_of.isoformat()]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    waits = text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        " and application_name = 'vensor' and datname = current_database()"
    )
    for _ in range(900):
        with world.resources.session() as connection:
            if connection.execute(waits).scalar_one():
                break
        assert process.poll() is None, (point, process.communicate()[1].decode())
        time.sleep(0.05)
    else:
        pytest.fail("it never waited")
    process.kill()
    process.communicate()


def test_what_a_second_pass_finds_is_no_proof(world: World) -> None:
    """A row that came back while the run was under way is named, and nothing is signed."""
    resources = world.resources
    purge = Purge.of(resources, world.as_of)
    carry_out(purge)
    at = world.as_of - timedelta(days=40)
    with opened(resources.organization.slug) as later:
        World(later, world.as_of).load(zendesk.comment_contents, at, comment_id=1, ticket_id=1)
    with pytest.raises(PermanentError, match=r"still there: 1 zendesk\.comment_contents"):
        _prove(purge, {})
    assert len(verified_proofs(resources, limit=9)) == 1
    assert OBJECTS not in rehearse(Purge.of(resources, world.as_of))


def test_an_organization_without_a_time_zone_says_so(
    engine: Engine, organization: Organization, as_of: object
) -> None:
    """In one line that names it and what to do."""
    with tenant_session(engine, organization.org_id) as connection:
        connection.execute(text("update app.organizations set timezone = 'Mars/Base'"))
    (found,) = (one for one in directory(engine) if one.slug == organization.slug)
    with pytest.raises(ConfigurationError, match=r"'Mars/Base' of .* is no IANA time zone"):
        clock(found, as_of)
    with tenant_session(engine, organization.org_id) as connection:
        connection.execute(text("update app.organizations set timezone = 'UTC'"))


def test_a_shorter_audit_clock_ends_the_organization_s_own_rows(world: World) -> None:
    """Days of others stay, and no run as of a later instant ends a trail before its time."""
    resources = world.resources
    later = world.as_of + timedelta(days=400)
    carry_out(Purge.of(resources, world.as_of))
    with resources.session() as connection:
        trail = text("select count(*) from audit.events")
        kept = connection.execute(trail).scalar_one()
        assert kept > 0
        connection.execute(text("select app.purge_audit(:at)"), {"at": later})
        assert connection.execute(trail).scalar_one() == kept
    assert retention.drop_audit_partitions(resources.engine, later) is not None
    with resources.session() as connection:
        assert connection.execute(trail).scalar_one() == kept
