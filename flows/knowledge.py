"""Documents made searchable, by hand: an organization's day does so as well."""

from prefect import flow

from tasks.embed import embed_documents
from tasks.errors import FailedRunsError
from tasks.organizations import organization_slugs


@flow(name="knowledge", persist_result=False)
def knowledge(org: str | None = None) -> dict[str, int]:
    """Embeds the documents that were added or changed. Returns the passages made, by slug.

    Args:
        org: One organization's slug; all of them without it.

    Raises: FailedRunsError at the end, naming the organizations that failed and why.
    """
    made: dict[str, int] = {}
    failures: list[str] = []
    for slug in [org] if org is not None else organization_slugs():
        state = embed_documents(slug, return_state=True)
        if state.is_completed():
            made[slug] = state.result().rows_out
        else:
            failures.append(f"{slug}: {state.result(raise_on_failure=False)}")
    if failures:
        raise FailedRunsError(
            f"{len(failures)} of {len(failures) + len(made)} organizations failed; "
            + "; ".join(failures)
        )
    return made
