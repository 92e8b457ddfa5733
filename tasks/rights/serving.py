"""Serving what was asked for and may be served, without anybody at a terminal."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from tasks.resources import Resources
from tasks.rights.erasures import serve_erasures
from tasks.rights.exports import live_export, make_export
from tasks.rights.opt_outs import opt_out
from tasks.rights.requests import end, pending
from tasks.rights.subjects import Person, requested_by
from warehouse import requests
from warehouse.requests import Request


def export(resources: Resources, person: Person, *, as_of: datetime) -> tuple[UUID, UUID]:
    """(the request, the archive that was made for it). An export needs nobody's approval."""
    with resources.session() as connection:
        request = pending(resources, connection, "export", person)
        requests.approve(connection, request.request_id, approved_by=resources.settings.actor)
    return request.request_id, make_export(resources, request, as_of=as_of)


def enter_and_serve(
    resources: Resources, kind: str, person: Person, *, as_of: datetime
) -> dict[str, str]:
    """Enters a request, and serves it where that shows no one's data: ids, and what comes next."""
    if kind == "export":
        request_id, export_id = export(resources, person, as_of=as_of)
        return _told(request_id, f"made: `vensor privacy fetch` export {export_id} within 5 days")
    if kind == "opt_out":
        tickets = opt_out(resources, person)
        return {"next": f"done: {tickets} tickets were forgotten by all models"}
    with resources.session() as connection:
        request = pending(resources, connection, kind, person)
    waits = "another person's approval" if kind == "erase" else "someone at the terminal"
    return _told(request.request_id, f"{request.state}: waits for {waits}")


def serve_exports(resources: Resources, as_of: datetime) -> int:
    """Makes the archives that approved requests wait for, or wait for again; how many."""
    with resources.session() as connection:
        waiting = [
            one for one in requests.find_all(connection, states=["approved"]) if _is_export(one)
        ]
    due = [one for one in waiting if live_export(resources, one.request_id, as_of) is None]
    return sum(_serve_export(resources, one, as_of) for one in due)


def _serve_export(resources: Resources, request: Request, as_of: datetime) -> bool:
    """False where nothing of them is held any more: that is the answer, and it has a receipt."""
    if requested_by(resources, request).user_ids:
        make_export(resources, request, as_of=as_of)
        return True
    with resources.session() as connection:
        end(resources, connection, request, state="done", receipt={"records": 0})
    return False


# What serves the approved requests of a kind: how many it served.
SERVED: dict[str, Callable[[Resources, datetime], int]] = {
    "erasures served": lambda resources, _: serve_erasures(resources)["done"],
    "exports made": serve_exports,
}


def serve_approved(resources: Resources, as_of: datetime) -> dict[str, int]:
    """Serves every approved request that a machine can serve; how many of each kind."""
    return {what: serve(resources, as_of) for what, serve in SERVED.items()}


def _is_export(request: Request) -> bool:
    return request.kind == "export"


def _told(request_id: UUID, what_next: str) -> dict[str, str]:
    return {"request": str(request_id), "next": what_next}
