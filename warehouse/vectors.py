"""Vectors, as connections send and read them."""

from functools import cache
from typing import Any

import psycopg
from pgvector import HalfVector
from pgvector.psycopg.halfvec import (
    HalfVectorBinaryDumper,
    HalfVectorBinaryLoader,
    HalfVectorDumper,
    HalfVectorLoader,
)
from psycopg.types import TypeInfo


def register_vectors(connection: psycopg.Connection[Any]) -> None:
    """Has a connection send and read `HalfVector`; one to a database without pgvector stays as is.

    pgvector's own `register_vector` makes eight classes for each connection, which psycopg keeps
    for as long as the process lives.
    """
    info = TypeInfo.fetch(connection, "halfvec")
    if info is None:
        return
    info.register(connection)
    for dumper in _dumpers(info.oid):
        connection.adapters.register_dumper(HalfVector, dumper)
    for loader in (HalfVectorLoader, HalfVectorBinaryLoader):
        connection.adapters.register_loader(info.oid, loader)


@cache
def _dumpers(oid: int) -> list[type[HalfVectorDumper]]:
    """The classes for databases that know halfvec by this number; what is last is preferred."""
    return [type("", (base,), {"oid": oid}) for base in (HalfVectorDumper, HalfVectorBinaryDumper)]
