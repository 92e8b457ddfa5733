"""Prints the catalog of tap-zendesk's streams that are compared, made by the package itself.

Its own discovery asks for streams as well that the sandbox does not have.
"""

import json
import sys

import singer
from tap_zendesk.discover import load_shared_schema_refs
from tap_zendesk.streams import STREAMS
from zenpy import Zenpy

SELECTED = ("tickets", "ticket_audits", "ticket_comments", "ticket_metric_events")


def main() -> None:
    with open(sys.argv[1]) as file:
        config = json.load(file)
    client = Zenpy(subdomain=config["subdomain"], oauth_token=config["access_token"])
    streams = []
    for name in SELECTED:
        stream = STREAMS[name](client, config)
        schema = singer.resolve_schema_references(stream.load_schema(), load_shared_schema_refs())
        metadata = stream.load_metadata()
        for one in metadata:
            if one["breadcrumb"] == () or one["metadata"].get("inclusion") == "available":
                one["metadata"]["selected"] = True
        told = {"stream": name, "tap_stream_id": name, "schema": schema, "metadata": metadata}
        streams.append(told)
    json.dump({"streams": streams}, sys.stdout)


if __name__ == "__main__":
    main()
