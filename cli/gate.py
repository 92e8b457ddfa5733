"""The gate of every command: who acts, and whether they may, before the command does anything."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

from cli.display import stderr
from tasks.gate import NOTICE, named_organizations, permit, signed_in
from tasks.identity import OPERATIONS, Actor, acting_as, serving
from tasks.resources import opened_engine
from tasks.settings import load_settings

P = ParamSpec("P")
Command = Callable[P, None]


def needs(
    *operations: str, which: Callable[[Mapping[str, Any]], str] | None = None, own: bool = False
) -> Callable[[Command[P]], Command[P]]:
    """Lets a command run only for who may do the operation where its option `--org` says.

    Without `--org` that is every organization. `which` tells the operation from what was given,
    where it could be one of several. With `own` the command itself asks, organization by
    organization, and only being signed in is asked for here.
    """

    def gated(command: Command[P]) -> Command[P]:
        @wraps(command)
        def guarded(*args: P.args, **given: P.kwargs) -> None:
            operation = operations[0] if which is None else which(given)
            with _admitted(operation, given.get("org"), own=own):
                command(*args, **given)

        guarded.__dict__["operations"] = {one: OPERATIONS[one] for one in operations}
        return guarded

    return gated


def tell_local_operator(actor: Actor) -> None:
    """Says on a terminal what it means that nobody signs in."""
    if actor.user_id is None and stderr.is_terminal:
        stderr.print(NOTICE, style="yellow", soft_wrap=True)


@contextmanager
def _admitted(operation: str, org: object, *, own: bool) -> Iterator[None]:
    settings = load_settings()
    actor = signed_in(settings)
    tell_local_operator(actor)
    if not own:
        with opened_engine(settings) as engine:
            slug = None if org is None else str(org)
            permit(engine, actor, operation, named_organizations(engine, actor, slug))
    with acting_as(actor), serving(operation):
        yield
