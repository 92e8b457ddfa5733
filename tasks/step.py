"""How a step of a flow is made a Prefect task: what is retried, and what may leave it.

Prefect stores messages of exceptions in its database and shows them to its users, who are not
entitled to what records hold. Only vensor's own errors leave a step as they are: their messages
hold no values. Any other is replaced by its class and the place that raised it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.client.schemas.objects import State, TaskRun

from tasks.errors import TransientError
from tasks.identity import serving
from tasks.sanitising import without_values
from tasks.sentry import report_error

P = ParamSpec("P")
R = TypeVar("R")
RETRY_DELAYS_SECONDS = [2.0, 15.0, 60.0]


def step(function: Callable[P, R]) -> Task[P, R]:
    """`function` as a task: retried on TransientError only, its result never persisted.

    What it unseals is read for what its name says.
    """
    purpose = function.__name__.replace("_", " ")

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with serving(purpose):
                return function(*args, **kwargs)
        except Exception as error:
            if not isinstance(error, TransientError):  # that may pass by itself
                report_error(error, step=function.__name__)
            raise without_values(error) from None

    return task(
        retries=len(RETRY_DELAYS_SECONDS),
        retry_delay_seconds=RETRY_DELAYS_SECONDS,
        retry_condition_fn=_is_transient,
        persist_result=False,
        log_prints=False,
    )(guarded)


def _is_transient(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Only what may pass by itself is tried again."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TransientError)
