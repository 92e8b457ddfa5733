"""Recordings: fetched, sealed, transcribed; one at a time, each step committed with its state."""

import msgspec

from tasks.connections import StoredCredentials, find_connection
from tasks.conversation import COMMENT_COLUMN, TRANSCRIPT_COLUMN
from tasks.errors import BadRecordError, RefusedError
from tasks.progress import report
from tasks.resources import Resources, opened
from tasks.speech import LocalTranscriber, Transcriber, Transcript
from tasks.step import step
from tasks.zendesk import ZendeskClient
from tasks.zendesk.contents import CommentContent
from tasks.zendesk.leases import shared_budget
from tasks.zendesk.recordings import GoneError, iter_recording
from tasks.zendesk.records import VoiceData
from warehouse import audit
from warehouse.ledger import StageResult
from warehouse.loading import Rows, merge
from warehouse.pending import (
    PendingRecording,
    pending_recordings,
    recording_chunks,
    set_recording_state,
)
from warehouse.tables.ai import transcripts
from warehouse.tables.zendesk import recording_chunks as chunk_table

CHUNK_COLUMN = "zendesk.recording_chunks.sealed"
CHUNK_BYTES = 2**18
CHUNK = ("call_id", "kind", "chunk_no", "ticket_id", "sealed", "changed_at")
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


@step
def transcribe_recordings(slug: str) -> StageResult:
    """Transcribes every recording that has none yet. What cannot be is noted with its reason."""
    with opened(slug) as resources:
        with resources.session() as connection:
            pending = pending_recordings(connection)
        if not pending:
            return StageResult()
        transcriber = LocalTranscriber()
        base_url = find_connection(resources, "zendesk").base_url
        done = 0
        budget = shared_budget(resources.engine, base_url)
        with ZendeskClient.opened(base_url, StoredCredentials(resources), budget=budget) as client:
            for number, recording in enumerate(pending):
                report("transcribe", number, total=len(pending))
                done += _transcribe(resources, client, transcriber, recording)
        _audit(resources, len(pending))
        return StageResult(len(pending), done)


def _transcribe(
    resources: Resources,
    client: ZendeskClient,
    transcriber: Transcriber,
    recording: PendingRecording,
) -> int:
    """1 if there is a transcript now, else 0."""
    try:
        if recording.state == "pending":
            audio = _fetch(resources, client, recording)
        else:
            audio = _stored(resources, recording)
        transcript = transcriber.transcribe(audio)
    except (GoneError, RefusedError) as error:
        state = "gone" if isinstance(error, GoneError) else "refused"
        with resources.session() as connection:
            set_recording_state(connection, recording, state, reason=type(error).__name__)
        return 0
    except BadRecordError as error:
        with resources.session() as connection:
            set_recording_state(connection, recording, "undecodable", reason=error.reason)
        return 0
    _save(resources, recording, transcriber.model_version, transcript)
    return 1


def _fetch(resources: Resources, client: ZendeskClient, recording: PendingRecording) -> bytes:
    """The recording's bytes, once they are stored, sealed chunk by chunk."""
    audio = b"".join(iter_recording(client, _url(resources, recording)))
    chunks = [audio[at : at + CHUNK_BYTES] for at in range(0, len(audio), CHUNK_BYTES)]
    values: list[tuple[object, ...]] = [
        (
            recording.call_id,
            recording.kind,
            number,
            recording.ticket_id,
            resources.cipher.seal(
                chunk,
                column=CHUNK_COLUMN,
                row_id=_chunk_id(recording, number),
                changed_at=recording.changed_at,
            ),
            recording.changed_at,
        )
        for number, chunk in enumerate(chunks)
    ]
    with resources.session() as connection:
        merge(connection, resources.organization.org_id, Rows(chunk_table, CHUNK, values))
        resources.cipher.record_uses(connection)
        set_recording_state(
            connection, recording, "stored", size_bytes=len(audio), chunks=len(chunks)
        )
    return audio


def _stored(resources: Resources, recording: PendingRecording) -> bytes:
    """The bytes of a recording that an earlier run stored."""
    with resources.session() as connection:
        sealed = recording_chunks(connection, recording)
    return b"".join(
        resources.cipher.unseal(
            chunk,
            column=CHUNK_COLUMN,
            row_id=_chunk_id(recording, number),
            changed_at=recording.changed_at,
        )
        for number, chunk in sealed
    )


def _url(resources: Resources, recording: PendingRecording) -> str:
    plain = resources.cipher.unseal(
        recording.sealed,
        column=COMMENT_COLUMN,
        row_id=str(recording.comment_id),
        changed_at=recording.changed_at,
    )
    voice = msgspec.json.decode(plain, type=CommentContent).voice
    url = msgspec.json.decode(voice, type=VoiceData).recording_url
    if not url:
        raise GoneError("the comment names no recording")
    return url


def _chunk_id(recording: PendingRecording, number: int) -> str:
    return f"{recording.call_id}/{recording.kind}/{number}"


def _save(
    resources: Resources, recording: PendingRecording, model: str, transcript: Transcript
) -> None:
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
        merge(connection, resources.organization.org_id, Rows(transcripts, TRANSCRIPT, [row]))
        resources.cipher.record_uses(connection)
        set_recording_state(connection, recording, "transcribed")


def _audit(resources: Resources, recordings: int) -> None:
    with resources.session() as connection:
        audit.record(
            connection,
            resources.organization.org_id,
            actor=resources.settings.actor,
            action="read.content",
            purpose="transcribe recordings",
            details={"recordings": recordings},
        )
