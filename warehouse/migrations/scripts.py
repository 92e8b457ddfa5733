"""The functions of the warehouse, each in one file of warehouse/sql, in its newest form.

A new warehouse gets that form at once; one from before gets it by the migration that changed it.
"""

from importlib.resources import files

from alembic import op


def run_script(name: str) -> None:
    """Runs a file of warehouse/sql. It creates or replaces, so that it can be run again."""
    statements = files("warehouse").joinpath("sql", name).read_text()
    op.get_bind().exec_driver_sql(statements.replace("%", "%%"))
