"""Ticket metric events."""

from typing import Any

from sandbox.world import paths, sla
from sandbox.world.index import Place
from sandbox.world.tickets import Ticket
from sandbox.zendesk.shapes import ids
from sandbox.zendesk.shapes.ids import iso
from sandbox.zendesk.shapes.metric_sets import minutes


def metric_events(ticket: Ticket, place: Place) -> list[dict[str, Any]]:
    """The metric events of a step, or the one missed target the place stands for."""
    if place.step in sla.BREACH_STEPS:
        return [_breach(ticket, place)]
    told = []
    for at, mark in enumerate(paths.marks(ticket.word)):
        if mark.step != place.step:
            continue
        event = _event(ticket, mark.metric, mark.kind, mark.instance, place, at)
        if mark.kind == "update_status":
            event["status"] = minutes(ticket, mark.since)
        elif mark.kind == "apply_sla":
            target = sla.target_of(mark.metric, ticket.channel, ticket.priority_at(place.step))
            if target is None:
                continue
            event["sla"] = _target_shape(ticket, target)
        told.append(event)
    return told


def _event(
    ticket: Ticket, metric: str, kind: str, instance: int, place: Place, at: int
) -> dict[str, Any]:
    return {
        "id": ids.metric_event_id(ticket.setting, ticket.number, place.step, at),
        "ticket_id": ticket.number,
        "metric": metric,
        "instance_id": instance,
        "type": kind,
        "time": iso(place.at),
    }


def _breach(ticket: Ticket, place: Place) -> dict[str, Any]:
    metric = sla.BREACH_STEPS[place.step]
    return _event(ticket, metric, "breach", 1, place, 0) | {"deleted": False}


def _target_shape(ticket: Ticket, target: sla.Target) -> dict[str, Any]:
    return {
        "target": target.minutes,
        "target_in_seconds": target.minutes * 60,
        "business_hours": target.business,
        "policy": {
            "id": ticket.setting.base + ids.POLICIES_AT + target.policy,
            "title": sla.POLICIES[target.policy],
            "description": None,
        },
    }
