"""The kinds of records that an answer to a person is made of, and what each of them asks for.

A query knows the person by `:subject` and `:user_ids`, and the tickets that they asked (`:own`) and
those of others that they had to do with (`:others`).
"""

from sqlalchemy import Table

from warehouse.held import Kind
from warehouse.tables import ai, alerts, assessments, evaluation, zendesk

# Of whom they tell is another, or they tell a reader nothing.
UNTOLD = {"org_id", "loaded_at", "labelled_by", "answered_by", "message_key"}
UNTOLD |= {"content_hash", "evidence_hash", "sop_version"}


def _of_own(about: str, table: Table, name: str | None = None) -> Kind:
    """What a table has of the person's own tickets, in all its columns but `UNTOLD`."""
    columns = ", ".join(f"s.{one.name}" for one in table.columns if one.name not in UNTOLD)
    order = ", ".join(f"s.{one.name}" for one in table.primary_key if one.name not in UNTOLD)
    return Kind(
        name or f"{table.name}",  # a plain string
        about,
        "ticket",
        f"select {columns}, greatest(t.updated_at, t.changed_at) as clock_at"
        f" from {table.fullname} as s inner join zendesk.tickets as t on s.ticket_id = t.id"
        f" where s.ticket_id = any(:own) order by {order}",
    )


# Whoever wrote, told by what they are to the person.
AUTHOR = """
    case
        when c.author_id = any(:user_ids) then 'you'
        when c.author_role in ('agent', 'admin') then 'agent'
        when c.author_role = 'end-user' then 'another person'
        else 'unknown'
    end
"""
CALLS = "select k.id from zendesk.calls as k where k.customer_id = any(:user_ids)"
MINE = f"(%s.ticket_id = any(:own) or %s.call_id in ({CALLS}))"

KINDS: tuple[Kind, ...] = (
    Kind(
        "profile",
        "who you are to the account",
        "content",
        """
            select
                u.id as user_id, u.role, u.active, u.suspended, u.organization_id as company_id,
                u.created_at, u.changed_at, c.changed_at as clock_at, c.user_id::text as row_id,
                c.sealed
            from zendesk.users as u
            left join zendesk.user_contents as c on u.id = c.user_id
            where u.id = any(:user_ids) order by u.id, c.changed_at desc
        """,
        "zendesk.user_contents.sealed",
    ),
    Kind(
        "identities",
        "your addresses and numbers",
        "content",
        """
            select
                i.id as identity_id, i.user_id, i.type, i.is_primary, i.verified, i.changed_at,
                c.changed_at as clock_at, c.identity_id::text as row_id, c.sealed
            from zendesk.user_identities as i
            left join zendesk.user_identity_contents as c on i.id = c.identity_id
            where i.user_id = any(:user_ids) order by i.id, c.changed_at desc
        """,
        "zendesk.user_identity_contents.sealed",
    ),
    Kind(
        "tickets",
        "what you asked for",
        "content",
        """
            select
                t.id as ticket_id, t.status, t.priority, t.type, t.via_channel, t.is_public,
                t.merged_into_id, t.created_at, t.updated_at, t.deleted_at,
                c.changed_at as clock_at, c.ticket_id::text as row_id, c.sealed
            from zendesk.tickets as t
            left join zendesk.ticket_contents as c on t.id = c.ticket_id
            where t.id = any(:own) order by t.id, c.changed_at desc
        """,
        "zendesk.ticket_contents.sealed",
    ),
    Kind(
        "other_tickets",
        "tickets of others that you had to do with",
        "ticket",
        """
            select
                t.id as ticket_id, t.status, t.created_at, t.updated_at,
                greatest(t.updated_at, t.changed_at) as clock_at
            from zendesk.tickets as t where t.id = any(:others) order by t.id
        """,
    ),
    Kind(
        "comments",
        "what you wrote, and what was written in your tickets, notes of the desk included",
        "content",
        f"""
            select
                c.id as comment_id, c.ticket_id, c.kind, {AUTHOR} as author, c.is_public,
                c.via_channel, c.created_at, s.changed_at as clock_at,
                s.comment_id::text as row_id, s.sealed
            from zendesk.comments as c
            left join zendesk.comment_contents as s on c.id = s.comment_id
            where c.author_id = any(:user_ids) or c.ticket_id = any(:own)
            order by c.id, s.changed_at desc
        """,
        "zendesk.comment_contents.sealed",
    ),
    Kind(
        "calls",
        "your calls",
        "content",
        """
            select
                k.id as call_id, k.ticket_id, k.direction, k.completion_status, k.duration_seconds,
                k.wait_seconds, k.talk_seconds, k.hold_seconds, k.ivr_seconds, k.voicemail,
                k.callback, k.recording_consent, k.recording_consent_action, k.created_at,
                c.changed_at as clock_at, c.call_id::text as row_id, c.sealed
            from zendesk.calls as k
            left join zendesk.call_contents as c on k.id = c.call_id
            where k.customer_id = any(:user_ids) or k.ticket_id = any(:own)
            order by k.id, c.changed_at desc
        """,
        "zendesk.call_contents.sealed",
    ),
    Kind(
        "recordings",
        "recordings of your calls; the audio is in the folder recordings",
        "ticket",
        f"""
            select
                r.call_id, r.kind, r.ticket_id, r.duration_seconds, r.size_bytes, r.state,
                r.changed_at, r.changed_at as clock_at
            from zendesk.recordings as r where {MINE.replace("%s", "r")}
            order by r.call_id, r.kind
        """,
    ),
    Kind(
        "transcripts",
        "the words of your calls, as a model heard them",
        "content",
        f"""
            select
                s.call_id, s.kind, s.model, s.ticket_id, s.segments, s.changed_at as clock_at,
                s.call_id || '/' || s.kind || '/' || s.model as row_id, s.sealed
            from ai.transcripts as s where {MINE.replace("%s", "s")}
            order by s.call_id, s.kind, s.model
        """,
        "ai.transcripts.sealed",
    ),
    Kind(
        "ratings",
        "how satisfied you said you were",
        "content",
        """
            select
                r.id as rating_id, r.ticket_id, r.score, r.created_at, r.changed_at,
                c.changed_at as clock_at, c.rating_id::text as row_id, c.sealed
            from zendesk.satisfaction_ratings as r
            left join zendesk.rating_contents as c on r.id = c.rating_id
            where r.requester_id = any(:user_ids) or r.ticket_id = any(:own)
            order by r.id, c.changed_at desc
        """,
        "zendesk.rating_contents.sealed",
    ),
    Kind(
        "surveys",
        "your answers to surveys",
        "content",
        """
            select
                r.id as response_id, r.ticket_id, r.survey_id, r.scale, r.rating, r.lowest,
                r.highest, r.score, r.category, r.created_at, c.changed_at as clock_at,
                c.response_id as row_id, c.sealed
            from zendesk.survey_responses as r
            left join zendesk.survey_contents as c on r.id = c.response_id
            where r.responder_id = any(:user_ids) or r.ticket_id = any(:own)
            order by r.id, c.changed_at desc
        """,
        "zendesk.survey_contents.sealed",
    ),
    Kind(
        "unread",
        "records of you or your tickets that could not be read, as they came",
        "content",
        """
            select
                q.stream, q.kind, q.reason, q.changed_at as clock_at,
                q.quarantine_id::text as row_id, q.sealed
            from app.quarantine as q
            where
                q.kind = 'users' and q.record_id = any(:user_names)
                or q.kind = 'tickets' and q.record_id = any(:own_names)
            order by q.changed_at
        """,
        "app.quarantine.sealed",
    ),
    Kind(
        "ticket_history",
        "how your tickets changed; of others only that they did it",
        "ticket",
        """
            select
                e.id as event_id, e.ticket_id, e.event_type, e.field_name, e.created_at,
                case when e.field_name like '%\\_id' then null else e.previous_value end
                    as previous_value,
                case when e.field_name like '%\\_id' then null else e.value end as value,
                greatest(t.updated_at, t.changed_at) as clock_at
            from zendesk.audit_events as e
            inner join zendesk.tickets as t on e.ticket_id = t.id
            where e.ticket_id = any(:own) order by e.id
        """,
    ),
    _of_own("how long your tickets took", zendesk.ticket_metrics),
    _of_own("when the desk's clocks ran for your tickets", zendesk.metric_events),
    Kind(
        "summaries",
        "summaries of your tickets by a model",
        "content",
        """
            select s.ticket_id, s.changed_at as clock_at, s.ticket_id::text as row_id, s.sealed
            from ai.summaries as s
            where s.ticket_id = any(:own) order by s.ticket_id, s.changed_at desc
        """,
        "ai.summaries.sealed",
    ),
    Kind(
        "passages",
        "the places in your tickets that have a vector: numbers that a search compares, not text",
        "content",
        """
            select
                s.ticket_id, s.comment_id, s.source, s.model, s.chunk_no, s.start_char, s.end_char,
                s.dimension, s.changed_at as clock_at
            from ai.ticket_chunks as s
            where s.ticket_id = any(:own) order by s.comment_id, s.source, s.model, s.chunk_no
        """,
    ),
    _of_own("how each turn sounded, by a model, from -1 to 1", ai.turn_sentiments),
    _of_own("how each ticket began and ended, by a model", ai.ticket_scores),
    _of_own("whether the desk followed its procedures, by a model", ai.sop_checks),
    _of_own("what each ticket is about and what it risks, by a model", assessments.assessments),
    _of_own("by which words, as places in comments", assessments.assessment_reasons),
    _of_own("how well it was handled, by a model", assessments.quality_scores),
    _of_own("tickets that were told to the desk's leads", assessments.escalations),
    _of_own("what the desk's leads were told of them", alerts.alerts),
    _of_own("what people said of the models' findings", evaluation.labels),
    _of_own("which model read which ticket when, on any machine", ai.ticket_work, "processing"),
    Kind(
        "sent_to_others",
        "requests to others with words of your tickets, or what you said in those of others",
        "audit",
        """
            select
                o.sent_at, o.recipient, o.purpose, o.model,
                array(
                    select t.id from unnest(o.ticket_ids) as t (id)
                    where t.id = any(:involved) order by t.id
                ) as ticket_ids,
                o.sent_at as clock_at
            from audit.outbound as o
            where o.ticket_ids && cast(:involved as bigint[]) order by o.sent_at
        """,
    ),
    Kind(
        "requests",
        "what you asked for by right, and by when it is due",
        "none",
        """
            select
                r.request_id, r.kind, r.state, r.asked_at, r.due_at, r.ended_at,
                cast(null as timestamptz) as clock_at
            from app.privacy_requests as r where r.subject = :subject order by r.asked_at
        """,
    ),
    Kind(
        "opt_outs",
        "that no model reads your tickets",
        "none",
        """
            select o.asked_at, cast(null as timestamptz) as clock_at
            from app.ai_opt_outs as o
            where
                o.subject = :subject or o.zendesk_user_id = any(:user_ids)
                or coalesce(o.email_index, o.phone_index) in (
                    select unnest(array[u.email_index, u.phone_index]) from zendesk.users as u
                    where u.id = any(:user_ids)
                    union all
                    select i.value_index from zendesk.user_identities as i
                    where i.user_id = any(:user_ids)
                )
        """,
    ),
)
