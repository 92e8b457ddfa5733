"""What leaves for others is written down before it does; who opted out is read by no model."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from warehouse.migrations.scripts import run_script

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    _create_outbound()
    _create_opt_outs()
    for table in ("audit.outbound", "app.ai_opt_outs"):
        op.execute(f"call app.isolate('{table}')")
        op.execute(f"grant select on {table} to vensor_backup")
    op.execute("grant select, insert on audit.outbound to vensor_loader")
    op.execute("grant select on audit.outbound to vensor_auditor")
    op.execute("grant select, insert, delete on app.ai_opt_outs to vensor_loader")
    # what opted_out_tickets.sql reads; 0023 puts the one of opted_out_people.sql in its place
    op.execute(
        "create view ai.opted_out_people with (security_invoker = true) as"
        " select u.org_id, u.id as user_id from app.ai_opt_outs as o"
        " inner join zendesk.users as u on o.org_id = u.org_id and o.email_index = u.email_index"
    )
    run_script("opted_out_tickets.sql")
    op.execute("grant select on ai.opted_out_tickets to vensor_loader")
    op.execute("select app.ensure_partitions(current_date, current_date + 1)")


def _create_outbound() -> None:
    op.create_table(
        "outbound",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="just before it was sent",
        ),
        sa.Column(
            "sending_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("recipient", sa.Text(), nullable=False, comment="the host that it was sent to"),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column(
            "ticket_ids",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="whose words are in it",
        ),
        sa.Column(
            "items",
            sa.Integer(),
            nullable=False,
            comment="texts, stretches of speech or messages",
        ),
        sa.Column("payload_bytes", sa.BigInteger(), nullable=False),
        sa.Column("audio_seconds", sa.Double(), nullable=True),
        sa.CheckConstraint("payload_bytes >= 0", name=op.f("ck_outbound_payload_bytes")),
        sa.PrimaryKeyConstraint("org_id", "sent_at", "sending_id", name=op.f("pk_outbound")),
        schema="audit",
        postgresql_partition_by="range (sent_at)",
    )


def _create_opt_outs() -> None:
    op.create_table(
        "ai_opt_outs",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "email_index",
            sa.LargeBinary(),
            nullable=False,
            comment="HMAC of the e-mail, as users and their identities have it",
        ),
        sa.Column(
            "asked_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "email_index", name=op.f("pk_ai_opt_outs")),
        schema="app",
    )
