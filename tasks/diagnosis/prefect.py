"""The Prefect server: whether it answers, what is deployed there, who works, what watches."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any
from uuid import uuid4

import httpx
import yaml

from tasks.diagnosis.finding import Finding
from tasks.errors import ConfigurationError, RefusedError
from tasks.http import HURRIED_SECONDS, no_answer, tls_context
from tasks.settings import PROJECT

AT_ONCE = 200
SILENT = timedelta(seconds=90)  # three heartbeats of a worker
UP = "`vensor up` deploys them"


@dataclass(frozen=True)
class Api:
    """Where a server's API is, such as http://127.0.0.1:4200/api. `repr` hides what lets in."""

    url: str
    auth: str | None = None
    key: str | None = None

    def __repr__(self) -> str:
        return f"Api({self.url!r})"

    def client(self) -> httpx.Client:
        """A client for it."""
        name, _, password = (self.auth or "").partition(":")
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return httpx.Client(
            base_url=self.url,
            auth=(name, password) if self.auth else None,
            headers=headers,
            timeout=HURRIED_SECONDS,
            verify=tls_context(),
            trust_env=False,
        )


def api_of_settings() -> Api | None:
    """The server that PREFECT_API_URL names."""
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        return None
    told = (os.environ.get(f"PREFECT_API_{name}") for name in ("AUTH_STRING", "KEY"))
    return Api(url.rstrip("/"), *told)


def check_prefect(api: Api | None) -> list[Finding]:
    """All that can be asked of a server. Raises: TransientError, RefusedError."""
    if api is None:
        told = "not running; `vensor run` starts one, `vensor up` one with schedules"
        return [Finding("Prefect", None, told)]
    with api.client() as client:
        theirs = str(_asked(client, "GET", "/admin/version"))
        client.headers.update(_csrf(client))
        deployments = _asked(client, "POST", "/deployments/filter", {"limit": AT_ONCE})
        automations = _asked(client, "POST", "/automations/filter", {"limit": AT_ONCE})
        pools = sorted({one["work_pool_name"] for one in deployments if one["work_pool_name"]})
        workers = [
            worker
            for pool in pools
            for worker in _asked(client, "POST", f"/work_pools/{pool}/workers/filter", {})
        ]
    found = [_server(api, theirs), _deployments(deployments)]
    if deployments:
        found += [_schedules(deployments), _workers(workers), _automations(automations)]
    return found


def _server(api: Api, theirs: str) -> Finding:
    ours = version("prefect")
    told = f"{api.url.removesuffix('/api')}, version {theirs}"
    if theirs.split(".")[:2] == ours.split(".")[:2]:
        return Finding("Prefect", True, told)
    return Finding("Prefect", False, f"{told}, and {ours} here", "bring both to one version")


def declared() -> dict[str, bool]:
    """Every deployment of prefect.yaml, and whether it has a schedule."""
    told = yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]
    return {one["name"]: bool(one.get("schedules")) for one in told}


def _deployments(found: list[dict[str, Any]]) -> Finding:
    if not found:
        return Finding("deployments", None, "none: nothing runs by itself", UP)
    missing = sorted(declared().keys() - {one["name"] for one in found})
    if missing:
        return Finding("deployments", False, f"not there: {', '.join(missing)}", UP)
    return Finding("deployments", True, f"all {len(declared())} of prefect.yaml")


def _schedules(found: list[dict[str, Any]]) -> Finding:
    scheduled = {name for name, has in declared().items() if has}
    off = sorted(
        one["name"]
        for one in found
        if one["name"] in scheduled
        and (one["paused"] or not any(each["active"] for each in one["schedules"]))
    )
    if off:
        advice = "resume them in Prefect, unless that is meant"
        return Finding("schedules", False, f"paused or gone: {', '.join(off)}", advice)
    return Finding("schedules", True, f"{len(scheduled)} are on")


def _workers(found: list[dict[str, Any]]) -> Finding:
    now = datetime.now(UTC)
    alive = [
        one
        for one in found
        if one["last_heartbeat_time"]
        and now - datetime.fromisoformat(one["last_heartbeat_time"]) < SILENT
    ]
    if alive:
        return Finding("workers", True, f"{len(alive)} at work")
    advice = "`vensor up` starts one; elsewhere `prefect worker start --pool vensor`"
    return Finding("workers", False, "none gives a sign of life: nothing runs", advice)


def _automations(found: list[dict[str, Any]]) -> Finding:
    ours = [one for one in found if "vensor" in one.get("tags", [])]
    off = [one["name"] for one in ours if not one["enabled"]]
    if not ours:
        told = "none: runs of workers that died hold their places"
        return Finding("automations", False, told, "`vensor up` makes them")
    if off:
        return Finding("automations", False, f"off: {', '.join(off)}", "switch them on in Prefect")
    return Finding("automations", True, f"{len(ours)} are on")


def _csrf(client: httpx.Client) -> dict[str, str]:
    """The headers that a server guarded against forged requests wants with each that is no GET.

    `vensor up` starts one; another says that it has no such token.
    """
    who = str(uuid4())
    answer = _sent(client, "GET", f"/csrf-token?client={who}")
    if not answer.is_success:
        return {}
    return {"Prefect-Csrf-Token": answer.json()["token"], "Prefect-Csrf-Client": who}


def _sent(client: httpx.Client, verb: str, path: str, told: object = None) -> httpx.Response:
    try:
        return client.request(verb, path, json=told)
    except httpx.HTTPError as error:
        raise no_answer(f"Prefect at {client.base_url}", error) from None


def _asked(client: httpx.Client, verb: str, path: str, told: object = None) -> Any:
    answer = _sent(client, verb, path, told)
    if answer.status_code in (401, 403):
        raise RefusedError("Prefect refuses: set PREFECT_API_AUTH_STRING, or PREFECT_API_KEY")
    if not answer.is_success:
        raise ConfigurationError(
            f"{client.base_url} answered {answer.status_code} to {path}: is PREFECT_API_URL the"
            " address of a Prefect server's API?"
        )
    return answer.json()
