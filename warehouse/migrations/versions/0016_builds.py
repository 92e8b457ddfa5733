"""Metric tables are built beside the published ones, from the tickets that have changed."""

import sqlalchemy as sa
from alembic import op

from warehouse.migrations.scripts import run_script

revision = "0016"
down_revision = "0015"

SCHEMAS = ("candidate", "bi")
NEW = ["app.metric_builds", "app.changed_metric_days"]
# A build asks each of these for what was loaded since the one before.
WATCHED = {
    "zendesk": [
        "tickets",
        "ticket_metrics",
        "comments",
        "audit_events",
        "metric_events",
        "satisfaction_ratings",
        "survey_responses",
        "calls",
    ],
    "ai": [
        "ticket_work",
        "turn_sentiments",
        "ticket_scores",
        "sop_checks",
        "assessments",
        "quality_scores",
    ],
}
FUNCTIONS = [
    "bucket(double precision)",
    "histogram_step(bigint[], integer, bigint)",
    "histogram(integer, bigint)",
    "add_histograms(bigint[], bigint[])",
    "sum_histograms(bigint[])",
    "percentile(bigint[], double precision)",
]
# the linter of SQL knows no aggregates
AGGREGATES = """
    create or replace aggregate bi.histogram(bucket integer, n bigint) (
        sfunc = bi.histogram_step, stype = bigint[], initcond = '{}'
    );
    create or replace aggregate bi.sum_histograms(bigint[]) (
        sfunc = bi.add_histograms, stype = bigint[], initcond = '{}',
        combinefunc = bi.add_histograms, parallel = safe
    );
"""
READERS = "vensor_loader, vensor_transformer, vensor_bi, vensor_backup"


def upgrade() -> None:
    _create_tables()
    for schema, tables in WATCHED.items():
        for table in tables:
            name = op.f(f"ix_{table}_org_id_loaded_at")
            op.create_index(name, table, ["org_id", "loaded_at"], schema=schema)
    for schema in SCHEMAS:
        op.execute(f"create schema if not exists {schema}")
        op.execute(f"grant usage, create on schema {schema} to vensor_transformer")
    op.execute("drop procedure if exists app.publish(regclass)")
    run_script("publish.sql")
    run_script("histograms.sql")
    op.execute(AGGREGATES)
    _grant()


def _create_tables() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "metric_builds",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("as_of", instant, nullable=False),
        sa.Column("built_at", instant, nullable=False, comment="when the build began"),
        sa.Column(
            "definition",
            sa.Text(),
            nullable=False,
            comment="hash of what figures are made by: the models, and the days' time zone",
        ),
        sa.CheckConstraint(
            "state in ('candidate', 'published')", name=op.f("ck_metric_builds_state")
        ),
        sa.PrimaryKeyConstraint("org_id", "state", name=op.f("pk_metric_builds")),
        schema="app",
    )
    op.create_table(
        "changed_metric_days",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("metric_day", sa.Date(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False, comment="the table of facts"),
        sa.PrimaryKeyConstraint(
            "org_id", "metric_day", "model", name=op.f("pk_changed_metric_days")
        ),
        schema="app",
    )


def _grant() -> None:
    for table in NEW:
        op.execute(f"call app.isolate('{table}')")
        op.execute(f"grant select, insert, update, delete on {table} to vensor_transformer")
        op.execute(f"grant select on {table} to vensor_loader, vensor_backup")
    op.execute("grant execute on procedure app.publish(regclass, boolean) to vensor_transformer")
    op.execute("grant usage on schema candidate, intermediate to vensor_loader, vensor_backup")
    op.execute(f"grant usage on schema bi to {READERS}")
    for function in FUNCTIONS:
        op.execute(f"grant execute on function bi.{function} to {READERS}")
