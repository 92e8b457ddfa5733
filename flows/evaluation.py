"""How good the scores are, week by week: by labels, by ratings, by whether evidence stands."""

from datetime import UTC, datetime

from prefect import flow

from tasks.evaluate import evaluate_organization
from tasks.naming import flow_name
from tasks.organizations import organization_slugs
from tasks.parameters import AsOf, Slug


@flow(name="evaluation", flow_run_name=flow_name, persist_result=False)
def evaluation(org: Slug | None = None, as_of: AsOf | None = None) -> dict[str, int]:
    """Evaluates one organization, or all, as of an instant (now). Returns counts of figures.

    Held-out text is left to continuous integration: it says the same of every organization.
    """
    instant = as_of or datetime.now(UTC)
    slugs = [org] if org is not None else organization_slugs()
    return {slug: evaluate_organization(slug, instant) for slug in slugs}
