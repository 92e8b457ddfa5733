"""Commands in this process, against a warehouse whose users sign in."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from click.testing import Result
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from cli.main import app
from tasks.errors import VensorError
from tests.supabase import Supabase
from warehouse.members import put
from warehouse.sessions import Organization, tenant_session

Vensor = Callable[..., Result]
SignIn = Callable[[str | None], UUID]


@pytest.fixture
def vensor(
    settings_environment: None, supabase: Supabase, monkeypatch: pytest.MonkeyPatch
) -> Vensor:
    """Runs a command in this process, against a warehouse whose users sign in."""
    monkeypatch.setenv("VENSOR_SUPABASE_URL", supabase.url)
    return lambda *arguments, stdin="": CliRunner().invoke(app, arguments, input=stdin)


@pytest.fixture
def acting(
    supabase: Supabase, engine: Engine, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> SignIn:
    """Signs in a new user with this role in the organization."""

    def sign_in(role: str | None) -> UUID:
        user_id = uuid4()
        if role is not None:
            give(engine, organization, user_id, role)
        monkeypatch.setenv("VENSOR_TOKEN", supabase.token(user_id))
        return user_id

    return sign_in


def give(engine: Engine, organization: Organization, user_id: UUID, role: str) -> None:
    with tenant_session(engine, organization.org_id) as connection:
        put(connection, organization.org_id, user_id, role)


def trail(engine: Engine, organization: Organization) -> list[tuple[str, str, str, dict]]:
    with tenant_session(engine, organization.org_id) as connection:
        rows = connection.execute(
            text("select actor, action, purpose, details from audit.events order by happened_at")
        )
        return [tuple(row) for row in rows]


def roles_of(engine: Engine, organization: Organization) -> dict[UUID, str]:
    with tenant_session(engine, organization.org_id) as connection:
        return dict(connection.execute(text("select user_id, role from app.members")).all())


def refused(result: Result, said: str) -> None:
    assert result.exit_code == 1
    assert isinstance(result.exception, VensorError), result.exception
    assert re.search(said, str(result.exception)), result.exception
