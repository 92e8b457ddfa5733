"""One account's whole world."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sandbox.world.index import Index
from sandbox.world.people import People
from sandbox.world.setting import Setting
from sandbox.world.tickets import Ticket, iter_tickets

REDACTED = 15  # the step of redactions in the index: no path is that long


@dataclass(frozen=True)
class Change:
    """What happened to a ticket after the world was made; ``deleted_at`` is 0 when it is kept.

    ``redacted`` has (step, instant) pairs; ``generated_at`` is what the system alone changed.
    """

    number: int
    changed_at: int = 0
    deleted_at: int = 0
    redacted: tuple[tuple[int, int], ...] = ()
    scrubbed: bool = False
    generated_at: int = 0

    def after(self, earlier: "Change | None") -> "Change":
        """Both changes together."""
        if earlier is None:
            return self
        return Change(
            self.number,
            max(earlier.changed_at, self.changed_at),
            earlier.deleted_at or self.deleted_at,
            earlier.redacted + self.redacted,
            earlier.scrubbed or self.scrubbed,
            max(earlier.generated_at, self.generated_at),
        )


class Account:
    """Everything there is to know about an account, nothing held but its later changes."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.people = People(setting)
        self.index = Index(setting)
        self._changes: dict[int, Change] = {}

    @property
    def name(self) -> str:
        """The account's subdomain."""
        return self.setting.account

    def tickets(self, numbers: Iterable[int]) -> dict[int, Ticket]:
        """The tickets with these numbers, computed together."""
        wanted = list(dict.fromkeys(numbers))
        found = iter_tickets(self.people, wanted) if wanted else ()
        if not self._changes:
            return {ticket.number: ticket for ticket in found}
        return {ticket.number: self._changed(ticket) for ticket in found}

    def ticket(self, number: int) -> Ticket | None:
        """One ticket, deleted or not."""
        if not 1 <= number <= self.setting.tickets:
            return None
        return self.tickets([number])[number]

    def change(self, change: Change) -> None:
        """Changes a ticket: its state, its words, its place in the streams."""
        number = change.number
        self._changes[number] = change.after(self._changes.get(number))
        ticket = self.tickets([number])[number]
        own = "bot_tickets" if ticket.bot else "tickets"
        instants: dict[str, int | None] = dict.fromkeys((own, "all_tickets"), ticket.generated_at)
        instants["updated"] = None if ticket.deleted_at else ticket.updated_at
        if ticket.deleted_at:
            gone = None if ticket.scrubbed else ticket.deleted_at
            instants |= {"listed": None, "deleted": gone}
        self.index.move(number, instants)
        for _, at in change.redacted:
            for stream in ("bot_events" if ticket.bot else "events", "all_events"):
                self.index.add(stream, at, number, REDACTED)

    def _changed(self, ticket: Ticket) -> Ticket:
        change = self._changes.get(ticket.number)
        if change is None:
            return ticket
        return replace(
            ticket,
            deleted_at=ticket.deleted_at or change.deleted_at,
            updated_at=max(ticket.updated_at, change.changed_at),
            generated_at=max(ticket.generated_at, change.changed_at, change.generated_at),
            redactions=change.redacted,
            scrubbed=change.scrubbed,
        )
