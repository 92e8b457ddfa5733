"""Cells of near passages, into which the vectors of a large organization are sorted.

A search looks into the nearest cells only; without any it compares all passages, so that cells can
be deleted at any time. Every function runs in the organization's tenant session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pgvector import HalfVector
from sqlalchemy import Connection, delete, func, select, text

from warehouse.tables.ai import passage_cells

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Standing:
    """How many passages have a vector of a model, and how many had when the cells were made."""

    passages: int
    in_cells: int


def standing(connection: Connection, *, model: str) -> Standing:
    """Where a model's passages and cells stand."""
    row = connection.execute(
        text("""
            select
                (select count(*) from ai.ticket_chunks where model = :model) as passages,
                (select coalesce(sum(passages), 0) from ai.passage_cells where model = :model)
                    as in_cells
        """),
        {"model": model},
    ).one()
    return Standing(int(row.passages), int(row.in_cells))


def sampled_vectors(
    connection: Connection, *, model: str, dimension: int, limit: int
) -> list[Vector]:
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
    return [row.embedding.to_numpy().astype(np.float32) for row in rows]


def find_centroids(
    connection: Connection, *, model: str, dimension: int
) -> list[tuple[int, Vector]]:
    """(a cell's number, its centroid), by number."""
    rows = connection.execute(
        select(passage_cells.c.cell_no, passage_cells.c.centroid)
        .where(passage_cells.c.model == model, passage_cells.c.dimension == dimension)
        .order_by(passage_cells.c.cell_no)
    )
    return [(row.cell_no, np.array(row.centroid, dtype=np.float32)) for row in rows]


def replace_cells(
    connection: Connection,
    org_id: UUID,
    centroids: Sequence[Vector],
    *,
    model: str,
    dimension: int,
) -> None:
    """Makes these the cells, numbered from 1, and places every passage into the nearest."""
    connection.execute(delete(passage_cells).where(passage_cells.c.model == model))
    connection.execute(
        passage_cells.insert().values(passages=0, made_at=func.clock_timestamp()),
        [
            {
                "org_id": org_id,
                "model": model,
                "cell_no": number,
                "dimension": dimension,
                "centroid": HalfVector(centroid),
            }
            for number, centroid in enumerate(centroids, start=1)
        ],
    )
    _place(connection, model=model, dimension=dimension)
    _count(connection, model=model, dimension=dimension)


def _place(connection: Connection, *, model: str, dimension: int) -> None:
    """Rows whose cell stays are not written anew."""
    connection.execute(
        text("""
            update ai.ticket_chunks as c
            set cell = n.cell_no
            from (
                select
                    e.comment_id, e.source, e.chunk_no, e.changed_at,
                    (
                        select p.cell_no from ai.passage_cells as p
                        where p.model = :model and p.dimension = :dimension
                        order by ai.similarity(p.centroid, e.embedding) desc, p.cell_no
                        limit 1
                    ) as cell_no
                from ai.ticket_chunks as e
                where e.model = :model and e.dimension = :dimension
            ) as n
            where
                c.model = :model and c.comment_id = n.comment_id and c.source = n.source
                and c.chunk_no = n.chunk_no and c.changed_at = n.changed_at
                and c.cell is distinct from n.cell_no
        """),
        {"model": model, "dimension": dimension},
    )


def _count(connection: Connection, *, model: str, dimension: int) -> None:
    connection.execute(
        text("""
            update ai.passage_cells as p
            set passages = counted.passages
            from (
                select cell, count(*) as passages from ai.ticket_chunks
                where model = :model and dimension = :dimension
                group by cell
            ) as counted
            where p.cell_no = counted.cell and p.model = :model and p.dimension = :dimension
        """),
        {"model": model, "dimension": dimension},
    )
