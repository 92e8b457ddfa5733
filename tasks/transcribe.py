"""Transcribing: each stored recording is opened in memory, heard, and its words are sealed."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from tasks.audio import read_recording
from tasks.choices import note_local, opened_transcriber
from tasks.conversation import TRANSCRIPT_COLUMN
from tasks.errors import (
    BadRecordError,
    BudgetSpentError,
    ConfigurationError,
    PermanentError,
)
from tasks.progress import report
from tasks.resources import Resources, opened
from tasks.speech import Audio, Transcriber, Transcript
from tasks.step import step
from tasks.storage import Stores, open_stores
from warehouse.consent import objection
from warehouse.ledger import StageResult
from warehouse.loading import Rows, merge
from warehouse.opt_outs import forget_opted_out
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
        with (
            opened_transcriber(resources) as transcriber,
            open_stores(resources.settings, resources.organization.org_id) as stores,
        ):
            return _transcribe(resources, stores, transcriber, stored)


def _transcribe(
    resources: Resources,
    stores: Stores,
    transcriber: Transcriber,
    stored: Sequence[PendingRecording],
) -> StageResult:
    heard: deque[PendingRecording] = deque()
    done, bad, seconds, note = 0, 0, 0.0, ""
    try:
        for found in transcriber.transcribe_each(_audio(resources, stores, stored, heard)):
            recording = heard.popleft()
            if isinstance(found, BadRecordError):
                _note(resources, recording, "undecodable", found.reason)
                bad += 1
                continue
            seconds += found.duration_seconds
            done += _save(resources, recording, transcriber.model_version, found)
    except BudgetSpentError:
        note = "stopped: today's budget for models is spent; the next day goes on"
    if not transcriber.remote:
        model = transcriber.model_version
        note_local(resources, "transcribe", model, items=done, audio_seconds=seconds)
    return StageResult(len(stored), done, quarantined=bad, note=note)


def _audio(
    resources: Resources,
    stores: Stores,
    stored: Sequence[PendingRecording],
    heard: deque[PendingRecording],
) -> Iterator[Audio]:
    """The recordings that can be opened, each added to `heard`."""
    for number, recording in enumerate(stored):
        report("transcribe", number, total=len(stored))
        try:
            with resources.session() as connection:
                if objection(connection, recording) is not None:
                    continue  # a no that has just come: the next fetch declines it
                audio = read_recording(resources, stores, connection, recording)
        except BadRecordError as error:
            _note(resources, recording, "undecodable", error.reason)
        except ConfigurationError:
            raise
        except PermanentError as error:
            # altered, cut off or not there: of no use, and Zendesk may still have it
            logger.warning("recording %s: %s", recording, error)
            _note(resources, recording, "pending", type(error).__name__)
        else:
            heard.append(recording)
            yield Audio(audio, recording.ticket_id)


def _note(resources: Resources, recording: PendingRecording, state: str, reason: str) -> None:
    with resources.session() as connection:
        set_recording_state(connection, recording, state, reason=reason)


def _save(
    resources: Resources, recording: PendingRecording, model: str, transcript: Transcript
) -> int:
    """1, or 0 where the caller's no has come meanwhile, or they were erased."""
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
        if not set_recording_state(connection, recording, "transcribed"):
            return 0
        merge(connection, resources.organization.org_id, Rows(transcripts, TRANSCRIPT, [row]))
        resources.cipher.record_uses(connection)
        forget_opted_out(connection, [recording.ticket_id])
    return 1
