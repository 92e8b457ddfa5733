"""Changing an organization's clocks: audited with before and after, lengthened on purpose only."""

from dataclasses import replace

from tasks.resources import Resources
from warehouse.clocks import Clocks, changes, find_clocks, set_clocks

EXPORT_DAYS = 5
WORDS = {
    "content_days": "content",
    "audit_days": "the audit trail",
    "agent_days": "agents' figures",
}


def clocks_of(resources: Resources) -> Clocks:
    """The organization's clocks."""
    with resources.session() as connection:
        return find_clocks(connection)


def with_days(
    clocks: Clocks, *, content: int | None, audit: int | None, agents: int | None
) -> Clocks:
    """The clocks with those that are given in place of what they were."""
    return replace(
        clocks,
        content_days=clocks.content_days if content is None else content,
        audit_days=clocks.audit_days if audit is None else audit,
        agent_days=clocks.agent_days if agents is None else agents,
    )


def longer(before: Clocks, after: Clocks) -> str:
    """What it means that some are longer than before, in one sentence; empty if none is."""
    told = [
        f"{WORDS[name]} {now} days in place of {was}"
        for name, (was, now) in changes(before, after).items()
        if now > was
    ]
    if not told:
        return ""
    return f"personal data will be kept longer: {' and '.join(told)}"


def change_clocks(resources: Resources, after: Clocks) -> dict[str, tuple[int, int]]:
    """Sets the clocks; (before, after) of those that differ, by name."""
    with resources.session() as connection:
        changed = changes(find_clocks(connection, lock=True), after)
        if changed:
            set_clocks(connection, after)
            resources.audit(
                connection,
                action="retention.change",
                purpose="how long personal data is kept",
                details={
                    f"{name}_{when}": days
                    for name, both in changed.items()
                    for when, days in zip(("before", "after"), both, strict=True)
                },
            )
    return changed
