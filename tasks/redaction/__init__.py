"""What is personal in a text, found and replaced before the text leaves this machine."""

from tasks.redaction.conversations import HiddenConversation, hidden
from tasks.redaction.names import find_names
from tasks.redaction.records import Kind, Person, Redacted, Span
from tasks.redaction.redactor import REDACTION_VERSION, Redactor

__all__ = [
    "REDACTION_VERSION",
    "HiddenConversation",
    "Kind",
    "Person",
    "Redacted",
    "Redactor",
    "Span",
    "find_names",
    "hidden",
]
