"""Alembic's environment: one transaction, as the owner, one migrator at a time."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import create_engine, pool, text
from sqlalchemy.sql.schema import SchemaItem

from warehouse.tables import DBT_SCHEMAS, SCHEMAS, metadata

ONE_AT_A_TIME = 8_364_011_305_377_213_907


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Our schemas without dbt's, which dbt makes."""
    return kind != "schema" or (name in SCHEMAS and name not in DBT_SCHEMAS)


def include_object(
    item: SchemaItem, name: str | None, kind: str, reflected: bool, _compare_to: object
) -> bool:
    """Partitions come and go with the days: they are no part of the schema."""
    table = name if kind == "table" else getattr(getattr(item, "table", None), "name", None)
    return not (reflected and table and table[:-8].endswith("_p") and table[-8:].isdigit())


def render_item(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:
    if kind == "type" and type(item).__module__.startswith("pgvector"):
        autogen.imports.add("from pgvector.sqlalchemy import HALFVEC")
        return "HALFVEC()"
    return False


def run() -> None:
    engine = create_engine(
        context.config.attributes["url"], poolclass=pool.NullPool, hide_parameters=True
    )
    with engine.begin() as connection:
        connection.execute(text("set local lock_timeout = '60s'"))
        connection.execute(text("set local statement_timeout = '15min'"))
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
        connection.execute(text("set local role vensor_owner"))
        connection.execute(text("create schema if not exists app"))
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_schemas=True,
            include_name=include_name,
            include_object=include_object,
            version_table_schema="app",
            render_item=render_item,
            compare_type=True,
            compare_server_default=True,
        )
        context.run_migrations()


run()
