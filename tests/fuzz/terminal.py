"""Every command of the terminal with arguments that a slip of the hand, or malice, might give."""

import io
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

import typer
from hypothesis import strategies as st

from cli.main import app, main

SECONDS = 60.0
# They start servers, or wait for whoever comes: only what is refused at once is tried.
LASTING = {"up", "demo", "slack listen", "login"}
# They begin a day's work, or end one, where the organization is there.
WORKING = {"run", "daily", "backfill", "retention", "evaluate", "report", "org delete", "init"}
# It would have members then, and nothing more could be tried there by who is none.
WORKING |= {"member first-owner"}
# An administrator would be waited for.
UNUSED = {"help", "org", "browser"}
WORDS = (
    *("", " ", "-", "--", "-1", "0", "1", "9" * 30, "1e999", "nan", "true", "null", "*", "%s", "~"),
    *("no-such", "ACME", "a\nb", "a\tb", "a\x1b[31mb", "\udcff", "\u202e", "[bold]x[/", "{}", "[["),
    *("0001-01-01", "9999-12-31", "0001-01-01T00:00+14:00", "9999-12-31T23:59:59-14:00", "a::b"),
    *("2026-13-45", "2026-02-30", "2026-11-01T25:00Z", "24:00", "00:00", "Europe/Berlin", "Mars/X"),
    *("../../x", "no/such/file.md", ".", "http://[", "https://u:p@[::1", "file://", "s3://", "\\"),
    *("http://127.0.0.1:1/x", "'; drop table app.organizations; --", "x" * 5_000, "é" * 300, "@"),
    *("00000000-0000-0000-0000-000000000000", "12345678", "a@b.example", "+49 30 1", "a,,b"),
)
word = st.sampled_from(WORDS) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30
)


class HangError(Exception):
    """A command that does not end."""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return [one for one in self.err.splitlines() if one.startswith("vensor: ")]


def commands() -> dict[str, Any]:
    """Every command by its name, the groups' too."""
    return dict(_commands(typer.main.get_command(app), ""))


def _commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from _commands(one, f"{path}{name} ")
        else:
            yield f"{path}{name}", one


@st.composite
def arguments(draw: st.DrawFn, name: str, command: Any, slug: str) -> list[str]:
    """Arguments for a command: most of what it asks for, each as it may be or not."""
    told: list[str] = []
    for one in command.params:
        if one.name in UNUSED or not (one.required or draw(st.booleans())):
            continue
        if one.param_type_name == "argument":
            told += draw(st.lists(word, min_size=1, max_size=2 if one.nargs == -1 else 1))
        elif one.is_flag:
            told.append(draw(st.sampled_from([*one.opts, *one.secondary_opts])))
        else:
            told += [one.opts[-1], draw(_value(one))]
    orgs = ["no-such"] if name in WORKING else [slug, slug, slug, "no-such"]
    if any(one.name == "org" for one in command.params):
        told += ["--org", draw(st.sampled_from(orgs) | word)]
    elif name in WORKING:
        told.append("--no-such")
    if name in LASTING:
        told.append("--no-such")
    return [*name.split(), *told]


def _value(one: Any) -> st.SearchStrategy[str]:
    kind = one.bare_type
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from([str(each.value) for each in kind]) | word
    return st.integers(-(2**65), 2**65).map(str) | word if kind is int else word


def run(told: Sequence[str], stdin: str, environment: Mapping[str, str]) -> Ended:
    """What `vensor` does with these arguments, in this process; as at a terminal's other end."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", one) for one in (None, "backslashreplace")]
    kept = sys.argv, sys.stdin, sys.stdout, sys.stderr, dict(os.environ), os.umask(0o077)
    sys.argv = ["vensor", *told]
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode(errors="replace")), "utf-8")
    sys.stdout, sys.stderr = streams
    os.environ.update(environment)
    try:
        with _limited():
            main()
        status = 0
    except SystemExit as ended:
        status = int(ended.code or 0)
    finally:
        sys.argv, sys.stdin, sys.stdout, sys.stderr, before, mask = kept
        os.environ.clear()
        os.environ.update(before)
        os.umask(mask)
    out, err = (_read(one) for one in streams)
    return Ended(status, out, err)


def _read(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]


@contextmanager
def _limited() -> Iterator[None]:
    """Raises: HangError after a minute."""

    def stop(*_: object) -> None:
        raise HangError(" ".join(sys.argv))

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
