"""Data keys rotate; that of the blind indexes, which cannot, is one of its own."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    bind = op.get_bind()
    for column in ("retired_at", "emptied_at"):
        bind.exec_driver_sql(f"alter table keys.org_keys add column {column} timestamptz")
    bind.exec_driver_sql("alter table keys.org_keys drop constraint ck_org_keys_purpose")
    bind.exec_driver_sql(
        "alter table keys.org_keys add constraint ck_org_keys_purpose"
        " check (purpose in ('organization', 'index', 'content'))"
    )
    # What was one key for both stays the index's; secrets sealed under it go on opening, by its
    # id, and the next secret makes a key of its own.
    bind.exec_driver_sql("alter table keys.org_keys no force row level security")
    bind.exec_driver_sql(
        "update keys.org_keys set purpose = 'index' where purpose = 'organization'"
    )
    bind.exec_driver_sql("alter table keys.org_keys force row level security")
