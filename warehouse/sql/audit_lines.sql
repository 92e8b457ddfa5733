-- The audit trail as it is sealed and exported: each row as one line of text, in which instants
-- are UTC. What a line holds and in which form is never changed: it would break the seals over it.
create or replace view audit.lines with (security_invoker = true) as
select
    e.org_id,
    e.event_no,
    e.happened_at,
    jsonb_build_object(
        'kind', 'event',
        'org_id', e.org_id,
        'event_no', e.event_no,
        'event_id', e.event_id,
        'happened_at', to_char(e.happened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'actor', e.actor,
        'action', e.action,
        'purpose', e.purpose,
        'details', e.details
    )::text as entry
from audit.events as e
union all
select
    o.org_id,
    o.event_no,
    o.sent_at as happened_at,
    jsonb_build_object(
        'kind', 'outbound',
        'org_id', o.org_id,
        'event_no', o.event_no,
        'event_id', o.sending_id,
        'happened_at', to_char(o.sent_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'recipient', o.recipient,
        'purpose', o.purpose,
        'model', o.model,
        'ticket_ids', o.ticket_ids,
        'items', o.items,
        'payload_bytes', o.payload_bytes,
        'audio_seconds', o.audio_seconds
    )::text as entry
from audit.outbound as o;
