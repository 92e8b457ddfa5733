"""The command `vensor`. Every error is one line on stderr that says what to do."""

import os
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
        report_error(error, step="terminal")
        _fail(in_one_line(without_values(error)), 1)
    if status == INTERRUPTED:
        _fail("stopped; the same command goes on from here", INTERRUPTED)
    sys.exit(status or 0)


def _fail(message: str, status: int) -> NoReturn:
    print(f"vensor: {message}", file=sys.stderr)  # noqa: T201
    sys.exit(status)
