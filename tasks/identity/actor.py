"""Who acts in this command or flow run, for its audit trail."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Actor:
    """Whoever acts. `user_id` is None for the local operator and for services.

    `until` is when the sign-in ends.
    """

    name: str
    user_id: UUID | None = None
    until: datetime | None = None

    @classmethod
    def user(cls, user_id: UUID, until: datetime | None = None) -> "Actor":
        """A user who has proved to be this one."""
        return cls(f"user:{user_id}", user_id, until)


_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


def acting(otherwise: str) -> Actor:
    """Who was found to act here; `otherwise` where nobody was asked, as in a scheduled run."""
    return _actor.get() or Actor(otherwise)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Within, what is done is done by `actor`."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)
