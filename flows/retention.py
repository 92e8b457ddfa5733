"""The end of every clock: what is past it is deleted, and its keys are destroyed."""

from datetime import UTC, datetime

from prefect import flow

from tasks.authorize import asked_for
from tasks.organizations import organization_slugs
from tasks.purge import drop_past_days, purge_organization
from tasks.rotate import finish_rotation


@flow(name="retention", persist_result=False)
def retention(
    org: str | None = None,
    as_of: datetime | None = None,
    dry_run: bool = False,
    authorization: str | None = None,
) -> list[str]:
    """Purges one organization, or all, and ends what rotations of keys are under way.

    By hand, with an organization or an instant, it needs an authorization where there are members:
    `vensor authorize retention.run` gives one. Returns one receipt each: counts, never values.
    """
    slugs = [org] if org is not None else organization_slugs()
    if org is None and as_of is None:
        return _ended(slugs, datetime.now(UTC), dry_run, everywhere=True)
    with asked_for("retention.run", slugs, as_of=as_of, authorization=authorization):
        return _ended(slugs, as_of or datetime.now(UTC), dry_run, everywhere=org is None)


def _ended(slugs: list[str], instant: datetime, dry_run: bool, *, everywhere: bool) -> list[str]:
    receipts = [purge_organization(slug, instant, dry_run) for slug in slugs]
    if not dry_run:
        receipts += filter(None, (finish_rotation(slug) for slug in slugs))
    if everywhere and not dry_run:
        receipts.append(drop_past_days(instant))
    return receipts
