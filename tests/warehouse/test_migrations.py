"""The migrations make what the tables say, and can be run again."""

from alembic import command
from sqlalchemy import Engine, text

from warehouse.migrate import alembic_config, migrate
from warehouse.sessions import Logins


def test_models_and_migrations_agree(logins: Logins, partitions: None) -> None:
    """`alembic check`: nobody changed a table without a migration."""
    command.check(alembic_config(logins.migrator))


def test_migrating_again_changes_nothing(logins: Logins, engine: Engine) -> None:
    """Safe to repeat, as `vensor init` says."""

    def version() -> str:
        with engine.begin() as connection:
            return connection.execute(
                text("select md5(string_agg(oid::text, ',' order by oid)) from pg_class")
            ).scalar_one()

    before = version()
    migrate(logins.migrator)
    assert version() == before
