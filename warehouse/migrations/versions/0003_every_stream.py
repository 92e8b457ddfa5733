"""Every stream of Zendesk: how each is read, what survives its source, what could not be read."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

CONTROL = ["app.stream_modes", "app.unknown_fields"]
CONTENT = ["zendesk.survey_contents", "zendesk.user_identity_contents"]
SKELETON = ["zendesk.survey_responses", "zendesk.user_identities", "zendesk.ticket_repairs"]
NEW = [*CONTROL, *CONTENT, *SKELETON]
RECORDING_STATES = (
    "'pending', 'stored', 'transcribed', 'refused', 'declined', 'gone', 'undecodable'"
)


def upgrade() -> None:
    _create()
    _extend()
    for table in NEW:
        op.execute(f"call app.isolate('{table}')")
        op.execute(f"grant select, insert, update, delete on {table} to vensor_loader")
        op.execute(f"grant select on {table} to vensor_backup")
    for table in SKELETON:
        op.execute(f"grant select on {table} to vensor_transformer")
    op.execute("grant select on zendesk.user_identities to vensor_privacy_officer")


def _create() -> None:
    op.create_table(
        "stream_modes",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False, comment="how the stream is read"),
        sa.Column(
            "export", sa.Text(), nullable=False, comment="what the last probe of each way found"
        ),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column(
            "reason", sa.Text(), server_default="", nullable=False, comment="for people; no value"
        ),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "export in ('works', 'refused', 'broken', 'none')", name=op.f("ck_stream_modes_export")
        ),
        sa.CheckConstraint(
            "list in ('works', 'refused', 'broken', 'none')", name=op.f("ck_stream_modes_list")
        ),
        sa.CheckConstraint("mode in ('export', 'list', 'off')", name=op.f("ck_stream_modes_mode")),
        sa.PrimaryKeyConstraint("org_id", "source", "stream", name=op.f("pk_stream_modes")),
        schema="app",
    )
    op.create_table(
        "unknown_fields",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False, comment="the name only: no value is kept"),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column(
            "first_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "kind", "field", name=op.f("pk_unknown_fields")),
        schema="app",
    )
    op.create_table(
        "survey_contents",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "response_id", "changed_at", name=op.f("pk_survey_contents")
        ),
        schema="zendesk",
        postgresql_partition_by="range (changed_at)",
    )
    op.create_index(
        op.f("ix_survey_contents_org_id_ticket_id"),
        "survey_contents",
        ["org_id", "ticket_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "survey_responses",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("responder_id", sa.BigInteger(), nullable=True),
        sa.Column("survey_id", sa.Text(), nullable=True),
        sa.Column("survey_version", sa.Integer(), nullable=True),
        sa.Column("scale", sa.Text(), nullable=True),
        sa.Column(
            "rating", sa.Integer(), nullable=True, comment="as chosen, on the survey's own scale"
        ),
        sa.Column("lowest", sa.Integer(), nullable=True, comment="of the survey's scale"),
        sa.Column("highest", sa.Integer(), nullable=True, comment="of the survey's scale"),
        sa.Column(
            "score",
            sa.Double(),
            nullable=True,
            comment="0 to 1: (rating - lowest) / (highest - lowest)",
        ),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("score between 0 and 1", name=op.f("ck_survey_responses_score")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_survey_responses")),
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_survey_responses_org_id_ticket_id"),
        "survey_responses",
        ["org_id", "ticket_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "ticket_repairs",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "reason", sa.Text(), nullable=False, comment="why its events are to be read one by one"
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "reason in ('listed', 'count', 'redacted', 'missing')",
            name=op.f("ck_ticket_repairs_reason"),
        ),
        sa.PrimaryKeyConstraint("org_id", "ticket_id", name=op.f("pk_ticket_repairs")),
        schema="zendesk",
    )
    op.create_table(
        "user_identities",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=True),
        sa.Column(
            "value_index",
            sa.LargeBinary(),
            nullable=True,
            comment="HMAC of the value: equality within one org",
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_user_identities")),
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_user_identities_org_id_user_id"),
        "user_identities",
        ["org_id", "user_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_user_identities_org_id_value_index"),
        "user_identities",
        ["org_id", "value_index"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "user_identity_contents",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "identity_id", "changed_at", name=op.f("pk_user_identity_contents")
        ),
        schema="zendesk",
        postgresql_partition_by="range (changed_at)",
    )
    op.create_index(
        op.f("ix_user_identity_contents_org_id_user_id"),
        "user_identity_contents",
        ["org_id", "user_id"],
        unique=False,
        schema="zendesk",
    )


def _extend() -> None:
    op.add_column(
        "organizations",
        sa.Column(
            "upstream_recordings",
            sa.Text(),
            server_default="keep",
            nullable=False,
            comment="what becomes of a recording in Zendesk when its clock ends here",
        ),
        schema="app",
    )
    op.add_column(
        "quarantine",
        sa.Column(
            "kind",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="the list of the page that it stood in",
        ),
        schema="app",
    )
    op.add_column(
        "comments",
        sa.Column(
            "author_role",
            sa.Text(),
            nullable=True,
            comment="the author's role when the comment was first loaded",
        ),
        schema="zendesk",
    )
    op.add_column(
        "recordings",
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=True,
            comment="keyed hash of the audio: tells damage, reveals nothing",
        ),
        schema="zendesk",
    )
    op.add_column(
        "recordings",
        sa.Column(
            "location",
            sa.Text(),
            nullable=True,
            comment="the sealed object's key in a store; NULL: recording_chunks",
        ),
        schema="zendesk",
    )
    op.add_column(
        "recordings",
        sa.Column("deleted_upstream_at", sa.DateTime(timezone=True), nullable=True),
        schema="zendesk",
    )
    op.drop_constraint(op.f("ck_recordings_state"), "recordings", schema="zendesk")
    op.create_check_constraint(
        op.f("ck_recordings_state"),
        "recordings",
        f"state in ({RECORDING_STATES})",
        schema="zendesk",
    )
    op.create_check_constraint(
        op.f("ck_organizations_upstream_recordings"),
        "organizations",
        "upstream_recordings in ('keep', 'delete')",
        schema="app",
    )
    _fill_author_roles()


def _fill_author_roles() -> None:
    """The role that authors have today is the best that is known of comments loaded before."""
    for table in ("zendesk.comments", "zendesk.users"):  # of every tenant: past the policy
        op.execute(f"alter table {table} no force row level security")
    op.execute("""
        update zendesk.comments as c set author_role = u.role
        from zendesk.users as u where c.org_id = u.org_id and c.author_id = u.id
    """)
    for table in ("zendesk.comments", "zendesk.users"):
        op.execute(f"alter table {table} force row level security")
