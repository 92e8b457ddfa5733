"""Which organizations there are."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from prefect.client.schemas.objects import State

from tasks.resources import opened_engine
from tasks.settings import load_settings
from tasks.step import step
from warehouse.sessions import directory

R = TypeVar("R")


@step
def organization_slugs() -> list[str]:
    """Every organization's slug, in order."""
    with opened_engine(load_settings()) as engine:
        return [organization.slug for organization in directory(engine)]


def of_each(slugs: Sequence[str], run: Callable[[str], State[R]]) -> tuple[dict[str, R], list[str]]:
    """(what `run` returned by slug, a line of each slug whose run failed): none stops another."""
    done: dict[str, R] = {}
    failures: list[str] = []
    for slug in slugs:
        state = run(slug)
        if state.is_completed():
            done[slug] = state.result()
        else:
            failures.append(f"{slug}: {state.result(raise_on_failure=False)}")
    return done, failures
