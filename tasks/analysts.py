"""Who assesses an organization's tickets, and by which topics."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from tasks.assessment import Analyst, RulesAnalyst, Taxonomy, Topic, packaged_taxonomy
from tasks.assessment.taxonomy import taxonomy_of
from tasks.choices import chosen
from tasks.embedding import LocalEmbedder
from tasks.errors import ConfigurationError
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
    """What the organization assesses with. One that is remote gets redacted text only.

    Raises: ConfigurationError.
    """
    rules = RulesAnalyst(taxonomy(resources), LocalEmbedder())
    choice = chosen(resources, "analyse")
    if choice.provider == "local":
        yield rules
        return
    raise ConfigurationError(
        f"{resources.organization.slug}: text may leave this machine redacted only, which is not"
        " set up; `vensor ai use --analyse local` assesses here"
    )
