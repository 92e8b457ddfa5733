"""The scorecard of an organization and what tickets get by it. SQL adds up, never a model.

Every function runs in the organization's tenant session.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, delete, func, text, update
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.assessments import quality_scores, scorecards


@dataclass(frozen=True)
class Measure:
    """How one category counts: its weight beside the others, and from which score it holds."""

    category: str
    weight: float
    critical: bool
    pass_at: float
    is_own: bool


@dataclass(frozen=True)
class CategoryFigures:
    """How many tickets a category applied to, how many passed, and the mean score (0 to 1)."""

    category: str
    tickets: int
    passed: int
    mean: float


@dataclass(frozen=True)
class QualityFigures:
    """Tickets with a score, their mean (0 to 100) and how many are 0 by a critical category."""

    tickets: int
    mean: float | None
    failed_critical: int


def scorecard(connection: Connection) -> list[Measure]:
    """Every category, the heaviest first."""
    rows = connection.execute(
        text("""
            select category, weight, critical, pass_at, is_own from ai.scorecard
            order by weight desc, category
        """)
    )
    return [Measure(**row._mapping) for row in rows]


def set_measure(connection: Connection, org_id: UUID, measure: Measure) -> None:
    """Stores how the category counts; what it counted in before is measured anew at once."""
    values = {
        "weight": measure.weight,
        "critical": measure.critical,
        "pass_at": measure.pass_at,
        "set_at": func.clock_timestamp(),
    }
    statement = insert(scorecards).values(org_id=org_id, category=measure.category, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["org_id", "category"], set_=values)
    )
    _measure_anew(connection)


def reset_scorecard(connection: Connection) -> int:
    """Takes the organization's own measures away; how many there were."""
    taken = connection.execute(delete(scorecards)).rowcount
    _measure_anew(connection)
    return taken


def figures(connection: Connection) -> QualityFigures:
    """All tickets together."""
    row = connection.execute(
        text("""
            select
                count(quality)::integer as tickets,
                avg(quality)::float8 as mean,
                (count(*) filter (where failed_critical))::integer as failed_critical
            from ai.ticket_quality
        """)
    ).one()
    return QualityFigures(**row._mapping)


def figures_by_category(connection: Connection) -> dict[str, CategoryFigures]:
    """The tickets that each category applied to."""
    rows = connection.execute(
        text("""
            select
                category,
                count(*)::integer as tickets,
                (count(*) filter (where passed))::integer as passed,
                avg(score)::float8 as mean
            from ai.quality_marks group by category
        """)
    )
    return {row.category: CategoryFigures(**row._mapping) for row in rows}


def quality_of(connection: Connection, ticket_id: int) -> float | None:
    """A ticket's score, 0 to 100; None where nothing of the scorecard applies to it."""
    found: float | None = connection.execute(
        text("select quality from ai.ticket_quality where ticket_id = :id"), {"id": ticket_id}
    ).scalar_one_or_none()
    return found


def _measure_anew(connection: Connection) -> None:
    """The next build of the metric tables takes every judged ticket for changed."""
    connection.execute(update(quality_scores).values(loaded_at=func.clock_timestamp()))
