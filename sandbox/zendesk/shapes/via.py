"""How a ticket, a comment or a change came in."""

from typing import Any

from sandbox.world.tickets import Ticket

VIA_WORDS = {
    "email": "Mail", "web": "Web form", "native_messaging": "Messaging", "api": "Web service",
    "voice": "Phone call (incoming)",
}  # fmt: skip
AUTOMATIC = {
    "channel": "rule",
    "source": {
        "from": {"deleted": False, "title": "Close ticket 4 days after status is set to solved"},
        "to": {},
        "rel": "automation",
    },
}


def via_of(ticket: Ticket) -> dict[str, Any]:
    """The via object of the ticket and of what its customer writes."""
    customer = ticket.customer
    source: dict[str, Any] = {"from": {}, "to": {}, "rel": None}
    if ticket.word[0] == "c":
        return {"channel": "web", "source": source}
    if ticket.scrubbed:
        return {"channel": ticket.channel, "source": source}
    if ticket.channel == "email":
        name = ticket.setting.account.capitalize()
        source["from"] = {"address": customer.email, "name": customer.name}
        source["to"] = {"name": name, "address": f"support@{ticket.setting.account}.example.com"}
    elif ticket.channel == "voice":
        source = {
            "rel": "inbound",
            "from": {
                "formatted_phone": customer.phone,
                "phone": customer.phone,
                "name": customer.name,
            },
            "to": {"formatted_phone": LINE, "phone": LINE, "name": "Support line"},
        }
    return {"channel": ticket.channel, "source": source}


def via_at(ticket: Ticket, step: int) -> dict[str, Any]:
    """The via object of the audit of a step."""
    letter = ticket.word[step]
    if letter == "K":
        return AUTOMATIC
    if letter in "CVQO":
        return via_of(ticket)
    return {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}


def via_word(ticket: Ticket, step: int) -> str:
    """The via of an event of the incremental export, which is a word."""
    letter = ticket.word[step]
    if letter == "K":
        return "Automation"
    return VIA_WORDS[ticket.channel] if letter in "CVQO" else "Web form"


LINE = "+1 212 555 0100"
