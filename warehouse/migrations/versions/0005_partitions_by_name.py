"""Partitions are told by their names before a day is read from them."""

from warehouse.migrations.scripts import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_script("drop_partitions.sql")
