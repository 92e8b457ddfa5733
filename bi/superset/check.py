"""`make test-superset`: the bundle in a real Superset, on the figures of one of two organizations.

Starts a warehouse and a Superset of its own in a temporary folder, imports the bundle as a user
does, and asks every chart for its data. Each must have rows, and none of the other organization.

    python bi/superset/check.py --venv .superset-venv [--pictures FOLDER]
"""

import argparse
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import bundle
import filling
import httpx
import psycopg

from tasks.metrics.dbt import prepare
from warehouse import embedded
from warehouse.bootstrap import initialise_embedded
from warehouse.logins import grant
from warehouse.migrate import migrate
from warehouse.organizations import add_organization
from warehouse.sessions import Logins, engine_for, find_organization, tenant_session

SLUGS = ("acme", "globex")
START_SECONDS = 180.0
CONFIGURATION = """
SECRET_KEY = {secret!r}
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"
WTF_CSRF_ENABLED = False  # it answers on loopback, to this program
TALISMAN_ENABLED = False
RATELIMIT_ENABLED = False
"""


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


@contextmanager
def timed(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - started:.1f} s")


def filled_warehouse(folder: Path) -> str:
    """The URL of a BI login of the first of two organizations, as `vensor bi grant` prints it."""
    logins = initialise_embedded(folder / "warehouse")
    migrate(logins.migrator)
    prepare(logins.transformer, target_dir=folder / "dbt")
    engine = engine_for(logins.loader)
    for slug in SLUGS:
        add_organization(engine, slug=slug, name=slug, timezone="UTC", retention_days=30)
    organizations = [find_organization(engine, slug).org_id for slug in SLUGS]
    transformer = logins.transformer.set(drivername="postgresql")
    with psycopg.connect(transformer.render_as_string(hide_password=False)) as connection:
        filling.fill(connection, organizations, datetime.now(UTC).date())
    password = secrets.token_urlsafe(32)
    with tenant_session(engine, organizations[0]) as connection:
        grant(connection, f"bi_{SLUGS[0]}", password)
    engine.dispose()
    return _url(logins, organizations[0], password)


def _url(logins: Logins, org_id: UUID, password: str) -> str:
    url = logins.loader.set(
        drivername="postgresql", username=f"bi_{SLUGS[0]}", password=password
    ).render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        found = connection.execute("select distinct org_id from bi.rpt_ticket_flow_daily")
        if found.fetchall() != [(org_id,)]:
            raise SystemExit("the BI login does not see its organization, or sees another")
    return url


@contextmanager
def superset(folder: Path, venv: Path, password: str) -> Iterator[str]:
    """The address of a Superset with an administrator of this password."""
    environment = _environment(folder, venv)
    admin = ["--username", "admin", "--firstname", "a", "--lastname", "b", "--email", "a@b.invalid"]
    with open(folder / "superset.log", "wb") as log:
        for arguments in (
            ["db", "upgrade"],
            ["fab", "create-admin", *admin, "--password", password],
            ["init"],
        ):
            _run([venv / "bin/superset", *arguments], environment, log)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        command = [str(venv / "bin/superset"), "run", "-h", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(
            [*command, "--with-threads"], env=environment, stdout=log, stderr=log
        )
        try:
            _await(f"http://127.0.0.1:{port}/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _environment(folder: Path, venv: Path) -> dict[str, str]:
    """Superset's settings: its own database in the folder, a secret of the moment."""
    configuration = folder / "superset_config.py"
    configuration.write_text(CONFIGURATION.format(secret=secrets.token_hex(32), folder=folder))
    return {
        "PATH": f"{venv}/bin:{os.environ['PATH']}",
        "HOME": str(folder),
        "SUPERSET_HOME": str(folder),
        "SUPERSET_CONFIG_PATH": str(configuration),
        "FLASK_APP": "superset",
    }


def _run(command: list[Any], environment: dict[str, str], log: Any) -> None:
    done = subprocess.run(command, env=environment, stdout=log, stderr=log, check=False)
    if done.returncode:
        raise SystemExit(f"superset {command[1]} failed: see {log.name}")


def _await(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise SystemExit("Superset did not start")


def imported(client: httpx.Client, archive: Path, password: str) -> None:
    """Imports the bundle as the menu does; the password is asked for, and given here."""
    with archive.open("rb") as file:
        answer = client.post(
            "/api/v1/dashboard/import/",
            files={"formData": (archive.name, file, "application/zip")},
            data={
                "passwords": json.dumps({str(bundle.DATABASE): password}),
                "overwrite": "true",
            },
        )
    if answer.status_code != 200:
        raise SystemExit(f"the import was refused ({answer.status_code}): {answer.text[:2000]}")


def listed(client: httpx.Client, what: str) -> list[dict[str, Any]]:
    query = "(page_size:100)"
    answer = client.get(f"/api/v1/{what}/", params={"q": query})
    found: list[dict[str, Any]] = answer.raise_for_status().json()["result"]
    return found


def complaints(client: httpx.Client, chart: dict[str, Any]) -> list[str]:
    """What is wrong with the data of a chart; nothing where all is well."""
    answer = client.get(f"/api/v1/chart/{chart['id']}/data/")
    name = chart["slice_name"]
    if answer.status_code != 200:
        return [f"{name}: {answer.status_code} {answer.text[:300]}"]
    (result,) = answer.json()["result"]
    rows = result["data"]
    if not rows:
        return [f"{name}: no rows"]
    if any(all(value is None for value in row.values()) for row in rows):
        return [f"{name}: a row without a value"]
    return [f"{name}: of {SLUGS[1]}: {row}" for row in rows if any(map(_foreign, row.items()))]


def _foreign(told: tuple[str, Any]) -> bool:
    name, value = told
    if isinstance(value, str):
        return SLUGS[1] in value
    is_instant = name == bundle.DAY or name.startswith(("latest", "last"))
    return isinstance(value, int | float) and not is_instant and value >= filling.FACTOR


@contextmanager
def signed_in(address: str, password: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=120) as client:
        told = {"username": "admin", "password": password, "provider": "db", "refresh": False}
        token = client.post("/api/v1/security/login", json=told).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        yield client


def checked(address: str, folder: Path, url: str, password: str) -> int:
    """How many charts there are, each of which has its own rows and no one else's."""
    archive = folder / "vensor.zip"
    bundle.pack(archive, url)
    with signed_in(address, password) as client:
        with timed("import"):
            for _ in range(2):  # again: over what is there
                imported(client, archive, str(psycopg.conninfo.conninfo_to_dict(url)["password"]))
        charts = listed(client, "chart")
        wanted = sum(path.parts[0] == "charts" for path in bundle.written())
        found = [] if len(charts) == wanted else [f"{len(charts)} charts, not {wanted}"]
        with timed(f"data of {len(charts)} charts"):
            for chart in charts:
                found += complaints(client, chart)
    if found:
        raise SystemExit("\n".join(found))
    return len(charts)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--venv", type=Path, required=True, help="where Superset is installed")
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each dashboard")
    given = parser.parse_args()
    venv, password = given.venv.resolve(), secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory(prefix="vensor-superset-") as name:
        folder = Path(name)
        try:
            with timed("warehouse of two organizations"):
                url = filled_warehouse(folder)
            started = time.monotonic()
            with superset(folder, venv, password) as address:
                say(f"Superset answers: {time.monotonic() - started:.1f} s")
                charts = checked(address, folder, url, password)
                if given.pictures:
                    command = [venv / "bin/python", bundle.HERE / "pictures.py"]
                    command += [address, given.pictures.resolve()]
                    subprocess.run(command, env=os.environ | {"ADMIN": password}, check=True)
        finally:
            embedded.stop(folder / "warehouse")
    say(f"{charts} charts have rows of {SLUGS[0]}, and none of {SLUGS[1]}")


if __name__ == "__main__":
    main()
