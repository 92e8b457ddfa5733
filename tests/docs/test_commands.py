"""Every command that a page names is there, with the options that it is shown with."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli.main import app
from tests.docs.pages import ROOT, iter_code, pages

# A description, a comment, a pipe or a file comes after the command.
ENDS = re.compile(r"\s{2,}\S| +#| +[<>|&]|; |…\)")
CALLED = re.compile(r"(?:^|/|[(|] ?)vensor +(?=\S)")
HISTORY = {"CHANGELOG.md"}  # tells of commands as they were called then


def _calls(text: str) -> Iterator[list[str]]:
    """The words after `vensor`, of each call that a page shows."""
    for line in iter_code(text):
        for found in CALLED.finditer(line):
            rest = line[found.end() :]
            end = ENDS.search(rest)
            said = rest[: end.start()] if end is not None else rest
            yield said.replace("[", " ").replace("]", " ").split()


def _faults(words: list[str]) -> Iterator[str]:
    """What a call has that the terminal has not."""
    paths: list[list[str]] = [[]]
    commands: list[Any] = [get_command(app)]
    rest = list(words)
    while rest and hasattr(commands[0], "commands") and re.match(r"[a-z]", rest[0]):
        names = rest.pop(0).strip(".,:;").split("|")
        paths = [[*path, name] for path, name in product(paths, names)]
        missing = [name for name in names if name not in commands[0].commands]
        if missing:
            yield f"no command {' '.join(['vensor', *paths[0][:-1], missing[0]])}"
            return
        commands = [commands[0].commands[name] for name in names]
    for command in commands:
        known = {name for one in command.params for name in one.opts + one.secondary_opts}
        for word in rest:
            option = re.match(r"--[a-z][\w-]*", word)
            if option is not None and option[0] not in known | {"--help"}:
                yield f"{command.name} has no {option[0]}"


@pytest.mark.parametrize(
    "page",
    [page for page in pages() if page.name not in HISTORY],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_commands_are_there(page: Path) -> None:
    """With these names and options."""
    calls = list(_calls(page.read_text(encoding="utf-8")))
    assert [fault for call in calls for fault in _faults(call)] == []


def test_a_command_that_is_not_there_is_told() -> None:
    """Its name, or its option; also in a block, and of several that are written as one."""
    text = (
        "# A\n\nSee `vensor bake`, `vensor ai use --org a --bake` and `vensor hold place|bake`.\n\n"
        "    vensor run --org acme --bake     runs with --anything\n\n"
        "```sh\n.venv/bin/vensor org list --bake   # a list\n```\n"
    )
    told = [fault for call in _calls(text) for fault in _faults(call)]
    assert sorted(told) == [
        "list has no --bake",
        "no command vensor bake",
        "no command vensor hold bake",
        "run has no --bake",
        "use has no --bake",
    ]


def test_pages_show_many_commands() -> None:
    """The tests before hold for what is found; so it must be found."""
    shown = sum(len(list(_calls(page.read_text(encoding="utf-8")))) for page in pages())
    assert shown > 300
