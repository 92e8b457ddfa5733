"""Recordings: fetched from Zendesk and sealed as they come; never plain on a disk, never whole."""

from dataclasses import dataclass

import httpx
import msgspec
import stamina

from tasks.audio import COLUMN, Measured, digest_of, row_id
from tasks.connections import StoredCredentials, find_connection
from tasks.conversation import COMMENT_COLUMN
from tasks.errors import ConfigurationError, PermanentError, TransientError
from tasks.progress import report
from tasks.recording_ends import decline_recordings, sweep_objects
from tasks.resources import Resources, opened
from tasks.step import step
from tasks.storage import Stores, open_stores
from tasks.zendesk import ZendeskClient
from tasks.zendesk.contents import CommentContent
from tasks.zendesk.hosts import MediaHosts
from tasks.zendesk.leases import shared_budget
from tasks.zendesk.recordings import ATTEMPTS, GoneError, iter_recording, worth_again
from tasks.zendesk.records import VoiceData
from warehouse.consent import objection
from warehouse.ledger import StageResult
from warehouse.recordings import (
    PendingRecording,
    Stored,
    note_stored,
    pending_recordings,
    set_recording_state,
)

# So many recordings in a row that do not come, and it is Zendesk or the store that is away.
MOST_FAILURES = 5


class DeclinedError(PermanentError):
    """Who was recorded, or the comment itself, says that it is not to be had. `reason` is why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"a recording is not to be had: {reason}")
        self.reason = reason


@step
def fetch_recordings(slug: str) -> StageResult:
    """Stores every recording that is not here yet, sealed. What cannot be is noted with its reason.

    One that does not come for now waits for the next run. The rows are counted where they are
    heard.
    """
    with (
        opened(slug) as resources,
        open_stores(resources.settings, resources.organization.org_id) as stores,
    ):
        declined = decline_recordings(resources)
        sweep_objects(resources, stores)
        with resources.session() as connection:
            pending = pending_recordings(connection, "pending")
        waiting = _fetch_all(resources, stores, pending) if pending else 0
    told = ((declined, "recordings declined"), (waiting, "recordings did not come yet"))
    return StageResult(note=" ".join(f"{count} {what};" for count, what in told if count))


def _fetch_all(resources: Resources, stores: Stores, pending: list[PendingRecording]) -> int:
    """How many did not come for now: the day goes on without them, and the next run asks again."""
    base_url = find_connection(resources, "zendesk").base_url
    came = in_a_row = 0
    budget = shared_budget(resources.engine, base_url)
    with ZendeskClient.opened(base_url, StoredCredentials(resources), budget=budget) as client:
        hosts = MediaHosts(httpx.URL(base_url), resources.settings.media_hosts())
        fetching = Fetching(resources, client, hosts, stores)
        for number, recording in enumerate(pending):
            report("transcribe", number, total=len(pending), note="fetched")
            came_now = fetching.fetch(recording)
            came, in_a_row = came + came_now, 0 if came_now else in_a_row + 1
            if in_a_row == MOST_FAILURES:
                break
    return len(pending) - came


@dataclass(frozen=True)
class Fetching:
    """Fetches one organization's recordings into its stores."""

    resources: Resources
    client: ZendeskClient
    hosts: MediaHosts
    stores: Stores

    def fetch(self, recording: PendingRecording) -> bool:
        """Stores a recording, or notes why not; False if it did not come in three tries.

        Raises: ConfigurationError.
        """
        try:
            for attempt in stamina.retry_context(
                on=worth_again, attempts=ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=30.0
            ):
                with attempt:
                    self._store(recording)
            return True
        except ConfigurationError:
            raise
        except TransientError as error:
            self._note(recording, "pending", str(error))
            return False
        except PermanentError as error:
            self._note(recording, *_why(error))
            return True

    def _note(self, recording: PendingRecording, state: str, reason: str) -> None:
        with self.resources.session() as connection:
            set_recording_state(connection, recording, state, reason=reason)

    def _store(self, recording: PendingRecording) -> None:
        """Chunks and state in one transaction; of an object, the state once it is whole."""
        with self.resources.session():
            url = _url(self.resources, recording)
        with self.resources.session() as connection:
            against = objection(connection, recording)
            if against is not None:
                raise DeclinedError(against)
            plain = iter_recording(self.client, self.hosts, url)
            measured = Measured(plain, digest_of(self.resources))
            sealed = self.resources.cipher.seal_stream(
                measured,
                column=COLUMN,
                row_id=row_id(recording),
                changed_at=recording.changed_at,
            )
            placed = self.stores.for_new(connection).put(recording, sealed)
            stored = Stored(
                placed.location, placed.chunks, measured.size_bytes, measured.digest.digest()
            )
            if not note_stored(connection, recording, stored):
                raise DeclinedError("erased")
            self.resources.cipher.record_uses(connection)


def _url(resources: Resources, recording: PendingRecording) -> str:
    plain = resources.cipher.unseal(
        recording.sealed,
        column=COMMENT_COLUMN,
        row_id=str(recording.comment_id),
        changed_at=recording.changed_at,
    )
    voice = msgspec.json.decode(
        msgspec.json.decode(plain, type=CommentContent).voice, type=VoiceData
    )
    if voice.recorded is False or voice.call_recording_consent_action == "caller_opted_out":
        raise DeclinedError("comment_says_no")
    if not voice.recording_url:
        raise GoneError("the comment names no recording")
    return voice.recording_url


def _why(error: PermanentError) -> tuple[str, str]:
    """(state, reason) of a recording that is not to be had."""
    if isinstance(error, DeclinedError):
        return "declined", error.reason
    return "gone" if isinstance(error, GoneError) else "refused", str(error)
