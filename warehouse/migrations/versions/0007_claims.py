"""Supabase's `authenticated` is bound to its claims, which its membership must bear out."""

from importlib.resources import files

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # by the user alone: it is looked up to find the tenant
    op.create_index(op.f("ix_members_user_id"), "members", ["user_id"], schema="app")
    op.execute("create policy owner on app.members for select to vensor_owner using (true)")
    op.get_bind().exec_driver_sql(
        files("warehouse").joinpath("sql/claims.sql").read_text().replace("%", "%%")
    )
