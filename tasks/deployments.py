"""Brings a Prefect server to what this version has: pool, deployments, schedules, automations.

What is in prefect.yaml is deployed by Prefect's own command. That one takes nothing away: a
schedule that was removed or renamed would fire on, and a deployment that was renamed would stay.
So what bears our tag and is not in the file is removed here.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker
from pydantic import SecretStr

from tasks.automations import TAG, reconcile_automations
from tasks.errors import ConfigurationError, TransientError
from tasks.settings import PROJECT

POOL = "vensor"
FILE = PROJECT / "prefect.yaml"
DEPLOY_SECONDS = 300.0
TOLD_LINES = 3


@dataclass(frozen=True)
class Reconciled:
    """How many deployments there are now, what was `removed` and which automations `changed`."""

    deployments: int
    removed: Sequence[str]
    changed: Sequence[str]


def reconcile(*, file: Path = FILE, webhook: SecretStr | None = None) -> Reconciled:
    """Brings the server that Prefect's settings name to `file`. Safe to repeat, and to stop.

    Raises: TransientError where the server does not answer, ConfigurationError where it refuses.
    """
    declared = {one["name"]: one for one in yaml.safe_load(file.read_text())["deployments"]}
    try:
        with get_client(sync_client=True) as client:
            _ensure_pool(client)
            _deploy(file)
            removed, there = _remove_others(client, declared)
            changed = reconcile_automations(client, there, webhook=webhook)
    except httpx.HTTPStatusError as error:
        raise _refusal(error.response.status_code) from None
    except httpx.HTTPError as error:
        raise TransientError(
            f"the Prefect server does not answer ({type(error).__name__})"
        ) from None
    return Reconciled(len(there), removed, changed)


def _refusal(status: int) -> ConfigurationError:
    what = (
        "does not let us in: set PREFECT_API_AUTH_STRING to its sign-in"
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        else "refuses what this version deploys: is it of the version that prefect.yaml names?"
    )
    return ConfigurationError(f"the Prefect server ({status}) {what}")


def _ensure_pool(client: SyncPrefectClient) -> None:
    """A pool that is there stays as it is: an operator's may be one of containers."""
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(
            WorkPoolCreate(name=POOL, type="process", base_job_template=template)
        )


def _deploy(file: Path) -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    done = subprocess.run(
        [*command, "--prefect-file", str(file)],
        cwd=PROJECT,
        env=os.environ | {"REPO_DIR": str(PROJECT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEPLOY_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise ConfigurationError(f"prefect deploy failed: {' '.join(lines[-TOLD_LINES:])}")


def _remove_others(
    client: SyncPrefectClient, declared: dict[str, dict[str, Any]]
) -> tuple[list[str], dict[str, UUID]]:
    """(what was removed, the ids of what stays by name)."""
    removed: list[str] = []
    there: dict[str, UUID] = {}
    for one in _ours(client):
        if one.name not in declared or one.name in there:
            client.delete_deployment(one.id)
            removed.append(f"the deployment {one.name}")
            continue
        there[one.name] = one.id
        slugs = {schedule["slug"] for schedule in declared[one.name].get("schedules", ())}
        for schedule in one.schedules:
            if schedule.slug not in slugs:
                client.delete_deployment_schedule(one.id, schedule.id)
                removed.append(f"the schedule {schedule.slug or schedule.id} of {one.name}")
    return removed, there


def _ours(client: SyncPrefectClient) -> list[DeploymentResponse]:
    """The newest first: of two with one name, whose flow was renamed, that is the one to keep."""
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    found = client.read_deployments(deployment_filter=tagged)
    return sorted(found, key=lambda one: str(one.updated), reverse=True)
