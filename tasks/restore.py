"""A warehouse that came from a backup, looked over before anything else runs in it.

What is gone must stay gone: whoever was erased since, whatever is past its clock, whichever
organization has left. What is there must be whole: keys open what lies under them, tables isolate.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from tasks.diagnosis import Finding
from tasks.errors import ConfigurationError, PermanentError
from tasks.resources import Resources, opened, opened_engine
from tasks.rights import replay_tombstones
from tasks.settings import load_settings
from warehouse import offboarding, restored, retention, sealed
from warehouse.keys import Told, all_keys, find_past
from warehouse.migrate import revisions
from warehouse.organizations import ensure_partitions
from warehouse.sealed import SealedColumn, sealed_columns
from warehouse.standing import standing

SHOWN = 5


def check_warehouse() -> list[Finding]:
    """Version, keys, isolation and partitions; whatever is wrong with them comes first.

    Raises: as a warehouse does that is not there.
    """
    settings = load_settings()
    logins = settings.logins()
    present, head = revisions(logins.migrator)
    if present != head:
        told = f"{present or 'none'}, and this vensor's is {head}: run `vensor init`"
        return [Finding("version", False, told)]
    with opened_engine(settings) as engine:
        with engine.begin() as connection:
            has_keys = restored.has_keys(connection)
            unbound = restored.unbound_tables(connection)
        if not has_keys:
            told = "the schema keys is not there: restore the keys' own dump, then check again"
            return [Finding("keys", False, told)]
        today = datetime.now(UTC).date()
        made = ensure_partitions(engine, today, today + timedelta(days=1))
    isolated = f"not bound to a tenant: {', '.join(unbound)}" if unbound else "every table is bound"
    return [
        Finding("version", True, str(head)),
        Finding("isolation", not unbound, isolated),
        Finding("partitions", True, f"{made} of today and tomorrow made" if made else "there"),
    ]


def check_organization(slug: str, as_of: datetime) -> list[Finding]:
    """What there is to do for one organization, and what was done."""
    with opened(slug) as resources:
        if _has_left(resources):
            told = f"it was deleted before: `vensor org delete --org {slug}` does it again"
            return [Finding(f"{slug}: deleted", False, told)]
        findings = [
            *_sealed(resources),
            _erased(resources),
            _past(resources, as_of),
            _cursors(resources),
            _logins(resources),
        ]
        _audit(resources, findings)
    return [Finding(f"{slug}: {one.subject}", one.ok, one.meaning) for one in findings]


def _has_left(resources: Resources) -> bool:
    """Whether its end was done after the backup was made: that is in what was kept apart."""
    with resources.session() as connection:
        found = offboarding.find(connection)
    return found is not None and found.ended_at is not None


def _sealed(resources: Resources) -> Iterator[Finding]:
    """Of each live key and column one value is opened; what lies under others is counted."""
    with resources.session() as connection:
        keys = {one.key_id: one for one in all_keys(connection)}
        under = Counter(sealed.count_by_key(connection))
        for key_id, count in sealed.count_streams_by_key(connection).items():
            under[key_id, "recordings"] += count
        broken = [
            f"{name} under key {key_id}"
            for key_id, name in sorted(under)
            if _is_live(keys.get(key_id)) and not _opens(resources, connection, keys[key_id], name)
        ]
    live = sum(n for (key_id, _), n in under.items() if _is_live(keys.get(key_id)))
    expired = sum(n for (key_id, _), n in under.items() if _is_destroyed(keys.get(key_id)))
    unknown = under.total() - live - expired
    told = f"{live:,} sealed values lie under live keys, a sample of each opens"
    if broken:
        told = f"does not open: {_some(broken)}; is it this organization's key-encryption key?"
    yield Finding("sealed values", not broken, told)
    yield Finding("expired values", True, f"{expired:,} lie under destroyed keys and never open")
    if unknown:
        told = f"{unknown:,} values lie under keys that are not here: restore the keys' newest dump"
        yield Finding("missing keys", False, told)
    if "index" in {one.purpose for one in keys.values() if not _is_live(one)}:
        told = "the key of blind indexes is gone: nobody is found by an address any more"
        yield Finding("index key", False, told)


def _is_live(key: Told | None) -> bool:
    return key is not None and key.state != "destroyed"


def _is_destroyed(key: Told | None) -> bool:
    return key is not None and key.state == "destroyed"


def _opens(resources: Resources, connection: Connection, key: Told, name: str) -> bool:
    """Whether a value of the column opens under the key; recordings are not opened."""
    column = next((one for one in sealed_columns() if one.name == name), None)
    if column is None:
        return True
    try:
        for value in _sample(connection, column, key.key_id, key.week):
            place = {"column": column.name, "row_id": value.row_id}
            if value.changed_at is None:
                resources.cipher.unseal_secret(value.sealed, **place)
            else:
                resources.cipher.unseal(value.sealed, changed_at=value.changed_at, **place)
    except ConfigurationError:
        raise  # another key-encryption key: nothing would open
    except PermanentError:
        return False
    return True


def _sample(
    connection: Connection, column: SealedColumn, key_id: int, week: date | None
) -> Sequence[sealed.Value]:
    week = week if column.versioned else None
    return sealed.values_under(connection, column, key_id, week=week, after=None, at_most=1)


def _erased(resources: Resources) -> Finding:
    """Whoever was erased is erased again."""
    with resources.session() as connection:
        count = restored.count_tombstones(connection)
    again = replay_tombstones(resources).get("people", 0)
    told = f"{count:,}; no import brings back whom they name"
    return Finding("tombstones", True, f"{told}; {again:,} people erased again" if again else told)


def _past(resources: Resources, as_of: datetime) -> Finding:
    slug = resources.organization.slug
    at = retention.clock(resources.organization, as_of)
    with resources.session() as connection:
        counts = {
            table: one.past - one.held
            for table, one in standing(connection, at, as_of).items()
            if one.past > one.held
        }
        # a copy of keys brought them back
        overdue = len(find_past(connection, ends=at.cutoff.date()))
    if overdue:
        counts["keys of past weeks"] = overdue
    if not counts:
        return Finding("clocks", True, "nothing is past its clock")
    told = _some([f"{count:,} {name}" for name, count in sorted(counts.items())])
    return Finding("clocks", False, f"past: {told}; run `vensor retention --org {slug}`")


def _cursors(resources: Resources) -> Finding:
    with resources.session() as connection:
        found = restored.cursors(connection)
        held = restored.hold_messages(connection)
    if not found.streams:
        return Finding("cursors", True, "none: the next run reads everything")
    moved = f"{found.moved_at:%Y-%m-%d %H:%M} UTC"
    told = f"{found.streams} streams; the next run reads what changed since {moved}"
    if held:
        told += f"; {held} messages are looked for in Slack before they are sent"
    return Finding("cursors", True, told)


def _logins(resources: Resources) -> Finding:
    slug = resources.organization.slug
    with resources.session() as connection:
        gone = restored.ungranted_logins(connection)
    if not gone:
        return Finding("logins", True, "those there were are there")
    told = f"this server lacks {_some(gone)}: `vensor bi grant --org {slug}` makes each again"
    return Finding("logins", False, told)


def _audit(resources: Resources, findings: Sequence[Finding]) -> None:
    with resources.session() as connection:
        resources.audit(
            connection,
            action="restore.check",
            purpose="a backup was restored",
            details={"findings": len(findings), "to_do": sum(one.ok is False for one in findings)},
        )


def _some(found: Sequence[str]) -> str:
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more
