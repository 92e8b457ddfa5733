"""Partitions are told by their names before a day is read from them."""

from importlib.resources import files

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        files("warehouse").joinpath("sql/drop_partitions.sql").read_text().replace("%", "%%")
    )
