"""Documents made searchable, by hand: an organization's day does so as well."""

from prefect import flow

from tasks.embed import embed_documents
from tasks.errors import FailedRunsError
from tasks.organizations import of_each, organization_slugs
from tasks.parameters import Slug


@flow(name="knowledge", persist_result=False)
def knowledge(org: Slug | None = None) -> dict[str, int]:
    """Embeds the documents that were added or changed. Returns the passages made, by slug.

    Args:
        org: One organization's slug; all of them without it.

    Raises: FailedRunsError at the end, naming the organizations that failed and why.
    """
    slugs = [org] if org is not None else organization_slugs()
    made, failures = of_each(slugs, lambda slug: embed_documents(slug, return_state=True))
    if failures:
        raise FailedRunsError(
            f"{len(failures)} of {len(slugs)} organizations failed; " + "; ".join(failures)
        )
    return {slug: result.rows_out for slug, result in made.items()}
