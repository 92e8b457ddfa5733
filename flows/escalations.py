"""What cannot wait for the morning, every hour. One organization that fails stops no other."""

from datetime import UTC, datetime

from prefect import flow

from tasks.alert import alert
from tasks.errors import FailedRunsError
from tasks.organizations import of_each, organization_slugs
from tasks.parameters import AsOf, Slug


@flow(name="escalations", persist_result=False)
def escalations(org: Slug | None = None, as_of: AsOf | None = None) -> dict[str, str]:
    """Alerts one organization, or all, as of an instant (now). Returns what was posted, by slug.

    Args:
        org: One organization's slug; all of them without it.
        as_of: The instant to see the world as of; now without it.

    Raises: FailedRunsError at the end, naming the organizations that were not told and why.
    """
    instant = as_of or datetime.now(UTC)
    slugs = [org] if org is not None else organization_slugs()
    done, failures = of_each(slugs, lambda slug: alert(slug, instant, return_state=True))
    if failures:
        raise FailedRunsError(
            f"{len(failures)} of {len(slugs)} organizations were not told; " + "; ".join(failures)
        )
    return {slug: result.note for slug, result in done.items()}
