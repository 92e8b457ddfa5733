"""One account's whole world."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from threading import Lock

from msgspec.structs import replace

from sandbox.world.index import Index
from sandbox.world.people import People
from sandbox.world.setting import Setting
from sandbox.world.tickets import Ticket, iter_tickets

KEPT_TICKETS = 10_000
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
        self._changes: dict[int, Change] = {}
        self._known: dict[int, Ticket] = {}
        self._state = 0
        self._lock = Lock()
        self._set(setting)

    def _set(self, setting: Setting) -> None:
        self.setting = setting
        self.people = People(setting)
        self.index = Index(setting)

    def show(self, present: datetime) -> None:
        """The account as it is at this instant. Later changes are to be made once more."""
        self._set(dataclasses.replace(self.setting, present=present))
        self._changes.clear()
        self._forget()

    @property
    def name(self) -> str:
        """The account's subdomain."""
        return self.setting.account

    def tickets(self, numbers: Iterable[int]) -> dict[int, Ticket]:
        """The tickets with these numbers: those that are not at hand are computed together."""
        wanted = list(dict.fromkeys(numbers))
        with self._lock:
            state, known = self._state, self._known
            told = {number: known[number] for number in wanted if number in known}
        new = [number for number in wanted if number not in told]
        if new:
            found = {one.number: self._changed(one) for one in iter_tickets(self.people, new)}
            self._keep(found, state)
            told |= found
        return {number: told[number] for number in wanted}

    def _keep(self, found: Mapping[int, Ticket], state: int) -> None:
        """Keeps tickets at hand, for the events of a ticket lie pages apart; the oldest go.

        Not those that were computed before a change that has come meanwhile.
        """
        with self._lock:
            if state == self._state:
                self._known |= found
                for number in list(islice(self._known, max(0, len(self._known) - KEPT_TICKETS))):
                    del self._known[number]

    def remove(self, customer: int, at: int, *, scrubbed: bool) -> None:
        """Deletes an end user, for good where ``scrubbed``."""
        self.people.remove(customer, at, scrubbed=scrubbed)
        self._forget()

    def _forget(self) -> None:
        """Computes every ticket anew from now on."""
        with self._lock:
            self._state += 1
            self._known.clear()

    def ticket(self, number: int) -> Ticket | None:
        """One ticket, deleted or not."""
        if not 1 <= number <= self.setting.arrived:
            return None
        return self.tickets([number])[number]

    def change(self, change: Change) -> None:
        """Changes a ticket: its state, its words, its place in the streams."""
        number = change.number
        self._changes[number] = change.after(self._changes.get(number))
        self._forget()
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
