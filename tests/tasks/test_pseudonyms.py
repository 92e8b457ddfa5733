"""Agents' pseudonyms: one each, of the organization's own key."""

from datetime import datetime

from tasks.pseudonyms import name_agents
from tasks.resources import Resources
from warehouse.tables.agents import agent_pseudonyms
from warehouse.tables.zendesk import users


def test_every_agent_has_one_pseudonym(resources: Resources, as_of: datetime) -> None:
    """Customers have none, nor do agents whom the account has no more; a second time adds none."""
    org_id = resources.organization.org_id
    people = [(7, "agent", True), (8, "admin", None), (9, "end-user", True), (10, "agent", False)]
    rows = [
        {"org_id": org_id, "id": one, "role": role, "active": active, "changed_at": as_of}
        for one, role, active in people
    ]
    with resources.session() as connection:
        connection.execute(users.insert(), rows)
    assert name_agents(resources) == 2
    assert name_agents(resources) == 0
    with resources.session() as connection:
        found = connection.execute(agent_pseudonyms.select()).all()
    assert {row.agent_id for row in found} == {7, 8}
    assert len({row.agent_key for row in found}) == 2
    assert all(len(row.agent_key) == 32 for row in found)
