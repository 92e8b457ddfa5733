"""The Superset bundle: makes bundle/ of content.yml, and a zip of it that Superset imports.

    python bi/superset/bundle.py build                          after content.yml or a view changed
    python bi/superset/bundle.py zip vensor.zip [--url URL]     URL: what `vensor bi grant` printed

The zip never holds a password: Superset asks for it at the import.
"""

import argparse
import json
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import yaml
from layout import dashboard, named, slug

HERE = Path(__file__).resolve().parent
CONTRACTS = HERE.parents[1] / "dbt/models/bi/_models.yml"
BUNDLE = HERE / "bundle"
MASK = "XXXXXXXXXX"  # what Superset writes and reads in place of a password
DATABASE = Path("databases/warehouse.yaml")
URI = f"postgresql+psycopg2://bi_acme:{MASK}@127.0.0.1:5432/vensor"
DAY = "metric_day"
CHARTS = {
    "line": "echarts_timeseries_line",
    "bar": "echarts_timeseries_bar",
    "stacked": "echarts_timeseries_bar",
    "last": "big_number",
    "number": "big_number_total",
    "table": "table",
}


def files() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every file of the bundle: its path, and what it says."""
    content = yaml.safe_load((HERE / "content.yml").read_text())
    contracts = {one["name"]: one for one in yaml.safe_load(CONTRACTS.read_text())["models"]}
    # Superset wants an instant; it compares none with it
    yield (
        Path("metadata.yaml"),
        {"version": "1.0.0", "type": "Dashboard", "timestamp": "2026-01-01T00:00:00+00:00"},
    )
    yield DATABASE, database()
    for view, metrics in content["views"].items():
        yield Path("datasets/warehouse") / f"{view}.yaml", dataset(contracts[view], metrics)
    for title, charts in content["dashboards"].items():
        for one in charts:
            labels = content["views"][one["view"]]
            path = Path("charts") / slug(title) / f"{slug(one['name'])}.yaml"
            yield path, chart(title, one, labels)
        yield Path("dashboards") / f"{slug(title)}.yaml", dashboard(title, charts)


def database() -> dict[str, Any]:
    return {
        "database_name": "vensor",
        "sqlalchemy_uri": URI,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "extra": {"allows_virtual_table_explore": True},
        "uuid": named("database", "warehouse"),
        "version": "1.0.0",
    }


def dataset(contract: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        "table_name": contract["name"],
        "main_dttm_col": DAY,
        "description": contract["description"].strip(),
        "schema": "bi",
        "sql": None,
        "uuid": named("dataset", contract["name"]),
        "metrics": [_metric(name, told) for name, told in metrics.items()],
        "columns": [_column(one) for one in contract["columns"]],
        "version": "1.0.0",
        "database_uuid": named("database", "warehouse"),
    }


def _metric(name: str, told: dict[str, str]) -> dict[str, Any]:
    return {
        "metric_name": name,
        "verbose_name": told["label"],
        "metric_type": None,
        "expression": told["sql"],
        "d3format": told.get("format", ",d" if told["sql"].startswith("sum(") else None),
    }


def _column(told: dict[str, str]) -> dict[str, Any]:
    is_instant = told["data_type"] in {"date", "timestamp with time zone"}
    is_dimension = told["data_type"] == "text" or told["name"].endswith(("_id", "_no", "hour"))
    return {
        "column_name": told["name"],
        "verbose_name": told["name"].removesuffix("_name").replace("_", " ").capitalize(),
        "is_dttm": is_instant,
        "is_active": True,
        "type": told["data_type"].upper(),
        "groupby": is_dimension or is_instant,
        "filterable": is_dimension or is_instant,
        "description": told["description"],
    }


def chart(title: str, told: dict[str, Any], labels: dict[str, Any]) -> dict[str, Any]:
    params = _params(told, labels)
    context = {
        "datasource": {"id": 0, "type": "table"},  # Superset puts its own id here
        "force": False,
        "queries": [_query(told)],
        "form_data": params,
        "result_format": "json",
        "result_type": "full",
    }
    return {
        "slice_name": told["name"],
        "description": None,
        "viz_type": CHARTS[told["kind"]],
        "params": params,
        "query_context": json.dumps(context),
        "uuid": named("chart", f"{title}/{told['name']}"),
        "version": "1.0.0",
        "dataset_uuid": named("dataset", told["view"]),
    }


def _params(told: dict[str, Any], labels: dict[str, Any]) -> dict[str, Any]:
    """What Superset's own editor would have saved."""
    kind, metrics = told["kind"], told["metrics"]
    params: dict[str, Any] = {"viz_type": CHARTS[kind], "datasource": "0__table"}
    params |= {"adhoc_filters": _filters(told)}
    form = labels[metrics[0]].get("format", "SMART_NUMBER")
    if kind == "table":
        params |= {"query_mode": "aggregate", "groupby": told["by"], "metrics": metrics}
        params |= {"row_limit": 1000, "order_desc": True, "show_cell_bars": False}
        params |= {"timeseries_limit_metric": told.get("order", metrics[0])}
    elif kind in {"number", "last"}:
        params |= {"metric": metrics[0], "y_axis_format": form, "subheader": told.get("said", "")}
        params |= {"header_font_size": 0.4, "subheader_font_size": 0.125}
        if kind == "last":
            params |= {"x_axis": DAY, "time_grain_sqla": "P1D", "show_trend_line": True}
    else:
        params |= {"metrics": metrics, "y_axis_format": form, **_axis(told)}
    return params


def _axis(told: dict[str, Any]) -> dict[str, Any]:
    """What charts with axes have beside their metrics."""
    params: dict[str, Any] = {
        "x_axis": told.get("x", DAY),
        "groupby": told.get("by", []),
        "row_limit": 10000,
    }
    params |= {"show_legend": True, "legendOrientation": "bottom", "legendType": "scroll"}
    params |= {"rich_tooltip": True, "markerEnabled": True}
    params |= {"stack": "Stack" if told["kind"] == "stacked" else None}
    if "x" in told:
        return params | {"x_axis_sort": told["x"], "x_axis_sort_asc": True}
    return params | {"time_grain_sqla": told.get("grain", "P1D"), "x_axis_time_format": "%d %b"}


def _filters(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The whole time, unless the dashboard says less; and the chart's own condition."""
    whole = {"clause": "WHERE", "expressionType": "SIMPLE", "subject": DAY}
    found = [whole | {"operator": "TEMPORAL_RANGE", "comparator": "No filter"}]
    if "where" in told:
        found.append(
            {"clause": "WHERE", "expressionType": "SQL", "sqlExpression": told["where"]},
        )
    return found


def _query(told: dict[str, Any]) -> dict[str, Any]:
    """The question of a chart, for who asks by REST: browsers make it of `params`."""
    columns: list[Any] = list(told.get("by", []))
    if told["kind"] == "last" or (told["kind"] not in {"number", "table"} and "x" not in told):
        axis = {"columnType": "BASE_AXIS", "expressionType": "SQL", "sqlExpression": DAY}
        columns = [axis | {"label": DAY, "timeGrain": told.get("grain", "P1D")}, *columns]
    elif "x" in told:
        columns = [told["x"], *columns]
    return {
        "columns": columns,
        "metrics": told["metrics"],
        "filters": [{"col": DAY, "op": "TEMPORAL_RANGE", "val": "No filter"}],
        "extras": {"having": "", "where": f"({told['where']})" if "where" in told else ""},
        "orderby": [[told.get("order", told["metrics"][0]), False]],
        "row_limit": 10000,
        "is_timeseries": False,
        "time_range": "No filter",
    }


def written() -> dict[Path, str]:
    """Each file of the bundle as text."""
    return {path: yaml.safe_dump(told, sort_keys=False) for path, told in files()}


def build() -> None:
    shutil.rmtree(BUNDLE, ignore_errors=True)
    for path, text in written().items():
        (BUNDLE / path).parent.mkdir(parents=True, exist_ok=True)
        (BUNDLE / path).write_text(text)


def connected_to(url: str) -> str:
    """The address as Superset writes it: its own driver, and the password masked."""
    parts = urlsplit(url)
    place = f"{parts.username}:{MASK}@{parts.hostname}:{parts.port or 5432}"
    return urlunsplit(("postgresql+psycopg2", place, parts.path, parts.query, ""))


def pack(target: Path, url: str | None) -> None:
    """Writes the zip; with `url`, its connection leads there."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(BUNDLE.rglob("*.yaml")):
            text = path.read_text()
            if url is not None and path.relative_to(BUNDLE) == DATABASE:
                text = text.replace(URI, connected_to(url))
            packed.writestr(str(Path("vensor") / path.relative_to(BUNDLE)), text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="make bundle/ of content.yml")
    zipped = commands.add_parser("zip", help="write the zip that Superset imports")
    zipped.add_argument("path", type=Path)
    zipped.add_argument("--url", help="where the login connects, as `vensor bi grant` prints it")
    given = parser.parse_args()
    if given.command == "build":
        build()
    else:
        pack(given.path, given.url)
        sys.stdout.write(f"{given.path}\n")


if __name__ == "__main__":
    main()
