"""Whoever is erased is found by an index wherever a row names them; what people said is right."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

# (schema, table, column): each names people of the account who are no agents
NAMING = [
    ("zendesk", "tickets", "submitter_id"),
    ("zendesk", "comments", "author_id"),
    ("zendesk", "audits", "author_id"),
    ("zendesk", "satisfaction_ratings", "requester_id"),
    ("zendesk", "survey_responses", "responder_id"),
    ("zendesk", "calls", "customer_id"),
    ("zendesk", "call_legs", "user_id"),
]
OF_REQUESTERS = sa.text("field_name = 'requester_id'")
STATES = "'pending', 'sending', 'posted', 'refused', 'retracting', 'retracted'"


def upgrade() -> None:
    for schema, table, column in NAMING:
        name = op.f(f"ix_{table}_org_id_{column}")
        op.create_index(name, table, ["org_id", column], schema=schema)
    for column in ("value", "previous_value"):
        op.create_index(
            op.f(f"ix_audit_events_org_id_{column}"),
            "audit_events",
            ["org_id", column],
            schema="zendesk",
            postgresql_where=OF_REQUESTERS,
        )
    for table in ("tickets", "calls"):
        _mark_erased(table)
    _change_check("tombstones", "kind", "kind in ('user', 'agent', 'email', 'phone')")
    _change_check("outbox", "state", f"state in ({STATES})")
    _create_corrections()


def _mark_erased(table: str) -> None:
    op.add_column(
        table,
        sa.Column(
            "erased_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="its person was erased: no words",
        ),
        schema="zendesk",
    )
    op.create_index(
        op.f(f"ix_{table}_org_id_erased_at"),
        table,
        ["org_id", "erased_at"],
        schema="zendesk",
        postgresql_where=sa.text("erased_at is not null"),
    )


def _change_check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, schema="app")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition, schema="app")


def _create_corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="the value that wins over the source's",
        ),
        sa.Column(
            "value_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="keyed: tells when the source agrees",
        ),
        sa.Column(
            "value_index",
            sa.LargeBinary(),
            nullable=True,
            comment="as users have it; an e-mail's or telephone's",
        ),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column(
            "made_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "field in ('name', 'email', 'phone')", name=op.f("ck_corrections_field")
        ),
        sa.PrimaryKeyConstraint("org_id", "user_id", "field", name=op.f("pk_corrections")),
        schema="app",
    )
    op.create_index(
        op.f("ix_corrections_org_id_value_index"),
        "corrections",
        ["org_id", "value_index"],
        schema="app",
    )
    op.execute("call app.isolate('app.corrections')")
    op.execute("grant select, insert, update, delete on app.corrections to vensor_loader")
    op.execute("grant select on app.corrections to vensor_backup")
