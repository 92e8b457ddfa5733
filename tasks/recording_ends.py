"""Where recordings end: consent withdrawn, deleted by their source, past their clock."""

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection

from tasks.connections import StoredCredentials, find_connection
from tasks.errors import ConfigurationError, PermanentError, RefusedError, TransientError
from tasks.resources import Resources
from tasks.storage import Stores, open_stores
from tasks.zendesk import ZendeskClient
from tasks.zendesk.leases import shared_budget
from tasks.zendesk.recordings import ScopeError, delete_recording
from warehouse import upstream
from warehouse.consent import decline
from warehouse.recordings import Ref, has_objects, release_objects

DONE = "recordings deleted in Zendesk"
LEFT = "recordings left in Zendesk"
UNKNOWN_STORE = "recordings lie in a store of objects, and VENSOR_RECORDINGS_URL names none"


def decline_recordings(resources: Resources) -> int:
    """Declines recordings that their calls say no to; their audio and words go. How many.

    An object goes with the next `sweep_objects`.
    """
    with resources.session() as connection:
        declined = decline(connection)
        if declined:
            resources.audit(
                connection,
                action="delete.content",
                purpose="no consent to be recorded",
                details={"recordings": declined},
            )
    return declined


def sweep_objects(
    resources: Resources, stores: Stores | None = None, *, cutoff: datetime | None = None
) -> int:
    """Deletes the objects that no recording needs any more; how many.

    Those are the ones of declined and ended recordings, of tickets deleted in their source, and
    what killed runs left. Without a store of objects there are none. To be called where the
    organization's place for a run is held, after the transaction that ended recordings.

    Raises: TransientError, ConfigurationError also where no store is named and recordings lie in
    one: their time would end, and they would not.
    """
    if stores is None:
        with open_stores(resources.settings, resources.organization.org_id) as found:
            return sweep_objects(resources, found, cutoff=cutoff)
    with resources.session() as connection:
        if stores.objects is None:
            if has_objects(connection):
                raise ConfigurationError(UNKNOWN_STORE)
            return 0
        needed = release_objects(connection, cutoff=cutoff)
    return stores.objects.sweep(needed)


def count_objects(resources: Resources, connection: Connection, *, cutoff: datetime) -> int:
    """How many objects `sweep_objects` would delete, as this transaction sees the recordings."""
    with open_stores(resources.settings, resources.organization.org_id) as stores:
        if stores.objects is None:
            return 0
        return len(stores.objects.names() - release_objects(connection, cutoff=cutoff))


def delete_upstream(resources: Resources, cutoff: datetime) -> tuple[Counter[str], str]:
    """Deletes in Zendesk what is past the clock here, where the organization wants that.

    (counts, why some were left, in words). What Zendesk refuses is left to it and said; what fails
    for now keeps its row, for the next purge to try again. Neither stops a purge.
    """
    with resources.session() as connection:
        upstream.release(connection)
        wanted = upstream.is_deleting(connection)
        ended = upstream.ended_recordings(connection, cutoff) if wanted else []
    left, why = list(ended), ""
    if ended:
        try:
            why = _delete_each(resources, ended, left)
        except TransientError as error:
            why = f"{error}; the next purge tries again"
            _hold(resources, left)
        except PermanentError as error:
            why = str(error)
        _audit_upstream(resources, deleted=len(ended) - len(left), left=len(left))
    return Counter({DONE: len(ended) - len(left), LEFT: len(left)}), why


def count_upstream(resources: Resources, cutoff: datetime) -> int:
    """How many recordings `delete_upstream` would delete in Zendesk."""
    with resources.session() as connection:
        wanted = upstream.is_deleting(connection)
        return len(upstream.ended_recordings(connection, cutoff)) if wanted else 0


def _delete_each(resources: Resources, ended: list[Ref], left: list[Ref]) -> str:
    """Takes from `left` what is deleted, each noted at once; why others were refused, in words."""
    why = ""
    base_url = find_connection(resources, "zendesk").base_url
    budget = shared_budget(resources.engine, base_url)
    with ZendeskClient.opened(base_url, StoredCredentials(resources), budget=budget) as client:
        for ref in ended:
            try:
                delete_recording(client, ref.call_id, ref.kind)
            except ScopeError:
                raise
            except RefusedError as error:
                why = str(error)
                continue
            with resources.session() as connection:
                upstream.note_deleted(connection, ref)
            left.remove(ref)
    return why


def _hold(resources: Resources, refs: list[Ref]) -> None:
    with resources.session() as connection:
        upstream.hold(connection, refs)


def _audit_upstream(resources: Resources, *, deleted: int, left: int) -> None:
    with resources.session() as connection:
        resources.audit(
            connection,
            action="delete.upstream",
            purpose="the organization's retention clock",
            details={"deleted": deleted, "left": left},
        )
