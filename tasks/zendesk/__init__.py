"""Zendesk: its OAuth, its limits, its streams, and what its records become in the warehouse."""

from tasks.zendesk.client import ZendeskClient
from tasks.zendesk.credentials import Credentials, CredentialStore, credential_notes
from tasks.zendesk.page import BadRecord, Page
from tasks.zendesk.rows import to_rows
from tasks.zendesk.rows.events import merged_tickets, redactions
from tasks.zendesk.streams import STREAMS, Mode, Stream, Ways

__all__ = [
    "STREAMS",
    "BadRecord",
    "CredentialStore",
    "Credentials",
    "Mode",
    "Page",
    "Stream",
    "Ways",
    "ZendeskClient",
    "credential_notes",
    "merged_tickets",
    "redactions",
    "to_rows",
]
