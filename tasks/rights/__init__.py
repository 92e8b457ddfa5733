"""The rights of the people in the data: access, export, erasure, correction, opting out."""

from tasks.rights.erasures import erase, replay_tombstones, retract_messages, serve_erasures
from tasks.rights.rectifying import rectify
from tasks.rights.requests import approve, ask, due_at
from tasks.rights.subjects import Person, named

__all__ = [
    "Person",
    "approve",
    "ask",
    "due_at",
    "erase",
    "named",
    "rectify",
    "replay_tombstones",
    "retract_messages",
    "serve_erasures",
]
