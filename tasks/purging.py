"""One organization's purge: what is past its clock goes, and what is left is proven.

Killed at any point, it is run again: each transaction leaves rows as some run would, and what was
done counts as done. A rehearsal does the same in one transaction, of which nothing stays.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tasks.auditing import seal_audit
from tasks.errors import PermanentError
from tasks.holding import Aside, destroy_ended, set_aside
from tasks.message_ends import delete_messages
from tasks.progress import report
from tasks.proofs import prove
from tasks.recording_ends import DONE, count_objects, count_upstream, delete_upstream, sweep_objects
from tasks.resources import Resources
from tasks.rights import expire_exports
from warehouse import corrections, exports, holds, purging, retention
from warehouse.agents import purge_figures
from warehouse.proofs import Proof
from warehouse.publishing import published_as_of
from warehouse.retention import Clock, clock
from warehouse.sessions import Sessions, rehearsal
from warehouse.standing import Standing, cutoffs, oldest, standing

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
OBJECTS = "recordings in their store"
MESSAGES = "app.outbox"
EXPORTS = "archives of exports"
CONTENT = ("content", "quarantine")
# What was past its clock before anything went, by table.
Found = Mapping[str, int]


@dataclass
class Purge:
    """What one run is to do and has done. `whys` say in words why something had to stay."""

    resources: Resources
    as_of: datetime
    due: Clock  # where the clock stands
    at: Clock  # the same, held back to the first day that is not measured
    deleted: Counter[str] = field(default_factory=Counter)
    keys: list[int] = field(default_factory=list)
    whys: list[str] = field(default_factory=list)
    messages_left: int = 0
    held: int = 0

    @classmethod
    def of(cls, resources: Resources, as_of: datetime) -> "Purge":
        """Raises: ConfigurationError as `clock`."""
        with resources.session() as connection:
            measured = published_as_of(connection) or NEVER
        organization = resources.organization
        at = clock(organization, as_of, measured=measured)
        return cls(resources, as_of, clock(organization, as_of), at)


def find_past(purge: Purge, sessions: Sessions) -> Found:
    """Seals the metric days before the first that is kept, and counts what is past its clock."""
    org_id = purge.resources.organization.org_id
    with sessions() as connection:
        retention.seal_days(connection, org_id, before=purge.at.first_kept_day)
        now = standing(connection, purge.at, purge.as_of)
    return {table: one.past for table, one in now.items()}


def rehearse(purge: Purge) -> Counter[str]:
    """What `carry_out` would delete, by table."""
    resources, deleted = purge.resources, purge.deleted
    with rehearsal(resources.engine, resources.organization.org_id) as sessions:
        found = _sealed_and_found(purge, sessions, None)
        _end_content(purge, sessions, found, None)
        _end_tickets(purge, sessions)
        with sessions() as connection:
            left = standing(connection, purge.at, purge.as_of, kinds=("outbox",))
            deleted[MESSAGES] = left[MESSAGES].past
            deleted[EXPORTS] = exports.count_past(connection, purge.as_of)
            deleted[OBJECTS] = count_objects(resources, connection, cutoff=purge.at.cutoff)
        _end_audit(purge, sessions)
    deleted[DONE] = count_upstream(resources, purge.at.cutoff)
    return +deleted


def carry_out(purge: Purge, found: Found | None = None) -> Proof:
    """Deletes what is past its clock, in this order, and proves that nothing is left.

    `found` is what there was before whole days of it were dropped.

    Raises: TransientError, ConfigurationError while the store of recordings is away: what is past
    its clock in the warehouse is gone by then. PermanentError where something is left.
    """
    resources = purge.resources
    sessions = resources.session
    found = _sealed_and_found(purge, sessions, found)
    aside = set_aside(resources, purge.at.cutoff)
    _end_upstream(purge)
    _end_content(purge, sessions, found, aside)
    _end_tickets(purge, sessions)
    _end_messages(purge)
    purge.deleted[EXPORTS] = expire_exports(resources, purge.as_of)
    seal_audit(resources)
    _end_audit(purge, sessions)
    _record(purge)
    # last: what is past its clock in the warehouse goes even while the store is away
    purge.deleted[OBJECTS] = sweep_objects(resources, cutoff=purge.at.cutoff)
    purge.keys += destroy_ended(resources)
    return _prove(purge, found)


def end_window(purge: Purge) -> Counter[str]:
    """Deletes the content and the tickets past the clock, and no more; what went, by table.

    For a backfill, at the end of each of its days. Days measured before are sealed first.

    Raises: PermanentError where something is left that no hold keeps.
    """
    resources, org_id = purge.resources, purge.resources.organization.org_id
    with resources.session() as connection:
        retention.seal_days(connection, org_id, before=purge.at.first_kept_day)
    purging.purge_content(resources.session, org_id, purge.at)
    _end_tickets(purge, resources.session)
    with resources.session() as connection:
        now = standing(connection, purge.at, purge.as_of, kinds=(*CONTENT, "skeleton", "facts"))
        if purge.deleted:
            resources.audit(
                connection,
                action="backfill.purge",
                purpose="the organization's retention clock",
                details={"cutoff": purge.at.cutoff.isoformat(), **+purge.deleted},
            )
    _check_gone(purge, Counter({table: one.past - one.held for table, one in now.items()}))
    return +purge.deleted


def _sealed_and_found(purge: Purge, sessions: Sessions, found: Found | None) -> Found:
    return find_past(purge, sessions) if found is None else found


def _end_upstream(purge: Purge) -> None:
    upstream, why = delete_upstream(purge.resources, purge.at.cutoff)
    purge.deleted += upstream
    purge.whys += [why] if why else []


def _end_content(purge: Purge, sessions: Sessions, found: Found, aside: Aside | None) -> None:
    """Without `aside`, what holds keep counts as sealed anew."""
    org_id = purge.resources.organization.org_id
    purging.purge_content(sessions, org_id, purge.at)
    if aside is None or not aside.why:
        damaged = None if aside is None else aside.damaged
        purge.keys += purging.destroy_keys(sessions, org_id, purge.at, damaged=damaged)
    else:
        purge.whys.append(f"no key destroyed: {aside.why}")
    with sessions() as connection:
        left = standing(connection, purge.at, purge.as_of, kinds=CONTENT)
    for table, one in left.items():
        purge.deleted[table] += found.get(table, 0) - one.past
        purge.held += one.held
    purge.deleted["keys.org_keys"] += len(purge.keys)
    report("retention", purge.deleted.total(), note="content")


def _end_tickets(purge: Purge, sessions: Sessions) -> None:
    """Skeletons, facts and figures."""
    org_id = purge.resources.organization.org_id
    for work in (purging.purge_tickets, purging.purge_rest):
        for name, count in work(sessions, org_id, purge.at):
            purge.deleted[name] += count
            report("retention", purge.deleted.total(), note=name)
    with sessions() as connection:
        purge.deleted["app.corrections"] += corrections.end_of_gone(connection)
        purge.deleted["figures of agents"] += purge_figures(connection, purge.as_of)


def _end_messages(purge: Purge) -> None:
    gone, left, why = delete_messages(purge.resources, purge.at.cutoff)
    purge.deleted[MESSAGES] = gone
    purge.messages_left = left
    if left:
        purge.whys.append(f"{left} messages left in Slack: {why}")


def _end_audit(purge: Purge, sessions: Sessions) -> None:
    """The trail's own past days, and with them the holds that ended before."""
    with sessions() as connection:
        kept_from = purging.audit_kept_from(connection, purge.as_of)
        purge.deleted["app.legal_holds"] = holds.forget_ended(connection, kept_from)
    for name, count in purging.purge_audit(sessions, purge.as_of):
        purge.deleted[name] += count


def _record(purge: Purge) -> None:
    with purge.resources.session() as connection:
        purge.resources.audit(
            connection,
            action="retention.purge",
            purpose="the organization's retention clock",
            details={"cutoff": purge.at.cutoff.isoformat(), **+purge.deleted},
        )


def _prove(purge: Purge, found: Found) -> Proof:
    """The second pass. Raises: PermanentError naming what is older than its clock."""
    resources = purge.resources
    with resources.session() as connection:
        now = standing(connection, purge.at, purge.as_of)
        late = standing(connection, purge.due, purge.as_of) if purge.due != purge.at else now
        told = {
            "as_of": purge.as_of.isoformat(),
            "cutoffs": cutoffs(connection, purge.due, purge.as_of),
            "classes": _classes(found, now, oldest(connection)),
            "waiting": _waiting(purge, now, late),
            "keys_destroyed": sorted(purge.keys),
        }
        objects = count_objects(resources, connection, cutoff=purge.at.cutoff)
    left = Counter({table: one.past - one.held for table, one in now.items()})
    left[MESSAGES] -= purge.messages_left
    left[OBJECTS] = objects
    _check_gone(purge, left)
    return prove(resources, told)


def _check_gone(purge: Purge, left: Counter[str]) -> None:
    """Raises: PermanentError naming what is older than its clock."""
    if +left:
        parts = ", ".join(f"{count:,} {name}" for name, count in sorted((+left).items()))
        slug = purge.resources.organization.slug
        raise PermanentError(f"{slug}: past its clock and still there: {parts}")


def _classes(
    found: Found, now: Mapping[str, Standing], oldest_left: Mapping[str, str]
) -> dict[str, dict[str, int | str]]:
    """Before, deleted, held and after, and the oldest that is left, by class."""
    classes: dict[str, dict[str, int | str]] = {}
    for kind in sorted({one.kind for one in now.values()}):
        tables = [table for table, one in now.items() if one.kind == kind]
        before = sum(max(found.get(table, 0), now[table].past) for table in tables)
        after = sum(now[table].past for table in tables)
        classes[kind] = {
            "before": before,
            "deleted": before - after,
            "held": sum(now[table].held for table in tables),
            "after": after,
            "oldest": oldest_left.get(kind, ""),
        }
    return classes


def _waiting(
    purge: Purge, now: Mapping[str, Standing], late: Mapping[str, Standing]
) -> dict[str, int]:
    """What is past its clock and waits: for its days to be measured, or for Slack."""
    unmeasured = sum(late[table].past - now[table].past for table in now)
    return {"not measured yet": unmeasured, "messages in Slack": purge.messages_left}
