"""One account's whole world."""

from collections.abc import Iterable

from sandbox.world.index import Index
from sandbox.world.people import People
from sandbox.world.setting import Setting
from sandbox.world.tickets import Ticket, iter_tickets


class Account:
    """Everything there is to know about an account, nothing of it held."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.people = People(setting)
        self.index = Index(setting)

    @property
    def name(self) -> str:
        """The account's subdomain."""
        return self.setting.account

    def tickets(self, numbers: Iterable[int]) -> dict[int, Ticket]:
        """The tickets with these numbers, computed together."""
        wanted = list(dict.fromkeys(numbers))
        found = iter_tickets(self.people, wanted) if wanted else ()
        return {ticket.number: ticket for ticket in found}

    def ticket(self, number: int) -> Ticket | None:
        """One ticket, deleted or not."""
        if not 1 <= number <= self.setting.tickets:
            return None
        return self.tickets([number])[number]
