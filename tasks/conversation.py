"""Conversations, unsealed for the time of one batch: comments and the words of calls, in order."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from sqlalchemy import Connection

from tasks.encryption import Cipher
from tasks.resources import Resources
from tasks.scoring.records import Conversation, Speaker, Turn
from tasks.speech import Transcript
from tasks.zendesk.contents import CommentContent, TicketContent
from warehouse.opt_outs import forget_opted_out, forget_outdated
from warehouse.pending import (
    PendingTicket,
    SealedComment,
    SealedTranscript,
    mark_done,
    sealed_comments,
    sealed_tickets,
    sealed_transcripts,
)

COMMENT_COLUMN = "zendesk.comment_contents.sealed"
TICKET_COLUMN = "zendesk.ticket_contents.sealed"
TRANSCRIPT_COLUMN = "ai.transcripts.sealed"
SPEAKERS: dict[str | None, Speaker] = {"end-user": "customer", "agent": "agent", "admin": "agent"}


@dataclass(frozen=True)
class Text:
    """One comment's or transcript's words. `repr` hides them."""

    comment_id: int
    source: Literal["comment", "transcript"]
    words: str
    changed_at: datetime

    def __repr__(self) -> str:
        return f"Text({self.source} of {self.comment_id})"


@dataclass(frozen=True)
class OpenConversation:
    """A ticket's conversation in the clear. `content_hash` is keyed and changes with any word."""

    conversation: Conversation
    texts: tuple[Text, ...]
    changed_at: datetime
    content_hash: bytes

    @property
    def ticket_id(self) -> int:
        return self.conversation.ticket_id

    def __repr__(self) -> str:
        return f"OpenConversation({self.ticket_id})"


def open_conversations(
    connection: Connection, cipher: Cipher, ticket_ids: Sequence[int]
) -> list[OpenConversation]:
    """The conversations of these tickets that still have content, in the order given."""
    comments: dict[int, list[SealedComment]] = defaultdict(list)
    for comment in sealed_comments(connection, ticket_ids):
        comments[comment.ticket_id].append(comment)
    transcripts: dict[int, list[SealedTranscript]] = defaultdict(list)
    for transcript in sealed_transcripts(connection, ticket_ids):
        transcripts[transcript.comment_id].append(transcript)
    return [
        _opened(cipher, ticket_id, comments[ticket_id], transcripts)
        for ticket_id in ticket_ids
        if ticket_id in comments
    ]


def open_subjects(
    connection: Connection, cipher: Cipher, ticket_ids: Sequence[int]
) -> dict[int, str]:
    """The subjects of these tickets, by id."""
    return {
        one.ticket_id: msgspec.json.decode(
            cipher.unseal(
                one.sealed,
                column=TICKET_COLUMN,
                row_id=str(one.ticket_id),
                changed_at=one.changed_at,
            ),
            type=TicketContent,
        ).subject
        or ""
        for one in sealed_tickets(connection, ticket_ids)
    }


def mark_read(
    connection: Connection,
    resources: Resources,
    pending: Sequence[PendingTicket],
    conversations: Sequence[OpenConversation],
    *,
    task: Literal["embed", "score", "sop", "assess"],
    model_version: str,
) -> None:
    """Notes that `task` is done with what these tickets held.

    In the transaction that stores what was made of them: whoever opted out or was erased meanwhile
    is left out.
    """
    hashes = {one.ticket_id: one.content_hash for one in conversations}
    org_id = resources.organization.org_id
    mark_done(
        connection,
        org_id,
        [ticket for ticket in pending if ticket.ticket_id in hashes],
        task=task,
        model_version=model_version,
        content_hashes=hashes,
    )
    forget_opted_out(connection, list(hashes))
    forget_outdated(
        connection,
        [(one.ticket_id, words.comment_id) for one in conversations for words in one.texts],
    )


def text_of_comment(plain: bytes) -> str:
    """The words of an unsealed comment."""
    return msgspec.json.decode(plain, type=CommentContent).plain_body or ""


def text_of_transcript(plain: bytes) -> str:
    """The words of an unsealed transcript, in one line."""
    return msgspec.json.decode(plain, type=Transcript).text


def _opened(
    cipher: Cipher,
    ticket_id: int,
    comments: Sequence[SealedComment],
    transcripts: dict[int, list[SealedTranscript]],
) -> OpenConversation:
    turns: list[Turn] = []
    texts: list[Text] = []
    for comment in comments:
        for source, found in _parts(cipher, comment, transcripts[comment.comment_id]):
            texts.append(source)
            turns.extend(found)
    digest = cipher.keyed_hash(
        msgspec.json.encode([(text.comment_id, text.source, text.words) for text in texts]),
        purpose="conversation",
    )
    return OpenConversation(
        Conversation(ticket_id, tuple(turns)),
        tuple(texts),
        max(comment.changed_at for comment in comments),
        digest,
    )


def _parts(
    cipher: Cipher, comment: SealedComment, transcripts: Sequence[SealedTranscript]
) -> list[tuple[Text, list[Turn]]]:
    """A comment's words, or in place of a voice comment's form letter those of its call."""
    if comment.kind == "VoiceComment":
        return [_spoken(cipher, comment, transcript) for transcript in transcripts]
    words = text_of_comment(
        cipher.unseal(
            comment.sealed,
            column=COMMENT_COLUMN,
            row_id=str(comment.comment_id),
            changed_at=comment.changed_at,
        )
    )
    speaker = SPEAKERS.get(comment.author_role, "unknown")
    turn = Turn(comment.comment_id, 0, speaker, words, comment.created_at, comment.is_public)
    return [(Text(comment.comment_id, "comment", words, comment.changed_at), [turn])]


def _spoken(
    cipher: Cipher, comment: SealedComment, sealed: SealedTranscript
) -> tuple[Text, list[Turn]]:
    plain = cipher.unseal(
        sealed.sealed,
        column=TRANSCRIPT_COLUMN,
        row_id=f"{sealed.call_id}/{sealed.kind}/{sealed.model}",
        changed_at=sealed.changed_at,
    )
    transcript = msgspec.json.decode(plain, type=Transcript)
    turns = [
        Turn(
            comment.comment_id,
            number,
            segment.speaker,
            segment.text,
            comment.created_at + timedelta(seconds=segment.start_seconds),
            comment.is_public,
        )
        for number, segment in enumerate(transcript.segments, start=1)
    ]
    return Text(comment.comment_id, "transcript", transcript.text, sealed.changed_at), turns
