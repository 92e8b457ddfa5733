"""The rights of people, from Prefect's UI and every day. No parameter and no result names anyone
but by an id of Zendesk's, which tells those alone something who may look there."""

from datetime import UTC, datetime
from enum import StrEnum

from prefect import flow

from tasks.authorize import asked_for
from tasks.errors import FailedRunsError
from tasks.naming import flow_name
from tasks.organizations import organization_slugs
from tasks.parameters import AsOf, Id, Slug
from tasks.privacy import enter_request, remind, serve_requests


class Right(StrEnum):
    """What a person may ask for."""

    ACCESS = "access"
    EXPORT = "export"
    ERASE = "erase"
    RECTIFY = "rectify"
    OPT_OUT = "opt_out"


@flow(name="privacy-requests", flow_run_name=flow_name, persist_result=False)
def privacy_requests(
    org: Slug, kind: Right, zendesk_user_id: Id, authorization: str | None = None
) -> dict[str, str]:
    """Enters a request of a person, and serves it where that needs nobody else.

    An export is made at once and lies sealed for 5 days; an opt-out is done at once; an erasure
    waits for another person's approval; access and corrections wait for someone at the terminal,
    since what they show or take must not be stored here. Returns ids, and what comes next.

    Args:
        org: The organization's slug.
        kind: What the person asked for.
        zendesk_user_id: The person, by the id of their user in Zendesk. No address, no number,
            no name: what is put here is stored.
        authorization: What `vensor authorize privacy.<kind> --org <org>` printed; needed where
            there are members, good once, for 15 minutes.
    """
    with asked_for(f"privacy.{kind}", [org], as_of=None, authorization=authorization):
        return enter_request(org, kind.value, zendesk_user_id, datetime.now(UTC))


@flow(name="privacy", flow_run_name=flow_name, persist_result=False)
def privacy(
    org: Slug | None = None, as_of: AsOf | None = None, authorization: str | None = None
) -> dict[str, str]:
    """Serves every approved request that a machine can serve, and says what is due.

    One organization's failure does not stop the others. Returns what was done, by slug: counts.

    Args:
        org: One organization's slug; all of them without it.
        as_of: The instant to see the world as of; now without it.
        authorization: What `vensor authorize privacy.serve` printed; needed by hand, for an
            organization or an instant, where there are members.

    Raises: FailedRunsError at the end, naming the organizations whose requests were not served.
    """
    slugs = [org] if org is not None else organization_slugs()
    instant = as_of or datetime.now(UTC)
    if org is None and as_of is None:
        return _served(slugs, instant)
    with asked_for("privacy.serve", slugs, as_of=as_of, authorization=authorization):
        return _served(slugs, instant)


def _served(slugs: list[str], as_of: datetime) -> dict[str, str]:
    told: dict[str, str] = {}
    failures: list[str] = []
    for slug in slugs:
        state = serve_requests(slug, as_of, return_state=True)
        due = remind(slug, as_of)
        if state.is_completed():
            done = ", ".join(f"{count} {what}" for what, count in state.result().items())
            told[slug] = f"{done}; {due}"
        else:
            failures.append(f"{slug}: {state.result(raise_on_failure=False)}")
    if failures:
        raise FailedRunsError(
            f"{len(failures)} of {len(slugs)} organizations failed; " + "; ".join(failures)
        )
    return told
