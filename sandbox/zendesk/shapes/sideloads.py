"""What an export puts beside its tickets when ``include`` asks for it."""

from collections.abc import Iterable
from typing import Any

from sandbox.world.people import People
from sandbox.world.tickets import Ticket
from sandbox.zendesk.shapes.people import organization_shape, user_shape


def sideloaded_users(
    people: People, tickets: Iterable[Ticket], base_url: str
) -> list[dict[str, Any]]:
    """The requesters and assignees of the tickets, each once."""
    found = {}
    for ticket in tickets:
        found[ticket.customer.id] = ticket.customer
        assignee = ticket.assignee_at(ticket.last)
        if assignee is not None:
            found[people.agent(assignee).id] = people.agent(assignee)
    return [user_shape(people, person, base_url) for person in found.values()]


def sideloaded_organizations(
    people: People, tickets: Iterable[Ticket], base_url: str
) -> list[dict[str, Any]]:
    """The requesters' companies, each once."""
    numbers = {ticket.customer.organization for ticket in tickets}
    known = sorted(number for number in numbers if number is not None)
    return [organization_shape(people.organization(number), base_url) for number in known]
