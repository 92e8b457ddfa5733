"""Supabase's `authenticated` is bound to its claims, which its membership must bear out."""

from alembic import op

from warehouse.migrations.scripts import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # by the user alone: it is looked up to find the tenant
    op.create_index(op.f("ix_members_user_id"), "members", ["user_id"], schema="app")
    op.execute("create policy owner on app.members for select to vensor_owner using (true)")
    run_script("tenant.sql")
