"""Archives of what is held of a person; a no to models by telephone number or Zendesk's id."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from warehouse.migrations.scripts import run_script

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    _create_exports()
    _create_export_keys()
    for table in ("app.exports", "keys.export_keys"):
        op.execute(f"call app.isolate('{table}')")
    op.execute("grant select, insert, update on app.exports to vensor_loader")
    op.execute("grant select on app.exports to vensor_backup")
    op.execute("grant select, insert, update, delete on keys.export_keys to vensor_loader")
    _widen_opt_outs()
    _read_users_again()


def _create_exports() -> None:
    op.create_table(
        "exports",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column(
            "subject",
            sa.LargeBinary(),
            nullable=False,
            comment="keyed hash of what names the person",
        ),
        sa.Column(
            "user_ids",
            sa.ARRAY(sa.BigInteger()),
            nullable=True,
            comment="whom it is of in Zendesk; until it ends",
        ),
        sa.Column("state", sa.Text(), server_default="making", nullable=False),
        sa.Column(
            "location",
            sa.Text(),
            nullable=True,
            comment="the sealed archive's name in its store; until it is deleted",
        ),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column(
            "sha256",
            sa.LargeBinary(),
            nullable=True,
            comment="of the archive as it is handed out",
        ),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="records of each kind that are in it",
        ),
        sa.Column(
            "made_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('making', 'made', 'fetched', 'expired', 'deleted')",
            name=op.f("ck_exports_state"),
        ),
        sa.CheckConstraint(
            "(state in ('making', 'made')) = (ended_at is null)", name=op.f("ck_exports_ended")
        ),
        sa.PrimaryKeyConstraint("org_id", "export_id", name=op.f("pk_exports")),
        schema="app",
    )
    op.create_index(
        op.f("ix_exports_org_id_request_id"), "exports", ["org_id", "request_id"], schema="app"
    )


def _create_export_keys() -> None:
    op.create_table(
        "export_keys",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="the archive's own key"),
        sa.PrimaryKeyConstraint("org_id", "export_id", name=op.f("pk_export_keys")),
        schema="keys",
    )


def _widen_opt_outs() -> None:
    """The subject of who said no by an address is that address's index, as it was the key."""
    table, schema = "ai_opt_outs", "app"
    op.execute("alter table app.ai_opt_outs no force row level security")
    op.add_column(
        table,
        sa.Column(
            "subject",
            sa.LargeBinary(),
            nullable=True,
            comment="keyed hash of what names the person, as their requests have it",
        ),
        schema=schema,
    )
    op.execute("update app.ai_opt_outs set subject = email_index")
    op.drop_constraint("pk_ai_opt_outs", table, schema=schema)
    op.alter_column(table, "subject", nullable=False, schema=schema)
    op.create_primary_key(op.f("pk_ai_opt_outs"), table, ["org_id", "subject"], schema=schema)
    told = "as users and their identities have it"
    op.alter_column(table, "email_index", nullable=True, comment=told, schema=schema)
    op.add_column(
        table,
        sa.Column("phone_index", sa.LargeBinary(), nullable=True, comment=told),
        schema=schema,
    )
    op.add_column(
        table, sa.Column("zendesk_user_id", sa.BigInteger(), nullable=True), schema=schema
    )
    op.create_check_constraint(
        op.f("ck_ai_opt_outs_named"),
        table,
        "num_nonnulls(email_index, phone_index, zendesk_user_id) = 1",
        schema=schema,
    )
    op.execute("alter table app.ai_opt_outs force row level security")
    for name in ("opted_out_people.sql", "opted_out_tickets.sql"):
        run_script(name)
    op.execute("grant select on ai.opted_out_people to vensor_loader, vensor_transformer")
    op.execute(
        "grant select (org_id, user_id, value_index) on app.corrections to vensor_transformer"
    )


def _read_users_again() -> None:
    """Telephone numbers are indexed by their digits from now on, and only who holds the keys can
    make an index: the next run reads every user anew, and puts theirs in the place of the former.
    """
    op.execute("alter table app.watermarks no force row level security")
    op.execute("delete from app.watermarks where source = 'zendesk' and stream = 'users'")
    op.execute("alter table app.watermarks force row level security")
