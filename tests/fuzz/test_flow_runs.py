"""Flows with parameters that pass their form and are none: run as they are, on a real server."""

import json
import subprocess
import sys
from typing import Any

from tests.flows.conftest import Terminal, terminal, vensor_home  # noqa: F401
from tests.fuzz.tally import ERROR, LOADED, OTHER, tallied
from tests.fuzz.test_flows import DEPLOYMENTS

# One process for all of them: each line tells how one ended.
RUNS = """
import json, sys
from cli import orchestrator
from tasks.settings import load_settings
orchestrator.configure(load_settings().home)
from prefect.flows import load_flow_from_entrypoint
for entrypoint, told in json.load(sys.stdin):
    try:
        state = load_flow_from_entrypoint(entrypoint)(**told, return_state=True)
        error = state.result(raise_on_failure=False)
    except Exception as raised:
        error = raised
    failed = isinstance(error, BaseException)
    print(json.dumps([type(error).__name__, str(error) if failed else ""]), flush=True)
"""
SLUGS = ("no-such", "", "a\nb", "%s", "'; drop table x; --", "x" * 5_000, "\u202e", "../..")
INSTANTS = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1960-01-01", "2026-13-45")
# Over all organizations there is nothing to be refused.
EVERYWHERE = {"daily"}
NEEDED: dict[str, dict[str, Any]] = {
    "backfill": {"from_day": "0001-01-01", "to_day": "9999-12-31"},
    "privacy-requests": {"kind": "access", "zendesk_user_id": 2**70},
}


def _cases() -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for one in DEPLOYMENTS:
        name, entrypoint = one["name"], one["entrypoint"]
        slug = "slug" if name == "organization" else "org"
        needed = NEEDED.get(name, {})
        if name not in EVERYWHERE:
            found += [(name, entrypoint, {slug: told, **needed}) for told in SLUGS]
        if name not in {"knowledge", "keys", "privacy-requests"}:
            org = {} if name in EVERYWHERE else {slug: "no-such"}
            found += [(name, entrypoint, {**org, **needed, "as_of": told}) for told in INSTANTS]
    return found


def test_each_run_ends_with_one_line_that_says_why(terminal: Terminal) -> None:  # noqa: F811
    """None is an unexpected error, whatever was asked."""
    cases = _cases()
    done = subprocess.run(
        [sys.executable, "-c", RUNS],
        input=json.dumps([one[1:] for one in cases]),
        env=terminal.environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == len(cases), done.stderr[-2_000:]
    with tallied("flow runs") as tally:
        for case, (kind, said) in zip(cases, lines, strict=True):
            clear = "please report this" not in said and (
                kind == "ParameterTypeError" or "\n" not in said
            )
            assert clear, (case, kind, said)
            tally.add(OTHER if not clear else ERROR if said else LOADED)
