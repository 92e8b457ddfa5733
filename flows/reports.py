"""Each organization's week as a page, once a week. One that fails does not stop the others."""

from datetime import UTC, datetime

from prefect import flow

from tasks.errors import FailedRunsError
from tasks.naming import flow_name
from tasks.organizations import of_each, organization_slugs
from tasks.parameters import AsOf, Slug
from tasks.report import write_report


@flow(name="reports", flow_run_name=flow_name, persist_result=False)
def reports(org: Slug | None = None, as_of: AsOf | None = None) -> dict[str, str]:
    """Writes the report of one organization, or of all, as of an instant (now).

    Returns where each page lies. Raises: FailedRunsError at the end, naming those that failed.
    """
    instant = as_of or datetime.now(UTC)
    slugs = [org] if org is not None else organization_slugs()
    written, failures = of_each(slugs, lambda slug: write_report(slug, instant, return_state=True))
    if failures:
        raise FailedRunsError(f"{len(failures)} reports failed; " + "; ".join(failures))
    return written
