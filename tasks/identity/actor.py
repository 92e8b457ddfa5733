"""Who acts in this command or flow run, and what for, for its audit trail."""

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
_purpose: ContextVar[str] = ContextVar("purpose", default="not stated")


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


def stated_purpose() -> str:
    """What is being done: the operation of a command, or the step of a flow."""
    return _purpose.get()


@contextmanager
def serving(purpose: str) -> Iterator[None]:
    """Within, what is read is read for this purpose."""
    token = _purpose.set(purpose)
    try:
        yield
    finally:
        _purpose.reset(token)
