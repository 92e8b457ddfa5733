"""Organizations that leave, with a proof; and whoever dumps may read what there is to dump."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from warehouse.migrations.scripts import run_script

revision = "0025"
down_revision = "0024"

DELETE_ROWS = "app.delete_rows(regclass, integer)"


def upgrade() -> None:
    _create_offboardings()
    op.execute("call app.isolate('app.offboardings')")
    op.execute("grant select, insert, update on app.offboardings to vensor_loader")
    op.execute("grant select on app.offboardings to vensor_backup")
    run_script("delete_rows.sql")
    op.execute(f"revoke execute on function {DELETE_ROWS} from public")
    op.execute(f"grant execute on function {DELETE_ROWS} to vensor_loader")
    _open_to_dumps()


def _create_offboardings() -> None:
    op.create_table(
        "offboardings",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column(
            "asked_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("approved_by", sa.Text(), nullable=True, comment="another than who asked"),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "steps",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="what each step did: counts, instants, names of tables",
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "certificate",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="signed; holds no value of a row",
        ),
        sa.CheckConstraint("approved_by <> asked_by", name=op.f("ck_offboardings_four_eyes")),
        sa.CheckConstraint(
            "(approved_by is null) = (approved_at is null)", name=op.f("ck_offboardings_approved")
        ),
        sa.CheckConstraint(
            "(ended_at is null) = (certificate is null)", name=op.f("ck_offboardings_ended")
        ),
        sa.CheckConstraint(
            "ended_at is null or approved_at is not null",
            name=op.f("ck_offboardings_ended_approved"),
        ),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_offboardings")),
        schema="app",
    )


def _open_to_dumps() -> None:
    """The role that dumps all but the keys reads partitions by themselves, as pg_dump does."""
    op.execute("grant select on app.alembic_version, app.account_budgets to vensor_backup")
    op.execute("grant usage on schema staging, intermediate, candidate, bi to vensor_backup")
    run_script("ensure_partitions.sql")
    op.execute("""
        do $$
        declare
            partition regclass;
        begin
            for partition in
                select i.inhrelid from app.partitioned_tables as t
                inner join pg_catalog.pg_inherits as i on t.parent = i.inhparent
                inner join pg_catalog.pg_class as c on i.inhrelid = c.oid and c.relkind = 'r'
            loop
                execute format('grant select on %s to vensor_backup', partition);
            end loop;
        end
        $$
    """)
