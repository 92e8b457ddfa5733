"""Which organizations there are."""

from tasks.resources import opened_engine
from tasks.settings import load_settings
from tasks.step import step
from warehouse.sessions import directory


@step
def organization_slugs() -> list[str]:
    """Every organization's slug, in order."""
    with opened_engine(load_settings()) as engine:
        return [organization.slug for organization in directory(engine)]
