-- Grain: one row an agent, by the keyed pseudonym that surviving tables know the agent by.
select
    org_id,
    agent_id,
    agent_key
from {{ source('app', 'agent_pseudonyms') }}
