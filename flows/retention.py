"""The end of every clock: what is past it is deleted, and its keys are destroyed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from prefect import flow

from tasks.authorize import asked_for
from tasks.errors import FailedRunsError
from tasks.naming import flow_name
from tasks.organizations import organization_slugs
from tasks.parameters import AsOf, Slug
from tasks.purge import begin_purge, drop_past_audit, drop_past_days, purge_organization
from tasks.rotate import finish_rotation


@flow(name="retention", flow_run_name=flow_name, persist_result=False)
def retention(
    org: Slug | None = None,
    as_of: AsOf | None = None,
    dry_run: bool = False,
    authorization: str | None = None,
) -> list[str]:
    """Purges one organization, or all, and ends what rotations of keys are under way.

    By hand, with an organization or an instant, it needs an authorization where there are members:
    `vensor authorize retention.run` gives one. Returns one receipt each: counts, never values.

    Raises: FailedRunsError at the end, naming the organizations that failed and why, and what the
    others' receipts say.
    """
    slugs = [org] if org is not None else organization_slugs()
    if org is None and as_of is None:
        return _ended(slugs, datetime.now(UTC), dry_run, everywhere=True)
    with asked_for("retention.run", slugs, as_of=as_of, authorization=authorization):
        return _ended(slugs, as_of or datetime.now(UTC), dry_run, everywhere=org is None)


def _ended(slugs: list[str], instant: datetime, dry_run: bool, *, everywhere: bool) -> list[str]:
    """Whole days go at once, after everyone has counted what is in them; the rest row by row."""
    receipts: list[str] = []
    failures: dict[str, str] = {}
    found: dict[str, Any] = {}
    if everywhere and not dry_run:
        found = {slug: _tried(failures, slug, begin_purge, slug, instant) for slug in slugs}
    if everywhere:
        receipts.append(_tried(failures, "whole days", drop_past_days, instant, dry_run))
    for slug in slugs:
        if slug not in failures:
            told = (slug, instant, dry_run, found.get(slug))
            receipts.append(_tried(failures, slug, purge_organization, *told))
    if not dry_run:
        receipts += [_tried(failures, f"keys of {slug}", finish_rotation, slug) for slug in slugs]
    if everywhere and not dry_run:
        receipts.append(_tried(failures, "audit", drop_past_audit, instant))
    receipts = [one for one in receipts if one]
    if failures:
        raise FailedRunsError(
            "; ".join(f"{what} failed: {why}" for what, why in failures.items())
            + "".join(f". {receipt}" for receipt in receipts)
        )
    return receipts


def _tried(failures: dict[str, str], what: str, task: Callable[..., Any], *told: object) -> Any:
    """What the task returns; None, and why, where it failed: the others go on."""
    state = task(*told, return_state=True)
    if state.is_completed():
        return state.result()
    failures[what] = str(state.result(raise_on_failure=False))
    return None
