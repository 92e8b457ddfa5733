"""The rights of the people in the data: access, export, erasure, correction, opting out."""

from tasks.rights.access import Access, Held, find_held
from tasks.rights.erasures import erase, replay_tombstones, retract_messages, serve_erasures
from tasks.rights.exports import (
    expire_exports,
    fetch_export,
    find_export,
    live_export,
    make_export,
    sweep_archives,
)
from tasks.rights.handing import check_place
from tasks.rights.opt_outs import opt_in, opt_out
from tasks.rights.receipts import is_genuine, receipt_of
from tasks.rights.rectifying import rectify
from tasks.rights.requests import (
    DUE_SOON,
    REASONS,
    approve,
    ask,
    due_at,
    end,
    enter,
    find_due,
    find_request,
    pending,
    refuse,
)
from tasks.rights.serving import enter_and_serve, export, serve_approved
from tasks.rights.subjects import Person, named, requested_by

__all__ = [
    "DUE_SOON",
    "REASONS",
    "Access",
    "Held",
    "Person",
    "approve",
    "ask",
    "check_place",
    "due_at",
    "end",
    "enter",
    "enter_and_serve",
    "erase",
    "expire_exports",
    "export",
    "fetch_export",
    "find_due",
    "find_export",
    "find_held",
    "find_request",
    "is_genuine",
    "live_export",
    "make_export",
    "named",
    "opt_in",
    "opt_out",
    "pending",
    "receipt_of",
    "rectify",
    "refuse",
    "replay_tombstones",
    "requested_by",
    "retract_messages",
    "serve_approved",
    "serve_erasures",
    "sweep_archives",
]
