"""A digest's picture has states of its own; Slack's buttons have a connection of their own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"

PICTURE_STATES = "'waiting', 'uploading', 'uploaded', 'shared', 'left_out'"


def upgrade() -> None:
    op.add_column(
        "outbox",
        sa.Column(
            "trend",
            postgresql.JSONB(astext_type=sa.Text(), none_as_null=True),
            nullable=True,
            comment="counts by day, of which its picture is drawn",
        ),
        schema="app",
    )
    for name, comment in (("picture_state", None), ("file_id", "of the picture, in Slack")):
        op.add_column(
            "outbox", sa.Column(name, sa.Text(), nullable=True, comment=comment), schema="app"
        )
    op.create_check_constraint(
        op.f("ck_outbox_picture_state"),
        "outbox",
        f"picture_state in ({PICTURE_STATES})",
        schema="app",
    )
    op.drop_constraint(op.f("ck_connections_provider"), "connections", schema="app")
    op.create_check_constraint(
        op.f("ck_connections_provider"),
        "connections",
        "provider in ('zendesk', 'slack', 'slack_buttons')",
        schema="app",
    )
