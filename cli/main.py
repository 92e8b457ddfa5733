"""The command `vensor`. Every error is one line on stderr that says what to do."""

import os
import re
import sys
from typing import NoReturn

import typer

from cli import (
    ai,
    assess,
    audit,
    backfill,
    bi,
    checks,
    connect,
    demo,
    doctor,
    escalation_rules,
    escalations,
    evaluate,
    holds,
    identity,
    inventory,
    keys,
    knowledge,
    label,
    members,
    offboarding,
    operate,
    organizations,
    privacy,
    quality,
    quarantine,
    read,
    report,
    restore,
    retention,
    rights,
    search,
    slack,
    sop,
    up,
)
from cli.display import show_retries
from tasks.errors import VensorError
from tasks.failures import in_one_line
from tasks.sanitising import without_values
from tasks.sentry import report_error

INTERRUPTED = 130
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

app = typer.Typer(
    name="vensor",
    help=(
        "Support tickets and calls into metric tables; the people in them encrypted, isolated"
        " and gone after their time."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)
for module in (
    ai,
    organizations,
    offboarding,
    members,
    identity,
    connect,
    operate,
    up,
    backfill,
    retention,
    holds,
    read,
    checks,
    knowledge,
    sop,
    search,
    assess,
    bi,
    quality,
    quarantine,
    privacy,
    inventory,
    restore,
    audit,
    rights,
    label,
    keys,
    doctor,
    evaluate,
    escalations,
    escalation_rules,
    report,
    slack,
    demo,
):
    module.register(app)


def main() -> None:
    """Runs the command that the terminal names; exits 1 on an error, 130 on Ctrl-C."""
    os.umask(0o077)
    show_retries()
    try:
        status = app(standalone_mode=False)
    except VensorError as error:
        _fail(in_one_line(error), 1)
    except typer.TyperException as error:
        usage = getattr(error, "ctx", None)
        hint = f" See `{usage.command_path} --help`." if usage is not None else ""
        _fail(f"{error}{hint}", 2)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:
        os._exit(0)  # whoever read the output has seen enough
    except Exception as error:
        if isinstance(error, OSError) and _is_given(error.filename):
            _fail(f"cannot use {error.filename} ({error.strerror})", 1)
        report_error(error, step="terminal")
        _fail(in_one_line(without_values(error)), 1)
    if status == INTERRUPTED:
        _fail("stopped; the same command goes on from here", INTERRUPTED)
    sys.exit(status or 0)


def _is_given(path: object) -> bool:
    """Whether this is a path that the terminal named, or one below it."""
    given = (os.path.abspath(one.rpartition("=")[2]) for one in sys.argv[1:] if one.strip("-"))
    told = os.path.abspath(str(path))
    return path is not None and any(told == one or told.startswith(f"{one}/") for one in given)


def _fail(message: str, status: int) -> NoReturn:
    """What was given may be in the message: nothing of it ends the line or moves the cursor."""
    told = CONTROL.sub(lambda found: repr(found[0])[1:-1], message)
    print(f"vensor: {told}", file=sys.stderr)  # noqa: T201
    sys.exit(status)
