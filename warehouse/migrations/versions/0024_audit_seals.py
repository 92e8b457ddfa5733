"""The rows of the audit trail are numbered, and chained seals lie over them."""

import sqlalchemy as sa
from alembic import op

from warehouse.migrations.scripts import run_script

revision = "0024"
down_revision = "0023"
NUMBERED = ("events", "outbound")


def upgrade() -> None:
    op.execute("create sequence audit.event_numbers")
    op.execute("grant usage on sequence audit.event_numbers to vensor_loader")
    op.execute("grant select on sequence audit.event_numbers to vensor_backup")
    run_script("number_event.sql")
    for table in NUMBERED:
        _number(table)
    run_script("audit_lines.sql")
    _create_seals()
    run_script("forget_digests.sql")
    op.execute("grant execute on function audit.forget_digests() to vensor_loader")
    op.execute("call app.isolate('audit.seals')")
    op.execute("grant select, insert on audit.seals to vensor_loader")
    op.execute("grant select on audit.seals to vensor_auditor, vensor_backup")
    op.execute("grant select on audit.lines to vensor_loader, vensor_auditor")


def _number(table: str) -> None:
    """The rows that are there get their numbers from a default, which only this migration has."""
    op.execute(
        f"alter table audit.{table} add column event_no bigint not null"
        " default nextval('audit.event_numbers')"
    )
    op.execute(f"alter table audit.{table} alter column event_no drop default")
    op.execute(f"comment on column audit.{table}.event_no is 'the order of the trail'")
    op.create_check_constraint(op.f(f"ck_{table}_event_no"), table, "event_no > 0", schema="audit")
    op.create_index(
        op.f(f"ix_{table}_org_id_event_no"), table, ["org_id", "event_no"], schema="audit"
    )
    op.execute(
        f"create trigger number_event before insert on audit.{table}"
        " for each row execute function audit.number_event()"
    )


def _create_seals() -> None:
    op.create_table(
        "seals",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("seal_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="of the rows under it, UTC"),
        sa.Column(
            "after_no", sa.BigInteger(), nullable=False, comment="its rows have higher numbers"
        ),
        sa.Column(
            "through_no", sa.BigInteger(), nullable=False, comment="and none higher than this"
        ),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column(
            "digests",
            sa.LargeBinary(),
            nullable=True,
            comment="16 bytes of each row's SHA-256, in order; until its time is over",
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the digests"),
        sa.Column(
            "expired_no",
            sa.Integer(),
            nullable=False,
            comment="the rows of seals up to it are over",
        ),
        sa.Column(
            "previous", sa.LargeBinary(), nullable=False, comment="SHA-256 of the seal before"
        ),
        sa.Column(
            "mac", sa.LargeBinary(), nullable=False, comment="under a key of the organization"
        ),
        sa.CheckConstraint("events > 0", name=op.f("ck_seals_events")),
        sa.CheckConstraint("after_no < through_no", name=op.f("ck_seals_numbers")),
        sa.PrimaryKeyConstraint("org_id", "seal_no", name=op.f("pk_seals")),
        schema="audit",
    )
