"""Every organization's day. One that fails does not stop the others."""

from datetime import UTC, datetime

from prefect import flow
from prefect.runtime import deployment

from flows.organization import organization
from tasks.choices_of_forms import fill_choices
from tasks.days import start_days
from tasks.errors import FailedRunsError
from tasks.ledger import StageLine
from tasks.organizations import of_each, organization_slugs
from tasks.parameters import AsOf
from tasks.stages import Stage


@flow(name="daily", persist_result=False)
def daily(
    as_of: AsOf | None = None, stages: list[Stage] | None = None
) -> dict[str, list[StageLine]]:
    """Runs `organization` for each. Returns their ledgers' lines by slug.

    As a deployment it starts runs of the deployment `organization` and returns at once, with no
    lines: whichever workers have room run them, so that more machines are more organizations at
    once. From the schedule it starts those whose day has no run yet; with an instant or stages, all
    of them. From a terminal, where there may be no worker, it runs them here, one after another.

    Raises: FailedRunsError at the end, naming the organizations whose run failed, or could not be
    started, and why.
    """
    instant = as_of or datetime.now(UTC)
    if deployment.id is not None:
        start_days(as_of=as_of, stages=stages)
        fill_choices()  # forms offer the organizations that there are by now
        return {}
    done, failures = of_each(
        organization_slugs(),
        lambda slug: organization(slug, as_of=instant, stages=stages, return_state=True),
    )
    if failures:
        raise FailedRunsError(
            f"{len(failures)} of {len(failures) + len(done)} organizations failed; "
            + "; ".join(failures)
        )
    return done
