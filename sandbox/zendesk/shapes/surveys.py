"""Answers to satisfaction surveys, for accounts that have them in place of ratings."""

from typing import Any

from sandbox.world.tickets import Ticket
from sandbox.zendesk.shapes.ids import iso

LABELS = ("Very unsatisfied", "Unsatisfied", "Neutral", "Satisfied", "Very satisfied")
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def survey_shape(ticket: Ticket) -> dict[str, Any]:
    """The answer of a ticket's customer: a mark of 1 to 5, and words or none."""
    at = ticket.times[ticket.rated_step]
    instants = {"created_at": iso(at), "updated_at": iso(at)}
    zrn = f"zen:ticket:{ticket.number}"
    return {
        "id": _ulid(ticket, "response"),
        "answers": [_mark(ticket) | instants, _words(ticket) | instants],
        "expires_at": iso(at + 28 * 86_400),
        "responder_id": ticket.customer.id,
        "subject_zrns": [zrn],
        "subjects": [{"id": str(ticket.number), "type": "ticket", "zrn": zrn}],
        "survey": {"id": _ulid(ticket, "survey", 0), "version": 3, "state": "enabled"},
    }


def _mark(ticket: Ticket) -> dict[str, Any]:
    good = ticket.score == "good"
    rating = (4 if good else 1) + ticket.number % 2
    options = [
        {"rating": mark, "label": {"type": "static", "value": label}}
        for mark, label in enumerate(LABELS, 1)
    ]
    headline = {"type": "static", "value": "How satisfied are you?"}
    question = {"id": _ulid(ticket, "rating", 0), "type": "rating_scale_emoji"}
    return {
        "type": "rating_scale",
        "rating": rating,
        "rating_category": "good" if good else "bad",
        "question": question | {"headline": headline, "options": options},
    }


def _words(ticket: Ticket) -> dict[str, Any]:
    headline = {"type": "static", "value": "Anything else?"}
    question = {"id": _ulid(ticket, "words", 0), "alias": "comment", "type": "open_ended"}
    asked = {"question": question | {"headline": headline}}
    if not ticket.rating_comment:
        return {"type": "skipped"} | asked
    return {"type": "open_ended", "value": ticket.rating_comment} | asked


def _ulid(ticket: Ticket, what: str, number: int | None = None) -> str:
    """Twenty-six characters, the same for the same thing."""
    chosen = ticket.number if number is None else number
    source = ticket.setting.dice.source(f"survey {what}", chosen)
    return "01" + "".join(source.choice(LETTERS) for _ in range(24))
