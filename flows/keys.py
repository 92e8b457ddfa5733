"""New keys in place of old ones, for one organization, from Prefect's UI."""

from prefect import flow

from tasks.authorize import asked_for
from tasks.parameters import Slug
from tasks.rotate import rotate_keys


@flow(name="keys", persist_result=False)
def keys(org: Slug, at_once: bool = False, authorization: str | None = None) -> str:
    """Seals everything of an organization anew under new data keys. Returns counts.

    A rotation that was stopped goes on where it was. What is left of it is ended by the nightly
    retention.

    Args:
        org: The organization's slug.
        at_once: Destroys the old keys now and not after an hour: for a key that others may know.
        authorization: What `vensor authorize keys.rotate --org <org>` printed; needed where there
            are members, good once, for 15 minutes.
    """
    with asked_for("keys.rotate", [org], as_of=None, authorization=authorization):
        return rotate_keys(org, at_once)
