"""Leaving out what was done for the same inputs: a second run of a quiet day costs little."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from tasks.resources import Resources
from warehouse import watermarks
from warehouse.ledger import StageResult

SOURCE = "done"


def unless_unchanged(
    resources: Resources,
    name: str,
    version: str,
    as_of: datetime,
    work: Callable[[], StageResult],
) -> StageResult:
    """What `work` returns, or a note that its inputs are the same as when it last succeeded.

    Inputs are what is loaded, the organization's day, and the `version` of what is done.
    """
    day = as_of.astimezone(ZoneInfo(resources.organization.timezone)).date()
    with resources.session() as connection:
        inputs = f"{watermarks.inputs(connection, as_of)} {day} {version}"
        fingerprint = hashlib.sha256(inputs.encode()).hexdigest()
        if watermarks.read(connection, SOURCE, name) == fingerprint:
            return StageResult(note="nothing new since it was last done")
    result = work()
    with resources.session() as connection:
        org_id = resources.organization.org_id
        watermarks.move(connection, org_id, SOURCE, name, fingerprint, rows=result.rows_out)
    return result


def forget(resources: Resources, name: str) -> None:
    """What `name` did is to be done again, for the same inputs too."""
    with resources.session() as connection:
        org_id = resources.organization.org_id
        watermarks.move(connection, org_id, SOURCE, name, "forgotten", rows=0)
