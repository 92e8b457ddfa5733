"""Runs that need the same new days at once get them: the second finds what the first has made."""

from importlib.resources import files

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        files("warehouse").joinpath("sql/ensure_partitions.sql").read_text().replace("%", "%%")
    )
