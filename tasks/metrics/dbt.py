"""Running dbt: as a process of its own, as the transformer, bounded by row-level security.

A process, because dbt's invocations within one interfere with each other; and the organization
is a setting of its connection, so that no model can forget it.
"""

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from sqlalchemy import URL

from tasks.errors import PermanentError, TransientError
from tasks.metrics.process import DBT, running, stop

MARKED = ("metrics", "fct_ticket_flow_daily")
OnNode = Callable[[str, int, int], None]
PARSED = "partial_parse.msgpack"
# What a build tells its models, as settings of the session: unless told, nothing has happened.
NOTHING_TOLD = {
    "as_of": "1970-01-01T00:00:00+00:00",
    "loaded_after": "-infinity",
    "backfilled_on": "",
}
WRITTEN = ("slice", "fact", "daily")
FINISHED = {"LogModelResult", "LogTestResult"}
# The planner does not see through window functions: it would loop over a million rows for each of
# a million. Models join on tenant and ticket, for which hash joins are always fine. A page by an
# index costs about what the next one does: what a day's build reads was written lately.
SESSION = (
    "-c timezone=UTC -c lock_timeout=60s -c statement_timeout=30min"
    " -c enable_nestloop=off -c jit=off -c work_mem=64MB -c random_page_cost=1.1"
)
# What a URL may ask of a connection, and the variable by which libpq is told.
LIBPQ = {
    "hostaddr": "PGHOSTADDR",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
}
# Messages of PostgreSQL, and of its client, after which the same statement may well succeed.
PASSING = (
    "deadlock detected",
    "lock timeout",
    "terminating connection",
    "closed the connection",
    "could not receive data from server",
    "could not send data to server",
    "the database system is",  # starting up, shutting down, in recovery
)


@dataclass(frozen=True)
class BuildResult:
    """What a build did. `rows` are those that it wrote into metric tables."""

    models: int
    tests: int
    rows: int
    seconds: float


def prepare(transformer: URL, *, target_dir: Path) -> None:
    """Creates views and empty metric tables where this version of the project hasn't yet.

    Which version a warehouse has is told by a comment on a table of its own.

    Raises: PermanentError naming the models that dbt could not make, TransientError when the
    warehouse is not reachable.
    """
    version = project_version()
    with _connected(transformer) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended('vensor dbt', 0))")
        found = connection.execute(
            "select obj_description(to_regclass(%s), 'pg_class')", [".".join(MARKED)]
        ).fetchone()
        if found == (version,):
            return
        _run(["run"], transformer, target_dir=target_dir / "prepare", preparing=True)
        connection.execute(
            sql.SQL("comment on table {} is {}").format(
                sql.Identifier(*MARKED), sql.Literal(version)
            )
        )


def build(
    transformer: URL,
    *,
    org_id: UUID,
    as_of: datetime,
    loaded_after: datetime | None,
    target_dir: Path,
    backfilled_on: date | None = None,
    on_node: OnNode | None = None,
) -> BuildResult:
    """Builds the metric tables of one organization as of an instant.

    Computed are the tickets of which anything was loaded after `loaded_after`; all for None.
    `backfilled_on` is a day past the clock that is measured as well. Only tables are written:
    views are shared, and made by `prepare`. `on_node` is told each model as it ends, with how many
    have and how many there are.

    Raises: PermanentError naming the models that failed, TransientError when the warehouse is not
    reachable.
    """
    arguments = ["run", "--select", *(f"config.materialized:{kind}" for kind in WRITTEN)]
    told = {"as_of": as_of.isoformat()}
    if loaded_after is not None:
        told["loaded_after"] = loaded_after.isoformat()
    if backfilled_on is not None:
        told["backfilled_on"] = backfilled_on.isoformat()
    return _run(
        arguments,
        transformer,
        org_id=org_id,
        target_dir=target_dir / str(org_id),
        told=told,
        on_node=on_node,
    )


def run_tests(transformer: URL, *, org_id: UUID, target_dir: Path) -> BuildResult:
    """Runs every test of the project: the worked examples, and each model's on these rows.

    Raises: PermanentError naming those that failed.
    """
    return _run(["test"], transformer, org_id=org_id, target_dir=target_dir / "tests")


def describe(transformer: URL, *, target_dir: Path) -> Path:
    """The page that describes every model and column and what each is made of; it needs no network.

    Raises: PermanentError where a model cannot be compiled.
    """
    _run(["docs", "generate", "--static"], transformer, target_dir=target_dir)
    return target_dir / "static_index.html"


def _run(
    arguments: list[str],
    transformer: URL,
    *,
    target_dir: Path,
    org_id: UUID | None = None,
    told: Mapping[str, str] = NOTHING_TOLD,
    preparing: bool = False,
    on_node: OnNode | None = None,
) -> BuildResult:
    target_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    _connected(transformer).close()  # dbt would take seconds to find that there is no warehouse
    started = time.monotonic()
    environment = _environment(transformer, org_id, target_dir, {**NOTHING_TOLD, **told})
    environment["VENSOR_DBT_PREPARE"] = "yes" if preparing else ""
    _lend(target_dir)
    with running(arguments, environment, target_dir) as process:
        try:
            for done, (name, total) in enumerate(_finished(process), start=1):
                if on_node is not None:
                    on_node(name, done, total)
        except BaseException:
            stop(process)
            raise
    results = _results(target_dir / "run_results.json", process.returncode, transformer)
    _keep(target_dir)
    return _counted(results, time.monotonic() - started)


def _lend(target_dir: Path) -> None:
    """The project as it was parsed last, for whomever: parsing it takes longer than a build."""
    kept, own = target_dir.parent / PARSED, target_dir / PARSED
    if kept.exists() and not own.exists():
        shutil.copyfile(kept, own)


def _keep(target_dir: Path) -> None:
    kept, own = target_dir.parent / PARSED, target_dir / PARSED
    if own.exists() and (not kept.exists() or kept.stat().st_mtime < own.stat().st_mtime):
        copy = kept.with_suffix(f".{uuid4().hex}")  # containers with one home have the same pids
        shutil.copyfile(own, copy)
        copy.replace(kept)  # whoever lends it meanwhile has the old one, whole


def _finished(process: "subprocess.Popen[str]") -> Iterator[tuple[str, int]]:
    """Each model or test of dbt's log as it ends, and how many there are. Nothing else is read."""
    for line in process.stdout or ():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # not an event: a warning of some library's
        if event.get("info", {}).get("name") in FINISHED:
            data = event["data"]
            # a test's event says "models" and means nodes
            yield data["node_info"]["node_name"], data.get("total") or data["num_models"]


def _results(path: Path, status: int, transformer: URL) -> list[dict[str, Any]]:
    """What dbt wrote of each node. The file goes: its messages may quote a row that failed."""
    results: list[dict[str, Any]] = []
    if path.exists():
        results = json.loads(path.read_text())["results"]
        path.unlink()
    failed = [one for one in results if one["status"] in {"error", "fail", "runtime error"}]
    if status == 0 and not failed:
        return results
    names = ", ".join(one["unique_id"] for one in failed) or "no node: its project or connection"
    message = f"dbt failed (status {status}) in {names}"
    if any(said in (one.get("message") or "") for one in failed for said in PASSING):
        raise TransientError(message)
    with _connected(transformer):  # raises TransientError where the reason is the connection
        raise PermanentError(message)


def _counted(results: list[dict[str, Any]], seconds: float) -> BuildResult:
    models = [one for one in results if one["unique_id"].startswith("model.")]
    rows = sum(max(one["adapter_response"].get("rows_affected", 0), 0) for one in models)
    hooks = [one for one in results if one["unique_id"].startswith("operation.")]
    return BuildResult(len(models), len(results) - len(models) - len(hooks), rows, seconds)


def _connected(transformer: URL) -> psycopg.Connection[tuple[Any, ...]]:
    url = transformer.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return psycopg.connect(url, connect_timeout=10)
    except psycopg.OperationalError:
        raise TransientError("the warehouse is not reachable for dbt") from None


def _environment(
    transformer: URL, org_id: UUID | None, target_dir: Path, told: Mapping[str, str]
) -> dict[str, str]:
    """Nothing of the caller's but its path; the password under the prefix that dbt never logs."""
    tenant = "" if org_id is None else str(org_id)
    settings = [f"-c app.{name}={value}" for name, value in told.items()]
    asked = {
        name: str(transformer.query[key]) for key, name in LIBPQ.items() if key in transformer.query
    }
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HOME": str(target_dir),
        "DO_NOT_TRACK": "1",
        "DBT_TARGET_PATH": str(target_dir),
        "DBT_LOG_PATH": str(target_dir),
        "PGOPTIONS": " ".join([SESSION, f"-c app.org_id={tenant}", *settings]),
        "VENSOR_DBT_HOST": transformer.host or str(transformer.query.get("host", "")),  # a socket
        "VENSOR_DBT_PORT": str(transformer.port or 5432),
        "VENSOR_DBT_USER": transformer.username or "",
        "VENSOR_DBT_DATABASE": transformer.database or "",
        "DBT_ENV_SECRET_PASSWORD": transformer.password or "",
        **asked,
    }


def project_version() -> str:
    """Changes with any file of the project."""
    digest = hashlib.sha256()
    for path in sorted(DBT.rglob("*")):
        if path.suffix in {".sql", ".yml"}:
            digest.update(str(path.relative_to(DBT)).encode() + path.read_bytes())
    return f"dbt project {digest.hexdigest()[:16]}"
