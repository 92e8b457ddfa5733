"""Zendesk's incremental exports into Postgres by dlt's own `rest_api` source, one run of it.

It runs in an environment of its own (`make bench-rivals`). From the environment: SOURCE_URL and
SOURCE_TOKEN (OAuth), DESTINATION (a Postgres URL), DATASET (the schema), SINCE (Unix seconds).
dlt keeps its state in DLT_DATA_DIR and in the destination.

Write dispositions are those of dlt's documentation ("Load Zendesk tickets incrementally"): events
are appended, since an event never changes, and told apart by the primary key where pages overlap;
what changes is merged.
"""

import os
from datetime import datetime
from typing import Any

import dlt
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from dlt.sources.rest_api import rest_api_source


class ExportPaginator(JSONLinkPaginator):
    """Follows an export until it says that it has ended: its last page has a link as well."""

    def update_state(self, response: Any, data: Any = None) -> None:
        super().update_state(response, data)
        if response.json().get("end_of_stream"):
            self._has_next_page = False


def _seconds(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp())


def _export(
    name: str, path: str, link: str, stamp: str, since: object, *, how: str, **more: Any
) -> dict[str, Any]:
    """The configuration of one resource."""
    start = {"start_param": "start_time", "cursor_path": stamp, "initial_value": since}
    if isinstance(since, str):
        start["convert"] = _seconds
    return {
        "name": name,
        "primary_key": "id",
        "write_disposition": how,
        "endpoint": {
            "path": f"incremental/{path}.json",
            "params": {"per_page": 1000, **more},
            "data_selector": name,
            "paginator": ExportPaginator(next_url_path=link),
            "incremental": start,
        },
    }


def main() -> None:
    since = int(os.environ["SINCE"])
    iso = datetime.fromtimestamp(since).astimezone().isoformat()
    base_url = f"{os.environ['SOURCE_URL']}/api/v2/"
    stamp = "generated_timestamp"
    source = rest_api_source(
        {
            "client": {
                "base_url": base_url,
                "auth": {"type": "bearer", "token": os.environ["SOURCE_TOKEN"]},
            },
            "resources": [
                _export("tickets", "tickets/cursor", "after_url", stamp, since, how="merge"),
                _export(
                    "ticket_events",
                    "ticket_events",
                    "next_page",
                    "timestamp",
                    since,
                    how="append",
                    include="comment_events",
                ),
                _export("users", "users/cursor", "after_url", "updated_at", iso, how="merge"),
                _export(
                    "ticket_metric_events",
                    "ticket_metric_events",
                    "next_page",
                    "time",
                    iso,
                    how="append",
                ),
            ],
        }
    )
    dataset = os.environ["DATASET"]
    pipeline = dlt.pipeline(
        pipeline_name=dataset,
        destination=dlt.destinations.postgres(os.environ["DESTINATION"]),
        dataset_name=dataset,
    )
    pipeline.run(source).raise_on_failed_jobs()


if __name__ == "__main__":
    main()
