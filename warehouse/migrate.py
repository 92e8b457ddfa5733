"""Brings a warehouse's schema to this version with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, create_engine, pool, text

from warehouse.sessions import translated_errors


def migrate(url: URL, *, revision: str = "head") -> None:
    """Migrates the database at `url` as the owner. Safe to repeat and to run twice at once."""
    command.upgrade(alembic_config(url), revision)


def revisions(url: URL) -> tuple[str | None, str | None]:
    """(the database's revision, None before the first; this version's).

    Raises: TransientError where the warehouse is not reachable.
    """
    head = ScriptDirectory.from_config(alembic_config(url)).get_current_head()
    engine = create_engine(url, poolclass=pool.NullPool, hide_parameters=True)
    with translated_errors(), engine.connect() as connection:
        if connection.execute(text("select to_regclass('app.alembic_version')")).scalar() is None:
            return None, head
        found = connection.execute(text("select version_num from app.alembic_version")).scalar()
        return found, head


def alembic_config(url: URL) -> Config:
    """Alembic's configuration, in code: the URL, with its password, is in no file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config
