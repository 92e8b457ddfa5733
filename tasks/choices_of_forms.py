"""The choices that forms in Prefect offer: which organizations there are, as of now.

A form is made of a deployment's parameter schema, which is fixed when it is deployed. Organizations
come and go: whoever deploys, or adds or ends one, calls `fill_choices`. The server then refuses any
other, and so does the flow.
"""

from copy import deepcopy
from typing import Any

from tasks.resources import opened_engine
from tasks.settings import load_settings
from warehouse.sessions import directory

ORGANIZATION = "org"


def organization_choices() -> list[str]:
    """Every organization's slug, in order."""
    with opened_engine(load_settings()) as engine:
        return [one.slug for one in directory(engine)]


def fill_choices() -> list[str]:
    """Puts the organizations into the forms of every deployment that must have one; their names.

    A deployment whose form offers them already is left as it is.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import DeploymentUpdate

    slugs, filled = organization_choices(), []
    with get_client(sync_client=True) as client:
        for deployment in client.read_deployments():
            schema = deployment.parameter_openapi_schema or {}
            offered = with_choices(schema, slugs)
            if offered != schema:
                update = DeploymentUpdate(parameter_openapi_schema=offered)
                client.update_deployment(deployment.id, update)
                filled.append(deployment.name)
    return filled


def with_choices(schema: dict[str, Any], slugs: list[str]) -> dict[str, Any]:
    """The schema, with these slugs as the choices of its organization, where it needs one.

    Without any organization there is nothing to choose from, and the field stays as it is.
    """
    offered = deepcopy(schema)
    field = offered.get("properties", {}).get(ORGANIZATION, {})
    if field.get("type") == "string" and ORGANIZATION in offered.get("required", ()):
        field.pop("enum", None)
        if slugs:
            field["enum"] = slugs
    return offered
