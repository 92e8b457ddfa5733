"""Commands with wrong arguments: a status that scripts can read, and at most one line of error."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina
from hypothesis import given

from tests.fuzz.tally import ERROR, LOADED, OTHER, Tally, examples, tallied
from tests.fuzz.terminal import Ended, arguments, commands, run, word
from warehouse.sessions import Organization

# Nothing leaves this machine, whatever address is made up.
NOWHERE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")


@pytest.fixture(scope="module")
def tally() -> Iterator[Tally]:
    with tallied("commands") as found:
        yield found


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    stamina.set_testing(True, attempts=1)
    yield
    stamina.set_testing(False)


def test_every_command_ends_with_at_most_one_line_of_error(
    settings_environment: None,
    organization: Organization,
    tmp_path: Path,
    tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None is left out: the terminal itself says which there are."""
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    found, odd = commands(), []
    assert len(found) > 80
    for name, command in found.items():

        @examples(1)
        @given(arguments(name, command, organization.slug), word)
        def fumble(told: list[str], stdin: str) -> None:
            ended = run(told, stdin, NOWHERE)
            outcome = _outcome(ended)
            tally.add(outcome)
            if outcome == OTHER:
                odd.append((told, ended))

        fumble()
    assert odd == []


def test_a_path_that_cannot_be_is_told_by_its_name(settings_environment: None) -> None:
    """Whatever the system has against it, and whatever command it was given to."""
    ended = run(["org", "delete", "--org", "no-such", "--out", "é" * 300], "", NOWHERE)
    assert (ended.status, len(ended.errors)) == (1, 1)
    assert re.search("cannot use é+.* \\(File name too long\\)", ended.err)


def _outcome(ended: Ended) -> str:
    """What it is counted as; how many lines it may take is part of that."""
    lines = ended.err.splitlines()
    is_clear = ended.status in {0, 1, 2} and "Traceback" not in ended.err
    is_clear &= "please report this" not in ended.err and len(ended.errors) <= 1
    is_clear &= not ended.errors or lines[-1] == ended.errors[0]
    if not is_clear or (ended.status == 2 and len(lines) != 1):
        return OTHER
    return LOADED if ended.status == 0 else ERROR
