"""Pseudonyms of agents: dbt has no keys, so they are made before it runs."""

from tasks.resources import Resources
from warehouse.agents import add_pseudonyms, without_pseudonym

PURPOSE = "agent pseudonym"
BYTES = 16


def name_agents(resources: Resources) -> int:
    """Gives every agent that has none a pseudonym; how many.

    A keyed hash of the id: the same agent has another in another organization, and it stays when
    keys are rotated, since it is made once.
    """
    cipher = resources.cipher
    with resources.session() as connection:
        keys = {
            agent_id: cipher.keyed_hash(str(agent_id).encode(), purpose=PURPOSE)[:BYTES].hex()
            for agent_id in without_pseudonym(connection)
        }
        add_pseudonyms(connection, resources.organization.org_id, keys)
    return len(keys)
