"""The end of every clock: what is past it is deleted, and its keys are destroyed."""

from datetime import UTC, datetime

from prefect import flow

from tasks.organizations import organization_slugs
from tasks.purge import drop_past_days, purge_organization
from tasks.rotate import finish_rotation


@flow(name="retention", persist_result=False)
def retention(
    org: str | None = None, as_of: datetime | None = None, dry_run: bool = False
) -> list[str]:
    """Purges one organization, or all, and ends what rotations of keys are under way.

    Returns one receipt each: counts, never values.
    """
    instant = as_of or datetime.now(UTC)
    slugs = [org] if org is not None else organization_slugs()
    receipts = [purge_organization(slug, instant, dry_run) for slug in slugs]
    if not dry_run:
        receipts += filter(None, (finish_rotation(slug) for slug in slugs))
    if org is None and not dry_run:
        receipts.append(drop_past_days(instant))
    return receipts
