"""Whether who called agreed to be recorded. Every function runs in the tenant session.

Zendesk Talk keeps two things with a call. `recording_consent` is how the line asks: 'always' and
'never' do not; 'opt_out' records unless a key is pressed; 'opt_in' only if one is.
`recording_consent_action` is what the caller did: 'caller_opted_in', 'caller_opted_out' or nothing.
Source: Zendesk's API reference, Talk, incremental call exports.

A call that is not here (not exported yet, or Talk's export refused) or whose line is not known says
nothing against: Zendesk has recorded under the line's own rule, and whoever objected was not
recorded. Waiting for the export would mean never hearing the calls of accounts that refuse it.
Once the call does come, what it says is acted on, whatever was stored by then.
"""

from sqlalchemy import Connection, Row, text

from warehouse.recordings import PendingRecording, Ref, forget_words

# Why a recording `r` of the call `c` is not to be had; NULL where nothing stands against it.
# A voicemail is spoken on purpose: only a plain no, never a line's silence, speaks against it.
OBJECTION = """
    case
        when c.recording_consent_action = 'caller_opted_out' then 'caller_opted_out'
        when r.kind = 'call' and c.recording_consent = 'never' then 'line_never_records'
        when
            r.kind = 'call' and c.recording_consent = 'opt_in'
            and c.recording_consent_action is distinct from 'caller_opted_in'
            then 'not_opted_in'
    end
"""


def objection(connection: Connection, recording: PendingRecording) -> str | None:
    """Why this recording is not to be fetched, as its call says now; None if it may be."""
    found: str | None = connection.execute(
        text(f"""
            select {OBJECTION} from zendesk.recordings as r
            inner join zendesk.calls as c on r.call_id = c.id
            where r.call_id = :call_id and r.kind = :kind
        """),
        {"call_id": recording.call_id, "kind": recording.kind},
    ).scalar_one_or_none()
    return found


def decline(connection: Connection) -> int:
    """Declines every recording that its call says no to, and forgets its words; how many.

    One that was declined only because no key was pressed yet waits again once one was; a no, once
    said, stays.
    """
    _reconsider(connection)
    found = connection.execute(
        text(f"""
            update zendesk.recordings as r set state = 'declined', reason = {OBJECTION}
            from zendesk.calls as c
            where
                r.call_id = c.id and r.state <> 'declined' and r.reason is distinct from 'erased'
                and {OBJECTION} is not null
            returning r.call_id, r.kind, r.location, r.comment_id, r.ticket_id
        """)
    ).all()
    if found:
        forget_words(connection, [_words(row) for row in found])
    return len(found)


def _words(row: "Row[tuple[int, str, str | None, int, int]]") -> tuple[Ref, int, int]:
    return Ref(row[0], row[1], row[2]), row[3], row[4]


def _reconsider(connection: Connection) -> None:
    connection.execute(
        text(f"""
            update zendesk.recordings as r set state = 'pending', reason = null
            from zendesk.calls as c
            where
                r.call_id = c.id and r.state = 'declined' and r.reason = 'not_opted_in'
                and {OBJECTION} is null
        """)
    )
