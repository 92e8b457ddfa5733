"""Running dbt: as a process of its own, as the transformer, bounded by row-level security.

A process, because dbt's invocations within one interfere with each other; and the organization
is a setting of its connection, so that no model can forget it.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import URL

from tasks.errors import PermanentError, TransientError
from tasks.settings import PROJECT

DBT = PROJECT / "dbt"
MARKER = "metrics.fct_ticket_flow_daily"
OnNode = Callable[[str, int, int], None]
FINISHED = {"LogModelResult", "LogTestResult"}


@dataclass(frozen=True)
class BuildResult:
    """What a build did. `rows` are those that it wrote into metric tables."""

    models: int
    tests: int
    rows: int
    seconds: float


def prepare(transformer: URL, *, target_dir: Path) -> None:
    """Creates views and empty metric tables where this version of the project hasn't yet.

    Raises: PermanentError naming the models that dbt could not make.
    """
    version = _project_version()
    with psycopg.connect(
        transformer.set(drivername="postgresql").render_as_string(hide_password=False)
    ) as connection:
        found = connection.execute(
            "select obj_description(to_regclass(%s), 'pg_class')", [MARKER]
        ).fetchone()
        if found == (version,):
            return
        _run(["run"], transformer, org_id=None, target_dir=target_dir / "prepare", on_node=None)
        connection.execute(
            psycopg.sql.SQL("comment on table {} is {}").format(
                psycopg.sql.Identifier(*MARKER.split(".")), psycopg.sql.Literal(version)
            )
        )


def build(
    transformer: URL,
    *,
    org_id: UUID,
    as_of: datetime,
    target_dir: Path,
    on_node: OnNode | None = None,
) -> BuildResult:
    """Builds and tests the metric tables of one organization as of an instant.

    Only the incremental tables: views are shared, and made by `prepare`. `on_node` is told each
    model or test as it ends, with how many have and how many there are.

    Raises: PermanentError naming the models and tests that failed, TransientError when the
    warehouse is not reachable.
    """
    variables = json.dumps({"as_of": as_of.isoformat()})
    arguments = ["build", "--select", "config.materialized:incremental"]
    arguments += ["--exclude-resource-type", "unit_test", "--vars", variables]
    return _run(
        arguments, transformer, org_id=org_id, target_dir=target_dir / str(org_id), on_node=on_node
    )


def run_unit_tests(transformer: URL, *, target_dir: Path) -> BuildResult:
    """Runs dbt's unit tests: the written examples of each metric."""
    return _run(
        ["test", "--select", "test_type:unit"],
        transformer,
        org_id=None,
        target_dir=target_dir / "unit",
        on_node=None,
    )


def _run(
    arguments: list[str],
    transformer: URL,
    *,
    org_id: UUID | None,
    target_dir: Path,
    on_node: OnNode | None,
) -> BuildResult:
    target_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    (target_dir / "run_results.json").unlink(missing_ok=True)
    started = time.monotonic()
    command = [sys.executable, "-m", "dbt.cli.main", "--log-format", "json", "--no-use-colors"]
    command += ["--log-level-file", "none", "--no-version-check", "--no-static-parser"]
    with subprocess.Popen(
        [*command, *arguments, "--project-dir", str(DBT), "--profiles-dir", str(DBT)],
        cwd=target_dir,
        env=_environment(transformer, org_id, target_dir),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            for event in _events(process):
                _tell(event, on_node)
        except BaseException:
            process.send_signal(signal.SIGINT)
            raise
    results = _results(target_dir, process.returncode)
    return _counted(results, time.monotonic() - started)


def _events(process: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    """dbt's log, event by event. Only names and counts are taken from it."""
    for line in process.stdout or ():
        try:
            yield json.loads(line)
        except ValueError:
            continue  # not an event: a warning of some library's


def _tell(event: dict[str, Any], on_node: OnNode | None) -> None:
    if on_node is None or event.get("info", {}).get("name") not in FINISHED:
        return
    data = event["data"]
    on_node(data["node_info"]["node_name"], data["index"], data.get("total", data.get("num_models", 0)))


def _results(target_dir: Path, status: int) -> list[dict[str, Any]]:
    path = target_dir / "run_results.json"
    if not path.exists():
        raise TransientError(f"dbt ended with {status} before it ran anything: is the warehouse up?")
    results: list[dict[str, Any]] = json.loads(path.read_text())["results"]
    failed = [one["unique_id"] for one in results if one["status"] in {"error", "fail"}]
    if failed or status != 0:
        raise PermanentError(f"dbt failed (status {status}) in {', '.join(failed) or 'no node'}")
    return results


def _counted(results: list[dict[str, Any]], seconds: float) -> BuildResult:
    models = [one for one in results if one["unique_id"].startswith("model.")]
    rows = sum(int(one["adapter_response"].get("rows_affected") or 0) for one in models)
    return BuildResult(len(models), len(results) - len(models), max(rows, 0), seconds)


def _environment(transformer: URL, org_id: UUID | None, target_dir: Path) -> dict[str, str]:
    """Nothing of the caller's but its path; the password under the prefix that dbt never logs."""
    tenant = "" if org_id is None else str(org_id)
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HOME": str(target_dir),
        "DO_NOT_TRACK": "1",
        "DBT_TARGET_PATH": str(target_dir),
        "DBT_LOG_PATH": str(target_dir),
        "PGOPTIONS": f"-c app.org_id={tenant}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "VENSOR_DBT_HOST": transformer.host or "",
        "VENSOR_DBT_PORT": str(transformer.port or 5432),
        "VENSOR_DBT_USER": transformer.username or "",
        "VENSOR_DBT_DATABASE": transformer.database or "",
        "VENSOR_DBT_SSLMODE": str(transformer.query.get("sslmode", "prefer")),
        "DBT_ENV_SECRET_PASSWORD": transformer.password or "",
    }


def _project_version() -> str:
    """Changes with any file of the project."""
    digest = hashlib.sha256()
    for path in sorted(DBT.rglob("*")):
        if path.suffix in {".sql", ".yml"}:
            digest.update(str(path.relative_to(DBT)).encode() + path.read_bytes())
    return f"dbt project {digest.hexdigest()[:16]}"
