"""`vensor privacy erase` and `rectify`: what they say, whom they let, what they ask for."""

from datetime import datetime

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from tasks.resources import Resources, opened
from tasks.rights import approve, named
from tests.tasks.rights.desk import EMAIL, MARIA, Desk
from warehouse.requests import find_all


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["privacy", *arguments], input=stdin)


@pytest.fixture
def desk(resources: Resources, as_of: datetime) -> Desk:
    made = Desk(resources, as_of)
    made.load_all()
    return made


def test_a_person_is_erased_by_two(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One asks and is told who must agree and how; nothing that is printed names anyone."""
    org = ("--org", desk.resources.organization.slug)
    asked = run("erase", *org, "--email", "-", stdin=f"{EMAIL}\n")
    assert asked.exit_code == 0, asked.output
    with desk.resources.session() as connection:
        (request,) = find_all(connection, states=["open"])
    name = str(request.request_id)
    assert f"vensor privacy approve {' '.join(org)} {name}" in asked.output
    early = run("erase", *org, "--request", name)
    assert "is not approved" in str(early.exception)
    with monkeypatch.context() as other:
        other.setenv("VENSOR_ACTOR", "local:officer")
        with opened(desk.resources.organization.slug) as theirs:
            approve(theirs, request.request_id)
    done = run("erase", *org, "--request", name)
    assert done.exit_code == 0, done.output
    assert "nothing of the person is found any more" in done.output
    for output in (asked.output, done.output):
        assert EMAIL not in output
        assert str(MARIA) not in output
    assert named(desk.resources, email=EMAIL).user_ids == ()


def test_a_person_is_put_right_from_stdin(desk: Desk) -> None:
    """Neither the address nor the value stands in the command or in what it prints."""
    org = ("--org", desk.resources.organization.slug)
    done = run(
        "rectify", *org, "--email", "-", "--field", "email", stdin=f"{EMAIL}\nm@example.org\n"
    )
    assert done.exit_code == 0, done.output
    assert "example" not in done.output
    assert named(desk.resources, email="m@example.org").user_ids == (MARIA,)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("erase",), "by one of --email, --phone and --zendesk-id"),
        (("erase", "--email", "nobody"), "not an e-mail"),
        (("erase", "--zendesk-id", "1", "--request", str(MARIA).zfill(32)), "either --request or"),
        (("erase", "--request", "0" * 32), "no request"),
        (("rectify", "--zendesk-id", "1", "--field", "shoe", "--value", "39"), "no field 'shoe'"),
        (("rectify", "--zendesk-id", "1", "--field", "name"), "nothing came on stdin"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    desk: Desk, arguments: tuple[str, ...], said: str
) -> None:
    result = run(*arguments, "--org", desk.resources.organization.slug)
    assert result.exit_code == 1
    assert said in str(result.exception)
