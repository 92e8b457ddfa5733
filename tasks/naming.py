"""Names of runs in Prefect: what runs, for which organization, which part of it, as of when.

Made of what parameters name, and of no parameter that is not listed here.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from prefect.runtime import flow_run

SLUGS = ("slug", "org")
PARTS = ("stream_name", "suite")
DAY = 10


def name_of(what: str, parameters: Mapping[str, object]) -> str:
    """Such as "extract stream acme tickets 2026-11-26"."""
    named = [slug_of(parameters), *(parameters.get(one) for one in PARTS)]
    instant = parameters.get("as_of")
    day = "" if instant is None else str(instant)[:DAY]
    return " ".join(str(one) for one in (what, *named, day) if one)


def slug_of(parameters: Mapping[str, object]) -> str | None:
    """The organization that the parameters of a flow or step name; None for all of them."""
    found = next((parameters[one] for one in SLUGS if parameters.get(one)), None)
    return None if found is None else str(found)


def flow_name() -> str:
    """The name of the flow run that is beginning: without an instant, of this day."""
    told = dict(flow_run.parameters)
    told["as_of"] = told.get("as_of") or datetime.now(UTC)
    return name_of(str(flow_run.flow_name), told)
