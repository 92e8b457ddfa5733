"""Transcribing: each stored recording is opened in memory, heard, and its words are sealed."""

import logging

import msgspec

from tasks.conversation import TRANSCRIPT_COLUMN
from tasks.errors import BadRecordError, ConfigurationError, PermanentError
from tasks.progress import report
from tasks.recordings import read_recording
from tasks.resources import Resources, opened
from tasks.speech import LocalTranscriber, Transcriber, Transcript
from tasks.step import step
from tasks.storage import Stores, open_stores
from warehouse.consent import objection
from warehouse.ledger import StageResult
from warehouse.loading import Rows, merge
from warehouse.recordings import PendingRecording, pending_recordings, set_recording_state
from warehouse.tables.ai import transcripts

TRANSCRIPT = (
    "call_id",
    "kind",
    "model",
    "comment_id",
    "ticket_id",
    "segments",
    "duration_seconds",
    "sealed",
    "changed_at",
)

logger = logging.getLogger(__name__)


@step
def transcribe_recordings(slug: str) -> StageResult:
    """Transcribes every stored recording that has no words yet; what can't be is noted with why."""
    with opened(slug) as resources:
        with resources.session() as connection:
            stored = pending_recordings(connection, "stored")
        if not stored:
            return StageResult()
        transcriber = LocalTranscriber()
        done = 0
        with open_stores(resources.settings, resources.organization.org_id) as stores:
            for number, recording in enumerate(stored):
                report("transcribe", number, total=len(stored))
                done += _transcribe(resources, stores, transcriber, recording)
        _audit(resources, len(stored))
        return StageResult(len(stored), done)


def _transcribe(
    resources: Resources, stores: Stores, transcriber: Transcriber, recording: PendingRecording
) -> int:
    """1 if there is a transcript now, else 0."""
    try:
        with resources.session() as connection:
            audio = read_recording(resources, stores, connection, recording)
        transcript = transcriber.transcribe(audio)
    except BadRecordError as error:
        _note(resources, recording, "undecodable", error.reason)
        return 0
    except ConfigurationError:
        raise
    except PermanentError as error:
        # altered, cut off or not there: what is stored is of no use, and Zendesk may still have it
        logger.warning("recording %s: %s", recording, error)
        _note(resources, recording, "pending", type(error).__name__)
        return 0
    return _save(resources, recording, transcriber.model_version, transcript)


def _note(resources: Resources, recording: PendingRecording, state: str, reason: str) -> None:
    with resources.session() as connection:
        set_recording_state(connection, recording, state, reason=reason)


def _save(
    resources: Resources, recording: PendingRecording, model: str, transcript: Transcript
) -> int:
    """1, or 0 where the caller's no has come meanwhile: the next fetch declines it."""
    sealed = resources.cipher.seal(
        msgspec.json.encode(transcript),
        column=TRANSCRIPT_COLUMN,
        row_id=f"{recording.call_id}/{recording.kind}/{model}",
        changed_at=recording.changed_at,
    )
    row = (
        recording.call_id,
        recording.kind,
        model,
        recording.comment_id,
        recording.ticket_id,
        len(transcript.segments),
        transcript.duration_seconds,
        sealed,
        recording.changed_at,
    )
    with resources.session() as connection:
        if objection(connection, recording) is not None:
            return 0
        merge(connection, resources.organization.org_id, Rows(transcripts, TRANSCRIPT, [row]))
        resources.cipher.record_uses(connection)
        set_recording_state(connection, recording, "transcribed")
    return 1


def _audit(resources: Resources, recordings: int) -> None:
    with resources.session() as connection:
        resources.audit(
            connection,
            action="read.content",
            purpose="transcribe recordings",
            details={"recordings": recordings},
        )
