"""How a step of a flow is made a Prefect task: what is retried, and what may leave it.

Prefect stores messages of exceptions in its database and shows them to its users, who are not
entitled to what records hold. Only vensor's own errors leave a step as they are: their messages
hold no values, and end with the kind of failure and what to do. Any other is replaced by its class
and the place that raised it.
"""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.client.schemas.objects import State, TaskRun

from tasks.errors import TransientError
from tasks.failures import advised
from tasks.identity import serving
from tasks.naming import name_of, slug_of
from tasks.sanitising import without_values
from tasks.sentry import report_error
from tasks.tracing import spanned

P = ParamSpec("P")
R = TypeVar("R")
RETRY_DELAYS_SECONDS = [2.0, 15.0, 60.0]


def step(function: Callable[P, R]) -> Task[P, R]:
    """`function` as a task: retried on TransientError only, its result never persisted.

    What it unseals is read for what its name says. A run of it is named for its organization, day
    and stream.
    """
    purpose = function.__name__.replace("_", " ")
    parameters = signature(function)

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with spanned("step", function.__name__), serving(purpose):
                return function(*args, **kwargs)
        except Exception as error:
            if not isinstance(error, TransientError):  # that may pass by itself
                slug = slug_of(parameters.bind(*args, **kwargs).arguments)
                report_error(error, step=function.__name__, slug=slug)
            raise advised(without_values(error)) from None

    def named(parameters: dict[str, Any]) -> str:
        return name_of(purpose, parameters)

    return task(
        retries=len(RETRY_DELAYS_SECONDS),
        retry_delay_seconds=RETRY_DELAYS_SECONDS,
        retry_condition_fn=_is_transient,
        task_run_name=named,  # type: ignore[arg-type]  # a protocol that no function satisfies
        persist_result=False,
        log_prints=False,
    )(guarded)


def _is_transient(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Only what may pass by itself is tried again."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TransientError)
