"""Dashboards as Superset lays them out, and the ids by which an import finds what is there."""

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

HEIGHTS = {"last": 24, "number": 24}  # in Superset's units of 8 pixels
COLUMNS = 12
SINCE = "Last quarter"


def named(kind: str, name: str) -> str:
    """An id that is the same in every bundle, so that an import replaces the one before."""
    return str(uuid5(NAMESPACE_URL, f"vensor/superset/{kind}/{name}"))


def slug(name: str) -> str:
    return "".join(one if one.isalnum() else "_" for one in name.lower())


def dashboard(title: str, charts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "dashboard_title": f"Support: {title}",
        "description": None,
        "css": "",
        "slug": f"vensor-{slug(title).replace('_', '-')}",
        "uuid": named("dashboard", title),
        "position": _position(title, charts),
        "metadata": {
            "color_scheme": "supersetColors",
            "cross_filters_enabled": True,
            "refresh_frequency": 0,
            "native_filter_configuration": _native_filters(charts),
        },
        "published": True,
        "version": "1.0.0",
    }


def _rows(charts: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    row: list[dict[str, Any]] = []
    for one in charts:
        if sum(each["width"] for each in row) + one["width"] > COLUMNS:
            yield row
            row = []
        row.append(one)
    yield row


def _position(title: str, charts: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows of charts, as Superset lays them out."""
    grid, top = "GRID_ID", "ROOT_ID"
    found: dict[str, Any] = {"DASHBOARD_VERSION_KEY": "v2"}
    ids: list[str] = []
    for number, row in enumerate(_rows(charts)):
        ids.append(f"ROW-{number}")
        inside = [_place(title, one, [top, grid, ids[-1]]) for one in row]
        found |= {one["id"]: one for one in inside}
        found[ids[-1]] = {
            "type": "ROW",
            "id": ids[-1],
            "children": [one["id"] for one in inside],
            "parents": [top, grid],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
    found[grid] = {"type": "GRID", "id": grid, "children": ids, "parents": [top]}
    found[top] = {"type": "ROOT", "id": top, "children": [grid]}
    found["HEADER_ID"] = {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": title}}
    return found


def _place(title: str, told: dict[str, Any], parents: list[str]) -> dict[str, Any]:
    uuid = named("chart", f"{title}/{told['name']}")
    return {
        "type": "CHART",
        "id": f"CHART-{uuid[:8]}",
        "children": [],
        "parents": parents,
        "meta": {
            "chartId": int(uuid[:7], 16),
            "uuid": uuid,
            "sliceName": told["name"],
            "width": told["width"],
            "height": HEIGHTS.get(told["kind"], 48),
        },
    }


def _native_filters(charts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Since when, and which groups."""
    days = _filter("days", "filter_time", {})
    days["defaultDataMask"] = {
        "filterState": {"value": SINCE},
        "extraFormData": {"time_range": SINCE},
    }
    by_group = [one["view"] for one in charts if "group_name" in one.get("by", [])]
    if not by_group:
        return [days]
    target = {"column": {"name": "group_name"}, "datasetUuid": named("dataset", by_group[0])}
    groups = _filter("groups", "filter_select", target)
    groups["controlValues"] = {"multiSelect": True, "enableEmptyFilter": False}
    return [days, groups]


def _filter(name: str, kind: str, target: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"NATIVE_FILTER-{name}",
        "name": name.capitalize(),
        "type": "NATIVE_FILTER",
        "filterType": kind,
        "targets": [target],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
        "cascadeParentIds": [],
        "controlValues": {},
        "defaultDataMask": {"filterState": {}, "extraFormData": {}},
    }
