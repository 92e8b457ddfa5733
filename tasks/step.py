"""How a step of a flow is made a Prefect task: what is retried, and what may leave it.

Prefect stores messages of exceptions in its database and shows them to its users, who are not
entitled to what records hold. Only vensor's own errors leave a step as they are: their messages
hold no values. Any other is replaced by its class and the place that raised it.
"""

import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.client.schemas.objects import State, TaskRun

from tasks.errors import PermanentError, TransientError, VensorError
from tasks.settings import PROJECT

P = ParamSpec("P")
R = TypeVar("R")
RETRY_DELAYS_SECONDS = [2.0, 15.0, 60.0]


def step(function: Callable[P, R]) -> Task[P, R]:
    """`function` as a task: retried on TransientError only, its result never persisted."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise without_values(error) from None

    return task(
        retries=len(RETRY_DELAYS_SECONDS),
        retry_delay_seconds=RETRY_DELAYS_SECONDS,
        retry_condition_fn=_is_transient,
        persist_result=False,
        log_prints=False,
    )(guarded)


def without_values(error: Exception) -> VensorError:
    """`error` if it is one of vensor's, else a PermanentError naming its class and place."""
    if isinstance(error, VensorError):
        error.__cause__ = error.__context__ = None  # a driver's error may quote a row
        return error.with_traceback(None)
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{_relative(frame.filename)}:{frame.lineno}" for frame in frames]
    ours = [place for place in places if not place.startswith("…")]
    place = ours[-1] if ours else places[-1]
    return PermanentError(f"unexpected {type(error).__name__} at {place}; please report this")


def _relative(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(PROJECT) and "site-packages" not in path.parts:
        return str(path.relative_to(PROJECT))
    return f"…/{path.parent.name}/{path.name}"


def _is_transient(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Only what may pass by itself is tried again."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TransientError)
