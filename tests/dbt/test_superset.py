"""The Superset bundle: what is committed is what is said, and asks for columns that there are."""

import json
import re
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tasks.settings import PROJECT

FOLDER = PROJECT / "bi/superset"
CONTENT = yaml.safe_load((FOLDER / "content.yml").read_text())
FUNCTIONS = {"sum", "max", "nullif", "float", "percentile", "sum_histograms", "bi"}


@pytest.fixture
def bundle(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program, which lies outside of the packages."""
    monkeypatch.syspath_prepend(str(FOLDER))
    import bundle

    yield bundle
    for name in ("bundle", "layout"):
        sys.modules.pop(name)


def _columns() -> dict[str, set[str]]:
    models = yaml.safe_load((PROJECT / "dbt/models/bi/_models.yml").read_text())["models"]
    return {one["name"]: {column["name"] for column in one["columns"]} for one in models}


def test_the_bundle_is_what_its_content_says(bundle: ModuleType) -> None:
    """`bundle.py build` was run after the last change of a view or of the content."""
    there = {
        path.relative_to(FOLDER / "bundle"): path.read_text()
        for path in (FOLDER / "bundle").rglob("*.yaml")
    }
    assert there == bundle.written()


def test_dashboards_ask_for_what_there_is() -> None:
    """Each chart's view, metrics and dimensions exist; each metric's columns too; none is unused."""
    columns = _columns()
    used = set[tuple[str, str]]()
    for view, metrics in CONTENT["views"].items():
        for metric in metrics.values():
            assert set(re.findall(r"[a-z_]+", metric["sql"])) - FUNCTIONS <= columns[view]
    for charts in CONTENT["dashboards"].values():
        for chart in charts:
            view = chart["view"]
            assert set(chart["metrics"]) <= CONTENT["views"][view].keys()
            assert set(chart.get("by", [])) <= columns[view]
            used |= {(view, one) for one in chart["metrics"]}
    assert {view for view, _ in used} == columns.keys()


def test_the_zip_leads_where_it_is_told_and_holds_no_password(
    bundle: ModuleType, tmp_path: Path
) -> None:
    """The address is the login's, the password is masked; charts say how they are asked."""
    target = tmp_path / "vensor.zip"
    url = "postgresql://bi_acme:only-here@db.example.com:6543/metrics?sslmode=verify-full"
    bundle.pack(target, url)
    with zipfile.ZipFile(target) as packed:
        texts: dict[str, Any] = {name: packed.read(name).decode() for name in packed.namelist()}
    connection = yaml.safe_load(texts["vensor/databases/warehouse.yaml"])
    assert connection["sqlalchemy_uri"] == (
        "postgresql+psycopg2://bi_acme:XXXXXXXXXX@db.example.com:6543/metrics?sslmode=verify-full"
    )
    assert not [name for name, text in texts.items() if "only-here" in text]
    charts = [yaml.safe_load(text) for name, text in texts.items() if "/charts/" in name]
    assert all(json.loads(one["query_context"])["queries"] for one in charts)
