"""Search: what passages are compared by, and the functions that find them for one tenant."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC

revision = "0009"
down_revision = "0007"

CELLS = "ai.passage_cells"
# The table is written anew: a code for each vector that is there.
CODED = """
    alter table ai.ticket_chunks
        add column cell smallint not null default 0,
        add column code bit varying generated always as (ai.passage_code(embedding)) stored
"""
CELL = "the organization has cells of near passages; 0: in none yet"
SEARCHES = (
    "search.tickets(halfvec, text, integer, timestamptz, timestamptz, bigint[], text[],"
    " double precision, double precision)",
    "search.knowledge(halfvec, text, text, integer, text)",
)
# What search.knowledge calls and reads, which acts as its caller. Nothing lets readers name those
# tables: they have no right to the schema.
CALLED = (
    "ai.similarity(halfvec, halfvec)",
    "ai.of_length_one(halfvec)",
    "ai.dimension(halfvec)",
)
READ = {
    "knowledge.documents": "org_id, document_id, kind, title, url",
    "knowledge.chunks": "org_id, document_id, model, chunk_no, heading_path, body, dimension,"
    " embedding, words",
}


def upgrade() -> None:
    op.execute("create schema search")
    _create_cells()
    op.get_bind().exec_driver_sql(
        files("warehouse").joinpath("sql/search.sql").read_text().replace("%", "%%")
    )
    op.execute(CODED)
    op.get_bind().exec_driver_sql(f"comment on column ai.ticket_chunks.cell is '{CELL}'")
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
        sa.CheckConstraint("cell_no > 0", name=op.f("ck_passage_cells_cell_no")),
        sa.PrimaryKeyConstraint("org_id", "model", "cell_no", name=op.f("pk_passage_cells")),
        schema="ai",
    )
    op.execute(f"call app.isolate('{CELLS}')")
    op.execute(f"grant select, insert, update, delete on {CELLS} to vensor_loader")
    op.execute(f"grant select on {CELLS} to vensor_backup")


def _grant() -> None:
    op.execute("grant usage on schema search to vensor_loader, vensor_bi")
    op.execute("grant execute on function ai.passage_code(halfvec) to vensor_loader")
    for function in (*SEARCHES, *CALLED):
        op.execute(f"grant execute on function {function} to vensor_loader, vensor_bi")
    for table, columns in READ.items():
        op.execute(f"grant select ({columns}) on {table} to vensor_bi")
