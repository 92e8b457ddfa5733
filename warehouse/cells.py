"""Cells of near passages, into which the vectors of a large organization are sorted.

A search looks into the nearest cells only; while there are none, it compares all. Every function
runs in the organization's tenant session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pgvector import HalfVector
from sqlalchemy import Connection, delete, select, text, update

from warehouse.tables.ai import passage_cells, ticket_chunks


@dataclass(frozen=True)
class Standing:
    """How many passages have a vector of a model, and how many had when the cells were made.

    `outdated` tells that the cells are older than what the organization keeps.
    """

    passages: int
    in_cells: int
    outdated: bool


def standing(connection: Connection, *, model: str, keep_days: int) -> Standing:
    row = connection.execute(
        text("""
            select
                (select count(*) from ai.ticket_chunks where model = :model) as passages,
                coalesce(sum(passages), 0) as in_cells,
                coalesce(
                    min(made_at) < clock_timestamp() - make_interval(days => :keep_days), false
                ) as outdated
            from ai.passage_cells
            where model = :model
        """),
        {"model": model, "keep_days": keep_days},
    ).one()
    return Standing(int(row.passages), int(row.in_cells), row.outdated)


def sampled_vectors(
    connection: Connection, *, model: str, dimension: int, limit: int
) -> list[list[float]]:
    """The vectors of passages that a hash of their comments chooses: always the same."""
    rows = connection.execute(
        text("""
            select embedding from ai.ticket_chunks
            where model = :model and dimension = :dimension
            order by hashint8(comment_id), comment_id, source, chunk_no, changed_at
            limit :limit
        """),
        {"model": model, "dimension": dimension, "limit": limit},
    )
    return [row.embedding.to_list() for row in rows]


def find_centroids(
    connection: Connection, *, model: str, dimension: int
) -> list[tuple[int, list[float]]]:
    """(a cell's number, its centroid), by number."""
    rows = connection.execute(
        select(passage_cells.c.cell_no, passage_cells.c.centroid)
        .where(passage_cells.c.model == model, passage_cells.c.dimension == dimension)
        .order_by(passage_cells.c.cell_no)
    )
    return [(row.cell_no, row.centroid.to_list()) for row in rows]


def replace_cells(
    connection: Connection,
    org_id: UUID,
    centroids: Sequence[Sequence[float]],
    *,
    model: str,
    dimension: int,
) -> None:
    """Makes these the cells, numbered from 1, and places every passage; without any, in none."""
    connection.execute(delete(passage_cells).where(passage_cells.c.model == model))
    if not centroids:
        placed = update(ticket_chunks).where(
            ticket_chunks.c.model == model, ticket_chunks.c.cell != 0
        )
        connection.execute(placed.values(cell=0))
        return
    connection.execute(
        text("""
            insert into ai.passage_cells
                (org_id, model, cell_no, dimension, centroid, passages, made_at)
            values (:org_id, :model, :cell_no, :dimension, :centroid, 0, clock_timestamp())
        """),
        [
            {
                "org_id": org_id,
                "model": model,
                "cell_no": number,
                "dimension": dimension,
                "centroid": HalfVector(list(centroid)),
            }
            for number, centroid in enumerate(centroids, start=1)
        ],
    )
    _place(connection, {"model": model, "dimension": dimension})


def _place(connection: Connection, which: dict[str, object]) -> None:
    connection.execute(
        text("""
            update ai.ticket_chunks as c
            set cell = (
                select p.cell_no from ai.passage_cells as p
                where p.model = c.model and p.dimension = c.dimension
                order by ai.similarity(p.centroid, c.embedding) desc, p.cell_no
                limit 1
            )
            where c.model = :model and c.dimension = :dimension
        """),
        which,
    )
    connection.execute(
        text("""
            with counted as (
                select cell, count(*) as passages from ai.ticket_chunks
                where model = :model and dimension = :dimension
                group by cell
            )
            update ai.passage_cells as p
            set passages = counted.passages
            from counted
            where p.cell_no = counted.cell and p.model = :model and p.dimension = :dimension
        """),
        which,
    )
