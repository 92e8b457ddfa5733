"""The page docs/commands.md, made of the commands themselves: `python -m cli.reference`."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import typer
from typer.main import get_command

from cli.main import app
from tasks.identity.roles import ROLES
from tasks.settings import PROJECT

PAGE = PROJECT / "docs" / "commands.md"
EXAMPLE = re.compile(r"\[bold\](.*?)\[/bold\]", re.DOTALL)
BEGIN = """\
# The commands

Made of the commands themselves by `make pages`: change a command, not this page. `vensor COMMAND
--help` says the same. Roles count where people [sign in](members.md); else one local operator may
do everything.
"""


def written() -> str:
    """The whole page: a table of all commands, then each with its options."""
    commands = list(_commands(get_command(app)))
    return "\n".join([BEGIN, *_table(commands), *(_section(*one) for one in commands)])


def _commands(group: Any, path: str = "vensor") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _table(commands: Iterable[tuple[str, Any]]) -> Iterator[str]:
    yield "| command | what it does |\n|---|---|"
    for path, command in commands:
        yield f"| [`{path}`](#{path.replace(' ', '-')}) | {_cell(_told(command)[0])} |"
    yield ""


def _section(path: str, command: Any) -> str:
    """A command's words, examples, roles and options."""
    context = typer.Context(command, info_name=path)
    words = "\n\n".join(_told(command))
    examples = "".join(f"    {one}\n" for one in EXAMPLE.findall(command.help))
    parts = [f"## {path}", words, examples.rstrip("\n"), _who(command)]
    given = [one.get_help_record(context) for one in command.params]
    rows = [f"| `{_cell(name)}` | {_cell(said)} |" for name, said in filter(None, given)]
    if rows:
        parts.append("\n".join(["| option | |\n|---|---|", *rows]))
    return "\n\n".join(filter(None, parts)) + "\n"


def _told(command: Any) -> list[str]:
    """The paragraphs of a command's docstring but for its examples."""
    paragraphs = str(command.help).split("\n\n")
    return [" ".join(one.split()) for one in paragraphs if not one.startswith("Example")]


def _who(command: Any) -> str:
    """Which roles may use it; nothing of a command that asks for none."""
    operations: dict[str, frozenset[str]] = getattr(command.callback, "operations", {})
    lines = []
    for name, roles in operations.items():
        may = ", ".join(role for role in ROLES if role in roles)
        lines.append(f"`{name}`: {'every role' if len(roles) == len(ROLES) else may}.")
    return "  \n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
