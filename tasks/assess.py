"""Assessing: topic, intent, urgency, risks with their reasons, checks and a summary, per ticket.

Open tickets come first: that one may escalate is to be known while it can still be helped.
"""

from tasks.analysts import opened_analyst
from tasks.assessing import Assessing
from tasks.choices import chosen
from tasks.resources import Resources, opened
from tasks.step import step
from warehouse.batches import open_batches
from warehouse.ledger import StageResult


@step
def assess_tickets(slug: str) -> StageResult:
    """Assesses every ticket of which anything is new to the present rules, topics and model."""
    with opened(slug) as resources:
        _collect(resources)
        with opened_analyst(resources) as analyst:
            return Assessing(resources, analyst).run()


def _collect(resources: Resources) -> None:
    """First what was handed over as a batch and is answered by now."""
    with resources.session() as connection:
        waiting = open_batches(connection)
    if waiting and chosen(resources, "analyse").provider == "openai":
        from tasks.batching import opened_batching

        with opened_batching(resources) as batching:
            batching.collect()
