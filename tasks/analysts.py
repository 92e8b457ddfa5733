"""Who assesses an organization's tickets, and by which topics."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import msgspec

from tasks.assessment import Analyst, RulesAnalyst, Taxonomy, Topic, packaged_taxonomy
from tasks.assessment.redacting import RedactingAnalyst
from tasks.assessment.taxonomy import taxonomy_of
from tasks.choices import cache_key, chosen, opened_service
from tasks.embedding import LocalEmbedder
from tasks.resources import Resources
from warehouse.assessments import find_topics

SUMMARY_COLUMN = "ai.summaries.sealed"


def taxonomy(resources: Resources) -> Taxonomy:
    """The organization's own topics, or the packaged ones."""
    with resources.session() as connection:
        told = find_topics(connection)
    return packaged_taxonomy() if told is None else taxonomy_of(msgspec.convert(told, list[Topic]))


@contextmanager
def opened_analyst(resources: Resources) -> Iterator[Analyst]:
    """What the organization assesses with. One that is remote gets redacted text only."""
    rules = RulesAnalyst(taxonomy(resources), LocalEmbedder())
    choice = chosen(resources, "analyse")
    if choice.provider == "local":
        yield rules
        return
    from tasks.assessment.openai import OpenAIAnalyst
    from tasks.sharing import redactors

    with opened_service(resources) as service:
        key = cache_key(resources, rules.rulebook.version, rules.taxonomy.version)
        made = OpenAIAnalyst(service, model=choice.model, rules=rules, cache_key=key)
        yield RedactingAnalyst(made, partial(redactors, resources))
