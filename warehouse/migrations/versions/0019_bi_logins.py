"""BI logins read the views of the schema bi, no more the tables; logins are made by functions."""

from alembic import op

from warehouse.migrations.scripts import run_script

revision = "0019"
down_revision = "0018"

FUNCTIONS = [
    "app.login_group(text)",
    "app.grant_login(text, text, integer)",
    "app.close_login(text)",
    "app.drop_login(text)",
]


def upgrade() -> None:
    # Cells of few people are folded in the views; who read the tables would see them.
    op.execute("revoke usage on schema metrics from vensor_bi")
    _make_logins()


def _make_logins() -> None:
    """Functions that act as vensor_grantor, made by itself: it may create here only meanwhile."""
    op.execute("grant usage, create on schema app to vensor_grantor")
    op.execute("grant select, insert, delete on app.logins to vensor_grantor")
    op.execute("grant execute on function app.org_id() to vensor_grantor")
    op.execute("set local role vensor_grantor")
    run_script("logins.sql")
    for function in FUNCTIONS:
        op.execute(f"revoke execute on function {function} from public")
    for function in FUNCTIONS[1:]:
        op.execute(f"grant execute on function {function} to vensor_loader")
    op.execute("set local role vensor_owner")
    op.execute("revoke create on schema app from vensor_grantor")
