"""Runs that need the same new days at once get them: the second finds what the first has made."""

from warehouse.migrations.scripts import run_script

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_script("ensure_partitions.sql")
