"""Search: what passages are compared by, and the functions that find them for one tenant."""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC

from warehouse.migrations.scripts import run_script

revision = "0011"
down_revision = "0010"

CELLS = "ai.passage_cells"
CELL = "of the organization''s cells of near passages; 0: in none yet"
# The table is written anew: a code for each vector that is there.
CODED = f"""
    alter table ai.ticket_chunks
        add column cell smallint not null default 0,
        add constraint ck_ticket_chunks_cell check (cell between 0 and 256),
        add column code bit varying generated always as (ai.passage_code(embedding)) stored;
    comment on column ai.ticket_chunks.cell is '{CELL}';
"""
SEARCHES = (
    "search.tickets(halfvec, text, integer, timestamptz, timestamptz, bigint[], text[],"
    " bigint[], double precision, double precision)",
    "search.knowledge(halfvec, text, text, integer, text, timestamptz, timestamptz)",
)


def upgrade() -> None:
    op.execute("create schema search")
    _create_cells()
    run_script("search.sql")
    op.get_bind().exec_driver_sql(CODED)
    op.create_index(
        op.f("ix_ticket_chunks_org_id_model_cell"),
        "ticket_chunks",
        ["org_id", "model", "cell"],
        schema="ai",
        postgresql_include=[
            "ticket_id",
            "comment_id",
            "source",
            "chunk_no",
            "changed_at",
            "dimension",
            "code",
        ],
    )
    # Under row-level security no plan can use it: a match of words may not come before the tenant.
    op.drop_index("ix_chunks_words", table_name="chunks", schema="knowledge")
    _grant()


def _create_cells() -> None:
    op.create_table(
        "passage_cells",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("cell_no", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column(
            "centroid",
            HALFVEC(),
            nullable=False,
            comment="L2-normalised mean of many passages' vectors",
        ),
        sa.Column("passages", sa.BigInteger(), nullable=False, comment="in it when it was made"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cell_no between 1 and 256", name=op.f("ck_passage_cells_cell_no")),
        sa.PrimaryKeyConstraint("org_id", "model", "cell_no", name=op.f("pk_passage_cells")),
        schema="ai",
    )
    op.execute(f"call app.isolate('{CELLS}')")
    op.execute(f"grant select, insert, update, delete on {CELLS} to vensor_loader")
    op.execute(f"grant select on {CELLS} to vensor_backup")


def _grant() -> None:
    op.execute("grant usage on schema search to vensor_loader, vensor_bi")
    for function in SEARCHES:
        op.execute(f"grant execute on function {function} to vensor_loader, vensor_bi")
    # what a row's code is made by, and what places it into a cell
    for function in ("ai.passage_code(halfvec)", "ai.similarity(halfvec, halfvec)"):
        op.execute(f"grant execute on function {function} to vensor_loader")
