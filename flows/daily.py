"""Every organization's day. One that fails does not stop the others."""

from datetime import UTC, datetime

from prefect import flow

from flows.organization import organization
from tasks.errors import PermanentError
from tasks.ledger import StageLine
from tasks.organizations import organization_slugs
from tasks.stages import Stage


@flow(name="daily", persist_result=False)
def daily(
    as_of: datetime | None = None, stages: list[Stage] | None = None
) -> dict[str, list[StageLine]]:
    """Runs `organization` for each, as of one instant. Returns their ledgers' lines by slug.

    Raises: PermanentError at the end, naming the organizations whose run failed and why.
    """
    instant = as_of or datetime.now(UTC)
    done: dict[str, list[StageLine]] = {}
    failures: list[str] = []
    for slug in organization_slugs():
        state = organization(slug, as_of=instant, stages=stages, return_state=True)
        if state.is_completed():
            done[slug] = state.result()
        else:
            error = state.result(raise_on_failure=False)
            failures.append(f"{slug}: {error}")
    if failures:
        raise PermanentError(
            f"{len(failures)} of {len(failures) + len(done)} organizations failed; "
            + "; ".join(failures)
        )
    return done
