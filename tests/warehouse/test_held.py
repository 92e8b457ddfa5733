"""What an answer to a person is made of, held up against the tables that there are."""

import re

from warehouse.kinds import KINDS
from warehouse.sealed import sealed_columns
from warehouse.tables import metadata

# What has to do with people and is in no kind, and why.
LEFT_OUT = {
    "zendesk.audits": "its events are told one by one",
    "zendesk.call_legs": "of agents, within a call that is told",
    "zendesk.recording_chunks": "the audio itself",
    "zendesk.ticket_repairs": "work in hand, gone with the next run",
    "ai.batch_requests": "work in hand; what was sent is told",
    "app.agent_pseudonyms": "of agents",
    "app.corrections": "what is corrected is told as it is right, in the profile",
    "app.exports": "archives such as this one",
}
# Columns by which a row has to do with a person or with their ticket.
PERSONAL = re.compile(
    r"(.*_)?(ticket|user|requester|submitter|assignee|author|customer|agent|responder|call"
    r"|comment|identity)_ids?|subject|(email|phone|value)_index"
)


def _read() -> set[str]:
    queries = " ".join(one.query for one in KINDS)
    return set(re.findall(r"\b(?:app|zendesk|ai|audit)\.[a-z_]+", queries))


def test_no_table_that_holds_something_of_people_is_forgotten() -> None:
    """One that somebody adds is told to the people in it, or is left out for a reason."""
    personal = {
        table.fullname
        for table in metadata.sorted_tables
        if any(PERSONAL.fullmatch(column.name) for column in table.columns)
    }
    # a member's or a login's own, of whom no ticket tells
    personal -= {"app.members", "app.authorizations"}
    assert personal - _read() == set(LEFT_OUT) & personal
    assert set(LEFT_OUT) <= personal
    assert not set(LEFT_OUT) & _read()


def test_every_sealed_column_with_words_is_opened_for_them() -> None:
    """But secrets of the organization, and what it knows of customers' companies."""
    words = {one.name for one in sealed_columns()}
    others = {
        "app.connections.credentials",
        "app.corrections.sealed",
        "keys.export_keys.sealed",
        "zendesk.organization_contents.sealed",
    }
    assert words - {one.sealed for one in KINDS} == others
