"""Which models an organization uses, and what they cost. Every function runs in its session."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Double,
    ScalarSelect,
    case,
    cast,
    delete,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.models import ai_budgets, ai_choices, usage

Capability = Literal["transcribe", "embed", "analyse"]
Provider = Literal["openai", "local"]
CAPABILITIES: tuple[Capability, ...] = ("transcribe", "embed", "analyse")
# The ledger's day is the warehouse's, in UTC, whatever instant a run sees the world as of.
TODAY = literal_column("(clock_timestamp() at time zone 'UTC')::date", Date)
# What adds up as it is.
UNITS = (
    "calls",
    "items",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "audio_seconds",
    "cost_usd",
)


@dataclass(frozen=True)
class Choice:
    """What an organization chose for a capability; None: as the settings say."""

    provider: Provider
    model: str | None = None
    dimension: int | None = None
    language: str | None = None
    agent_channel: str | None = None


@dataclass(frozen=True, kw_only=True)
class Used:
    """Units of one capability, provider and model. `cost_usd` is None where it is not known.

    `latency_ms` is how long its one call took; None where that was not measured.
    """

    capability: Capability
    provider: Provider
    model: str
    calls: int
    items: int
    cost_usd: Decimal | None
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    audio_seconds: float = 0.0
    latency_ms: float | None = None


@dataclass(frozen=True)
class Spent:
    """A day's cost so far: what is known of it, and whether a part is not."""

    usd: Decimal
    unpriced_calls: int


def find_choice(connection: Connection, capability: Capability) -> Choice | None:
    """The organization's own choice, or None."""
    c = ai_choices.c
    row = connection.execute(
        select(c.provider, c.model, c.dimension, c.language, c.agent_channel).where(
            c.capability == capability
        )
    ).one_or_none()
    return None if row is None else Choice(**row._mapping)


def choose(connection: Connection, org_id: UUID, capability: Capability, choice: Choice) -> None:
    """Stores the choice in place of an earlier one."""
    values = {
        "provider": choice.provider,
        "model": choice.model,
        "dimension": choice.dimension,
        "language": choice.language,
        "agent_channel": choice.agent_channel,
        "chosen_at": func.clock_timestamp(),
    }
    statement = insert(ai_choices).values(org_id=org_id, capability=capability, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["org_id", "capability"], set_=values)
    )


def find_budget(connection: Connection) -> Decimal | None:
    """The dollars that the organization may spend a day; None: as many as it takes."""
    found: Decimal | None = connection.execute(
        select(ai_budgets.c.usd_per_day)
    ).scalar_one_or_none()
    return found


def set_budget(connection: Connection, org_id: UUID, usd_per_day: Decimal | None) -> None:
    """Sets the budget, or with None takes it away."""
    if usd_per_day is None:
        connection.execute(delete(ai_budgets))
        return
    values = {"usd_per_day": usd_per_day, "set_at": func.clock_timestamp()}
    connection.execute(
        insert(ai_budgets)
        .values(org_id=org_id, **values)
        .on_conflict_do_update(index_elements=["org_id"], set_=values)
    )


def today(connection: Connection) -> date:
    """The ledger's present day."""
    found: date = connection.execute(select(TODAY)).scalar_one()
    return found


def spent_today(connection: Connection) -> Spent:
    """What the organization's calls of today cost so far."""
    return spent_since(connection, TODAY)


def spent_since(connection: Connection, day: date | ColumnElement[date]) -> Spent:
    """What the organization's calls from a day of the ledger on cost so far."""
    c = usage.c
    row = connection.execute(
        select(
            func.coalesce(func.sum(c.cost_usd), Decimal(0)),
            func.coalesce(func.sum(c.calls).filter(c.cost_usd.is_(None)), 0),
        ).where(c.used_on >= day)
    ).one()
    return Spent(Decimal(row[0]), int(row[1]))


def used_today(connection: Connection) -> list[Used]:
    """Today's units, models of a provider together."""
    c = usage.c
    known = func.sum(c.cost_usd)
    rows = connection.execute(
        select(
            c.capability,
            c.provider,
            func.min(c.model).label("model"),
            cast(func.sum(c.calls), BigInteger).label("calls"),
            cast(func.sum(c["items"]), BigInteger).label("items"),
            case((func.bool_and(c.cost_usd.is_not(None)), known)).label("cost_usd"),
        )
        .where(c.used_on == TODAY)
        .group_by(c.capability, c.provider)
    )
    return [Used(**row._mapping) for row in rows]


def record_usage(connection: Connection, org_id: UUID, used: Used) -> None:
    """Adds to today's units; a cost that is not known makes the sum unknown too."""
    units = {name: getattr(used, name) for name in UNITS}
    units["latency_n"] = int(used.latency_ms is not None)
    units["latency_sum_ms"] = used.latency_ms or 0.0
    statement = insert(usage).values(
        org_id=org_id,
        used_on=TODAY,
        capability=used.capability,
        provider=used.provider,
        model=used.model,
        latency_histogram=_histogram(used.latency_ms),
        **units,
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "used_on", "capability", "provider", "model"],
            set_={
                **{name: usage.c[name] + statement.excluded[name] for name in units},
                "latency_histogram": func.bi.add_histograms(
                    usage.c.latency_histogram, statement.excluded.latency_histogram
                ),
                "last_at": func.clock_timestamp(),
            },
        )
    )


def _histogram(latency_ms: float | None) -> ScalarSelect[Any]:
    """One call in its bucket; an empty histogram where it was not timed."""
    bucket = func.bi.bucket(cast(latency_ms, Double))
    return select(func.bi.histogram(bucket, cast(1, BigInteger))).scalar_subquery()
