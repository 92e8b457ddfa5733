"""Serving requests to be erased, and erasing again whoever came back with a backup."""

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import stamina
from sqlalchemy import Connection

from tasks.connections import unsealed_credentials
from tasks.errors import ConfigurationError, PermanentError, TransientError, VensorError
from tasks.escalation import SlackChannel
from tasks.recording_ends import sweep_objects
from tasks.resources import Resources
from tasks.rights.erasing import AGENTS, Asked, erase_people
from tasks.rights.exports import sweep_archives
from tasks.zendesk.erased import Erased, stone_of
from warehouse import built, erasure, outbox, requests, tombstones
from warehouse.ledger import exclusive
from warehouse.organizations import find_connection
from warehouse.requests import Request
from warehouse.sessions import tenant_session
from warehouse.subjects import Names, find_users, people_present, users_by_index

Receipt = Mapping[str, int | str]
NOT_IN_SLACK = "messages still in Slack"
ATTEMPTS = 5

logger = logging.getLogger(__name__)


def erase(resources: Resources, request_id: UUID) -> Receipt:
    """Erases whoever an approved request is of, and ends it; its receipt.

    Raises: ConfigurationError unless it is approved; NotAllowedError where a legal hold keeps the
    person; TransientError while a run is under way: the rows are erased then, and the next call
    does the rest.
    """
    # a step that stores what it has read may be in the way, or be ended by this
    for attempt in stamina.retry_context(
        on=TransientError, attempts=ATTEMPTS, wait_initial=0.2, timeout=None
    ):
        with attempt:
            receipt = _erase_rows(resources, request_id)
    _clear_elsewhere(resources, agents=bool(receipt.get(AGENTS)))
    return _end(resources, request_id, retract_messages(resources))


def serve_erasures(resources: Resources) -> dict[str, int]:
    """Serves every approved request to be erased: how many are done, and how many wait for what is
    in their way. Messages that could not be deleted in Slack are tried again."""
    with resources.session() as connection:
        approved = [
            one for one in requests.find_all(connection, states=["approved"]) if one.kind == "erase"
        ]
    counts = Counter(done=0, waiting=0)
    for one in approved:
        try:
            erase(resources, one.request_id)
        except VensorError as error:
            logger.warning("erasure %s waits: %s", one.request_id, error)
            counts["waiting"] += 1
        else:
            counts["done"] += 1
    return dict(counts) | {NOT_IN_SLACK: retract_messages(resources)}


def replay_tombstones(resources: Resources) -> dict[str, int]:
    """Erases again whoever has a tombstone and is here: a backup from before brought them back.

    Rows by table. Found by hashing the ids and indexes of everyone who is here.
    """
    with resources.session() as connection:
        tombstones.wait_for_loading(connection, shared=False)
        done = Counter[str]()
        for request_id, user_ids in _returned(resources, connection).items():
            asked = Asked(request_id, b"", Names())
            done += erase_people(resources, connection, user_ids, asked)
        if done:
            _audit(resources, connection, "privacy.erase_again", {"people": done["people"]})
    if done:
        _clear_elsewhere(resources, agents=bool(done[AGENTS]))
        retract_messages(resources)
    return dict(done)


def retract_messages(resources: Resources) -> int:
    """Deletes in Slack what was taken back; how many could not be, and are tried again."""
    with resources.session() as connection:
        wanted = outbox.retracting(connection)
        connected = find_connection(connection, "slack") if wanted else None
    if connected is None:
        return len(wanted)
    token = unsealed_credentials(resources, connected).decode()
    left = 0
    for one in wanted:
        slack = SlackChannel(base_url=connected.base_url, token=token, channel=one.channel)
        try:
            if one.file_id is not None:
                slack.delete_file(one.file_id)
            ts = one.slack_ts or slack.find(one.message_key, thread_ts=one.thread_ts)
            if ts is not None:
                slack.delete(ts)
        except VensorError as error:
            logger.warning("a message stays in Slack for now: %s", error)
            left += 1
            continue
        with resources.session() as connection:
            outbox.mark_retracted(connection, one.message_key)
    return left


def _erase_rows(resources: Resources, request_id: UUID) -> dict[str, int | str]:
    """What was done so far, this time and before."""
    with resources.session() as connection:
        request = _approved(resources, connection, request_id)
        tombstones.wait_for_loading(connection, shared=False)
        user_ids = find_users(connection, request.names)
        asked = Asked(request_id, request.subject, request.names)
        done = erase_people(resources, connection, user_ids, asked)
        receipt: dict[str, int | str] = dict(request.receipt or {})
        for name, count in done.items():
            receipt[name] = int(receipt.get(name, 0)) + count
        receipt.setdefault("erased_at", datetime.now(UTC).isoformat(timespec="seconds"))
        requests.note(connection, request_id, receipt)
        details = {"request_id": str(request_id), "subject": request.subject.hex()}
        _audit(resources, connection, "privacy.erase", {**details, **done})
    return receipt


def _approved(resources: Resources, connection: Connection, request_id: UUID) -> Request:
    found = requests.find(connection, request_id, lock=True)
    slug = resources.organization.slug
    if found is None or found.kind != "erase":
        raise ConfigurationError(f"{slug}: no request {request_id} to be erased")
    if found.state == "open":
        raise ConfigurationError(
            f"{slug}: this request is not approved; another person than {found.asked_by} does:"
            f" vensor privacy approve --org {slug} {request_id}"
        )
    if found.state != "approved":
        raise ConfigurationError(f"{slug}: request {request_id} has ended already: {found.state}")
    return found


def _clear_elsewhere(resources: Resources, *, agents: bool) -> None:
    """Deletes objects of recordings, and ids in what dbt has built, while no run is under way."""
    organization = resources.organization
    try:
        with exclusive(resources.engine, organization):
            sweep_objects(resources)
            sweep_archives(resources)
            _clear_built(resources, agents=agents)
    except TransientError as error:
        raise TransientError(
            f"{organization.slug}: the rows are erased; what lies beside them is still to be"
            f" ({error}); `vensor privacy erase --org {organization.slug} --request …` goes on"
        ) from None


def _clear_built(resources: Resources, *, agents: bool) -> None:
    with resources.transformer() as engine:
        with tenant_session(engine, resources.organization.org_id) as connection:
            built.clear_scratch(connection)
            named = built.agents_in_facts(connection) if agents else set[int]()
        if named:
            with resources.session() as connection:
                erased = Erased(resources.cipher, tombstones.read(connection))
            gone = [one for one in named if erased.user(one)]
            with tenant_session(engine, resources.organization.org_id) as connection:
                built.clear_facts(connection, gone)


def _end(resources: Resources, request_id: UUID, left_in_slack: int) -> Receipt:
    """Looks once more for whoever was erased, and ends the request; its receipt.

    Raises: PermanentError if anyone is found.
    """
    with resources.session() as connection:
        request = _approved(resources, connection, request_id)
        stones = tombstones.of_request(connection, request_id)
        erasure.forget_marked_again(connection)
        if find_users(connection, request.names):
            raise PermanentError(
                f"{resources.organization.slug}: who was erased by {request_id} is here again;"
                " serve the request again"
            )
        receipt: dict[str, int | str] = {
            **(request.receipt or {}),
            "tombstones": len(stones),
            "verified_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        if left_in_slack:
            receipt[NOT_IN_SLACK] = left_in_slack
        requests.end(connection, request_id, state="done", receipt=receipt)
        _audit(resources, connection, "privacy.done", {"request_id": str(request_id)})
    return receipt


def _returned(resources: Resources, connection: Connection) -> dict[UUID, list[int]]:
    """The ids of erased people that are in the data, by the request that erased them."""
    known = tombstones.read(connection)
    found: dict[UUID, list[int]] = defaultdict(list)
    if not known.stones:
        return found
    cipher, erased = resources.cipher, Erased(resources.cipher, known)
    by_index = {
        user_id: known.stones[stone]
        for user_id, kind, index in users_by_index(connection)
        if (stone := stone_of(cipher, kind, index)) in known.stones
    }
    for user_id in people_present(connection):
        request_id = erased.request_of(user_id) or by_index.get(user_id)
        if request_id is not None:
            found[request_id].append(user_id)
    return found


def _audit(
    resources: Resources, connection: Connection, action: str, details: Mapping[str, int | str]
) -> None:
    resources.audit(connection, action=action, purpose="erase a person", details=details)
