"""Isolation: the tenant of a session, row-level security on every table, and who may do what."""

from alembic import op

from warehouse.migrations.scripts import run_script

revision = "0002"
down_revision = "0001"

CONTROL = [
    "app.organizations",
    "app.members",
    "app.logins",
    "app.connections",
    "app.watermarks",
    "app.runs",
    "app.run_stages",
    "app.outbox",
    "app.metric_day_seals",
    "keys.org_keys",
]
CONTENT = [
    "zendesk.organization_contents",
    "zendesk.user_contents",
    "zendesk.ticket_contents",
    "zendesk.comment_contents",
    "zendesk.rating_contents",
    "zendesk.call_contents",
    "zendesk.recording_chunks",
    "ai.transcripts",
    "ai.ticket_chunks",
    "app.quarantine",
]
SKELETON = [
    "zendesk.organizations",
    "zendesk.users",
    "zendesk.groups",
    "zendesk.brands",
    "zendesk.ticket_fields",
    "zendesk.custom_statuses",
    "zendesk.tickets",
    "zendesk.ticket_metrics",
    "zendesk.comments",
    "zendesk.audits",
    "zendesk.audit_events",
    "zendesk.metric_events",
    "zendesk.sla_policies",
    "zendesk.schedules",
    "zendesk.holidays",
    "zendesk.satisfaction_ratings",
    "zendesk.calls",
    "zendesk.call_legs",
    "zendesk.recordings",
    "ai.ticket_work",
    "ai.turn_sentiments",
    "ai.ticket_scores",
    "ai.sop_checks",
]
KNOWLEDGE = ["knowledge.documents", "knowledge.chunks"]
MEASURED = [*SKELETON, "app.organizations", "app.metric_day_seals", "app.runs", "app.run_stages"]
SCRIPTS = (
    "tenant.sql",
    "isolation.sql",
    "publish.sql",
    "ensure_partitions.sql",
    "drop_partitions.sql",
)
LEDGER = ["app.runs", "app.run_stages", "audit.events"]


def upgrade() -> None:
    # Anyone may execute a new function unless told otherwise: here, no one but the owner.
    op.execute(
        "alter default privileges for role vensor_owner revoke execute on routines from public"
    )
    for name in (
        "tenant.sql",
        "isolation.sql",
        "publish.sql",
        "ensure_partitions.sql",
        "drop_partitions.sql",
    ):
        run_script(name)
    _isolate()
    _create_metric_schemas()
    _grant()


def _isolate() -> None:
    for table in [*CONTROL, *CONTENT, *SKELETON, *KNOWLEDGE, "audit.events"]:
        op.execute(f"call app.isolate('{table}')")
    # The functions that look a tenant up belong to the owner, who is under RLS like anyone.
    for table in ("app.organizations", "app.logins"):
        op.execute(f"create policy owner on {table} for select to vensor_owner using (true)")


def _create_metric_schemas() -> None:
    for schema in ("staging", "intermediate", "metrics"):
        op.execute(f"create schema {schema}")
        op.execute(f"grant usage, create on schema {schema} to vensor_transformer")


def _grant() -> None:
    op.execute(
        "grant usage on schema app, keys, zendesk, knowledge, ai, audit, metrics to vensor_loader"
    )
    for table in [*CONTROL, *CONTENT, *SKELETON, *KNOWLEDGE]:
        op.execute(f"grant select, insert, update, delete on {table} to vensor_loader")
    op.execute("grant select, insert on audit.events to vensor_loader")
    op.execute("grant select on app.partitioned_tables to vensor_loader")
    op.execute("grant usage on schema app, zendesk, ai to vensor_transformer")
    for table in MEASURED:
        op.execute(f"grant select on {table} to vensor_transformer")
    op.execute("grant usage on schema app, audit to vensor_auditor")
    for table in LEDGER:
        op.execute(f"grant select on {table} to vensor_auditor")
    op.execute("grant usage on schema app, metrics to vensor_bi")
    op.execute("grant usage on schema app, zendesk to vensor_privacy_officer")
    op.execute("grant select on zendesk.users, zendesk.tickets to vensor_privacy_officer")
    op.execute(
        "grant execute on function app.org_id() to vensor_loader, vensor_transformer, vensor_bi,"
        " vensor_auditor, vensor_privacy_officer, vensor_backup"
    )
    op.execute("grant execute on procedure app.isolate(regclass) to vensor_transformer")
    op.execute("grant execute on procedure app.publish(regclass, boolean) to vensor_transformer")
    op.execute("grant execute on function app.directory() to vensor_loader")
    op.execute("grant execute on function app.ensure_partitions(date, date) to vensor_loader")
    op.execute("grant execute on function app.drop_partitions(timestamptz) to vensor_loader")
    op.execute("grant usage on schema app, zendesk, knowledge, ai, audit, metrics to vensor_backup")
    for table in [*CONTROL, *CONTENT, *SKELETON, *KNOWLEDGE, "audit.events"]:
        if not table.startswith("keys."):
            op.execute(f"grant select on {table} to vensor_backup")
