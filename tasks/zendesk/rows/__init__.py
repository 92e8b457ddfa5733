"""What records become: rows of skeletons, and rows of sealed contents.

This is the border behind which no plain personal data goes: what leaves here is ids, states,
instants and ciphertext.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tasks.encryption import Sealer
from tasks.zendesk.page import BadRecord, Page
from tasks.zendesk.rows import calls, desk, events, people, surveys, tickets
from warehouse.loading import Rows
from warehouse.tables.app import quarantine

Convert = Callable[[Sequence[Any], Sealer, datetime], list[Rows]]
KINDS: dict[str, Convert] = {
    "users": people.user_rows,
    "identities": people.identity_rows,
    "organizations": people.organization_rows,
    "tickets": tickets.ticket_rows,
    "listed": tickets.repair_rows,
    "ticket_events": events.event_rows,
    "ticket_metric_events": tickets.metric_event_rows,
    "satisfaction_ratings": tickets.rating_rows,
    "survey_responses": surveys.survey_rows,
    "calls": calls.call_rows,
    "voice_calls": calls.voice_call_rows,
    "legs": calls.leg_rows,
    "groups": desk.group_rows,
    "brands": desk.brand_rows,
    "ticket_fields": desk.field_rows,
    "custom_statuses": desk.status_rows,
    "sla_policies": desk.policy_rows,
    "schedules": desk.schedule_rows,
    "holidays": desk.holiday_rows,
    "articles": desk.article_rows,
}


def to_rows(
    stream_name: str, page: Page, sealer: Sealer, *, cutoff: datetime, as_of: datetime
) -> list[Rows]:
    """The rows of a page, without content that last changed before `cutoff`: its time is over."""
    found = [
        rows
        for kind, records in page.records.items()
        for rows in KINDS[kind](records, sealer, cutoff)
    ]
    if page.bad:
        found.append(_quarantined(stream_name, page.bad, sealer, as_of))
    return found


def _quarantined(
    stream_name: str, bad: Sequence[BadRecord], sealer: Sealer, as_of: datetime
) -> Rows:
    """Records that could not be read, sealed with their reason, so that nothing else is lost."""
    columns = ("quarantine_id", "stream", "kind", "record_id", "reason", "sealed", "changed_at")
    values: list[tuple[object, ...]] = []
    for record in bad:
        key = UUID(bytes=sealer.blind_index(record.raw.hex(), column="app.quarantine.sealed"))
        sealed = sealer.seal(
            record.raw, column="app.quarantine.sealed", row_id=str(key), changed_at=as_of
        )
        told = (key, stream_name, record.kind, record.record_id, record.reason)
        values.append((*told, sealed, as_of))
    return Rows(quarantine, columns, values)
