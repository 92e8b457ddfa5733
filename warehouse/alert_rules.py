"""How an organization wants to be told of its tickets: its rules, its quiet hours, its VIPs.

Every function runs in the organization's tenant session.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.alerts import escalation_rules, escalation_settings, escalation_vips

Severity = Literal["critical", "high", "normal"]
VipKind = Literal["organization", "tag", "domain"]


@dataclass(frozen=True, kw_only=True)
class RuleSettings:
    """One rule as it is applied. `threshold` is in the rule's own measure."""

    rule: str
    severity: Severity
    threshold: float
    days: int | None
    topic: str | None
    cooldown_hours: int
    enabled: bool
    muted_until: datetime | None = None


@dataclass(frozen=True)
class QuietHours:
    """When nothing is told but, where it passes, what is critical; and until when nothing at all.

    `quiet_from` and `quiet_to` are of the organization's time zone, and may lie across midnight.
    """

    quiet_from: time | None = None
    quiet_to: time | None = None
    critical_passes: bool = True
    muted_until: datetime | None = None

    def may_say(self, severity: str, at: datetime) -> bool:
        """Whether a message of this severity may be said at this local instant."""
        if self.muted_until is not None and at < self.muted_until:
            return False
        return not self._is_quiet(at.timetz().replace(tzinfo=None)) or (
            severity == "critical" and self.critical_passes
        )

    def _is_quiet(self, local: time) -> bool:
        if self.quiet_from is None or self.quiet_to is None:
            return False
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= local < self.quiet_to
        return local >= self.quiet_from or local < self.quiet_to


@dataclass(frozen=True)
class Vip:
    """Whose tickets are always told of; `shown` is None for a domain, which is kept hashed."""

    kind: VipKind
    value_hash: bytes
    shown: str | None


def own_rules(connection: Connection) -> dict[str, RuleSettings]:
    """The rules that the organization has set, by name."""
    fields = [escalation_rules.c[name] for name in RuleSettings.__dataclass_fields__]
    rows = connection.execute(select(*fields))
    return {row.rule: RuleSettings(**row._mapping) for row in rows}


def set_rule(connection: Connection, org_id: UUID, rule: RuleSettings) -> None:
    """Stores a rule in place of the packaged one."""
    values = {**asdict(rule), "set_at": func.clock_timestamp()}
    statement = insert(escalation_rules).values(org_id=org_id, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["org_id", "rule"], set_=values)
    )


def reset_rules(connection: Connection, names: Collection[str]) -> int:
    """Takes the organization's own away, so that the packaged ones hold; how many there were."""
    mine = escalation_rules.c.rule.in_(names)
    return connection.execute(delete(escalation_rules).where(mine)).rowcount


def quiet_hours(connection: Connection) -> QuietHours:
    """The organization's; without any, none."""
    fields = [escalation_settings.c[name] for name in QuietHours.__dataclass_fields__]
    row = connection.execute(select(*fields)).one_or_none()
    return QuietHours() if row is None else QuietHours(*row)


def set_quiet_hours(connection: Connection, org_id: UUID, quiet: QuietHours) -> None:
    """Stores them in place of earlier ones."""
    values = {**asdict(quiet), "set_at": func.clock_timestamp()}
    statement = insert(escalation_settings).values(org_id=org_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["org_id"], set_=values))


def vips(connection: Connection) -> list[Vip]:
    """Who counts as important, organizations first."""
    c = escalation_vips.c
    rows = connection.execute(
        select(c.kind, c.value_hash, c.shown).order_by(c.kind.desc(), c.shown, c.value_hash)
    )
    return [Vip(row.kind, bytes(row.value_hash), row.shown) for row in rows]


def add_vip(connection: Connection, org_id: UUID, vip: Vip) -> bool:
    """False if it was there."""
    statement = insert(escalation_vips).values(org_id=org_id, **asdict(vip))
    added = statement.on_conflict_do_nothing().returning(escalation_vips.c.kind)
    return connection.execute(added).first() is not None


def remove_vip(connection: Connection, vip: Vip) -> bool:
    """False if it was not there."""
    c = escalation_vips.c
    mine = (c.kind == vip.kind) & (c.value_hash == vip.value_hash)
    return connection.execute(delete(escalation_vips).where(mine)).rowcount > 0
