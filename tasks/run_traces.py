"""What Prefect keeps of an organization: its runs with their logs, artifacts and own deployments.

None of it holds a value of a row; its slug is in all of it.
"""

import re
from collections.abc import Iterator
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact, FlowRun
from prefect.exceptions import ObjectNotFound

from tasks.quality.suites import SUITES
from tasks.stages import Stage

AT_ONCE = 200
NAMED_BY = ("slug", "org")  # the parameters of flows that name an organization


def forget_runs(slug: str) -> int:
    """Deletes them on the Prefect server that is configured; how many. Done again it finds none."""
    with get_client(sync_client=True) as client:
        found = list(_artifacts(client, slug))
        for artifact in found:
            client.delete_artifact(artifact.id)
        runs = [run.id for run in _runs(client) if _names(run.parameters, slug)]
        for run_id in runs:
            _delete_run(client, run_id)
        deployments = [one for one in client.read_deployments() if _names(one.parameters, slug)]
        for one in deployments:
            client.delete_deployment(one.id)
    return len(found) + len(runs) + len(deployments)


def _names(parameters: dict[str, object] | None, slug: str) -> bool:
    return slug in {(parameters or {}).get(name) for name in NAMED_BY}


def _runs(client: SyncPrefectClient) -> Iterator[FlowRun]:
    offset = 0
    while page := client.read_flow_runs(limit=AT_ONCE, offset=offset):
        yield from page
        offset += len(page)


def _delete_run(client: SyncPrefectClient, run_id: UUID) -> None:
    try:
        client.delete_flow_run(run_id)
    except ObjectNotFound:
        return  # it went with the run that it was part of


def _artifacts(client: SyncPrefectClient, slug: str) -> Iterator[Artifact]:
    """Those whose key is of the form `report-<slug>`, `gate-<slug>-<suite>` or
    `progress-<slug>-<stage>`."""
    parts = "|".join([*(name.replace("_", "-") for name in SUITES), *Stage])
    ours = re.compile(rf"[a-z_]+-{re.escape(slug)}(-({parts}))?")
    asked = ArtifactFilter(key=ArtifactFilterKey(like_=f"%{slug}%"))
    offset = 0
    while page := client.read_artifacts(artifact_filter=asked, limit=AT_ONCE, offset=offset):
        yield from (one for one in page if one.key and ours.fullmatch(one.key))
        offset += len(page)
