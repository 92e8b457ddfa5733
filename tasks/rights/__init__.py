"""The rights of the people in the data: access, export, erasure, correction, opting out."""

from tasks.rights.requests import approve, ask, due_at
from tasks.rights.subjects import Person, named

__all__ = ["Person", "approve", "ask", "due_at", "named"]
