"""Brings a warehouse's schema to this version with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL


def migrate(url: URL, *, revision: str = "head") -> None:
    """Migrates the database at `url` as the owner. Safe to repeat and to run twice at once."""
    command.upgrade(alembic_config(url), revision)


def alembic_config(url: URL) -> Config:
    """Alembic's configuration, in code: the URL, with its password, is in no file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config
