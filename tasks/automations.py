"""The automations of a Prefect server, as code: runs of dead workers are ended and taken up again,
and whoever runs this hears of what failed and of what is stale.

A receiver is told where VENSOR_OPERATOR_WEBHOOK_URL names one: an incoming webhook of Slack's or of
anyone who takes {"text": "…"}. It gets names of runs and organizations and links, never an error's
message. Without it the automations are there all the same, and the server's feed shows them fire.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, CallWebhook, ChangeFlowRunState, DoNothing
from prefect.events.actions import RunDeployment as Run
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound
from prefect.types import SecretDict
from pydantic import SecretStr

from tasks.days import STALE

TAG = "vensor"
RECEIVER = "vensor-operator"
# Four heartbeats of the 30 seconds that prefect.yaml gives every run: fewer, and a machine that is
# only slow would lose its runs.
SILENT_FOR = timedelta(seconds=120)
# From being taken by a worker to its first sign: a process starts in seconds, a container that must
# be fetched first in minutes.
PENDING_FOR = timedelta(minutes=15)
ONCE_IN = timedelta(hours=24)
SIGNS = {"heartbeat", "Running"}
ENDS = {"Completed", "Failed", "Cancelled", "Cancelling", "Crashed", "Paused", "Suspended"}
WAITS = {"Scheduled", "Late", "AwaitingRetry", "AwaitingConcurrencySlot"}


def reconcile_automations(
    client: SyncPrefectClient, deployments: dict[str, UUID], *, webhook: SecretStr | None
) -> list[str]:
    """Brings the server's automations of ours to these. Returns the names of those that changed.

    One that is as it should be is left alone, with what it counts; one that someone switched off
    stays off. `deployments` are the ids by name.
    """
    wanted = {one.name: one for one in _automations(deployments, _tells(client, webhook))}
    changed: list[str] = []
    for found in client.read_automations():
        if TAG not in found.tags:
            continue
        one = wanted.pop(found.name, None)
        if one is None:
            client.delete_automation(found.id)
            changed.append(found.name)
            continue
        one.enabled = found.enabled
        if AutomationCore.model_validate(found.model_dump()) != one:
            # with every default, and without what only Prefect's own makes
            whole = one.model_dump(exclude={"owner_resource"})
            client.update_automation(found.id, AutomationCore.model_validate(whole))
            changed.append(one.name)
    for one in wanted.values():
        client.create_automation(one)
        changed.append(one.name)
    return changed


def _automations(deployments: dict[str, UUID], tells: "Telling") -> Sequence[AutomationCore]:
    crashed = ChangeFlowRunState(
        name=None,
        state=StateType.CRASHED,
        message="its worker gave no sign of life any more",
        force=False,
    )
    return [
        AutomationCore(
            name="vensor: end the runs of dead workers",
            description="A run that gives no sign of life for two minutes has crashed: its place"
            " in every limit is free again.",
            tags=[TAG],
            trigger=_silent(SIGNS, SIGNS | ENDS | WAITS, SILENT_FOR),
            actions=[crashed],
        ),
        AutomationCore(
            name="vensor: end the runs that never began",
            description="A run that a worker took and that did not begin within a quarter of an"
            " hour has crashed.",
            tags=[TAG],
            trigger=_silent({"Pending"}, SIGNS | ENDS | WAITS, PENDING_FOR),
            actions=[crashed],
        ),
        AutomationCore(
            name="vensor: take up days that crashed",
            description="Has `daily` look at once, not within the hour, who is to begin again.",
            tags=[TAG],
            trigger=_reactive(
                {"prefect.flow-run.Crashed"},
                related=f"prefect.deployment.{deployments['organization']}",
            ),
            actions=[
                Run(
                    source="selected",
                    deployment_id=deployments["daily"],
                    parameters=None,
                    job_variables=None,
                )
            ],
        ),
        AutomationCore(
            name="vensor: tell of runs that failed",
            description="To VENSOR_OPERATOR_WEBHOOK_URL, where there is one.",
            tags=[TAG],
            trigger=_reactive(
                {"prefect.flow-run.Failed", "prefect.flow-run.Crashed"},
                related=f"prefect.tag.{TAG}",
            ),
            actions=[
                tells(
                    "{{ flow.name }}: the run {{ flow_run.name }} {{ flow_run.state.name | lower }}"
                    " {{ flow_run | ui_url }}"
                )
            ],
        ),
        AutomationCore(
            name="vensor: tell of data that is stale",
            description="Of an organization that published nothing for 26 hours, once a day.",
            tags=[TAG],
            trigger=EventTrigger(
                expect={STALE},
                match=ResourceSpecification({"prefect.resource.id": ["vensor.organization.*"]}),
                for_each={"prefect.resource.id"},
                posture=Posture.Reactive,
                threshold=1,
                within=ONCE_IN,
            ),
            actions=[
                tells(
                    "{{ event.resource['prefect.resource.name'] }}: what is read is"
                    " {{ event.payload['hours'] }} hours old"
                )
            ],
        ),
    ]


def _silent(after: set[str], expect: set[str], within: timedelta) -> EventTrigger:
    """Fires for each run of ours of which, after one of these, none of those is heard in time."""
    return EventTrigger(
        after={f"prefect.flow-run.{one}" for one in after},
        expect={f"prefect.flow-run.{one}" for one in expect},
        match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
        match_related=ResourceSpecification({"prefect.resource.id": [f"prefect.tag.{TAG}"]}),
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def _reactive(expect: set[str], *, related: str) -> EventTrigger:
    return EventTrigger(
        expect=expect,
        match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
        match_related=ResourceSpecification({"prefect.resource.id": [related]}),
        for_each={"prefect.resource.id"},
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )


class Telling:
    """Makes the action that tells the receiver, if there is one; nothing is done without."""

    def __init__(self, receiver: UUID | None) -> None:
        self._receiver = receiver

    def __call__(self, words: str) -> ActionTypes:
        """`words` are a template of Jinja's."""
        if self._receiver is None:
            return DoNothing()
        text = f"{{% set words %}}vensor: {words}{{% endset %}}"
        payload = text + '{"text": {{ words | tojson }}}'
        return CallWebhook(block_document_id=self._receiver, payload=payload)


def _tells(client: SyncPrefectClient, webhook: SecretStr | None) -> Telling:
    """The receiver is kept as a block, whose URL the server seals; without one it is deleted."""
    if webhook is not None:
        headers = SecretDict({"Content-Type": "application/json"})
        Webhook(url=webhook, headers=headers, allow_private_urls=True).save(
            RECEIVER, overwrite=True
        )
        return Telling(client.read_block_document_by_name(RECEIVER, "webhook").id)
    try:
        known = client.read_block_document_by_name(RECEIVER, "webhook")
    except ObjectNotFound:
        return Telling(None)
    if known.id is not None:
        client.delete_block_document(known.id)
    return Telling(None)
