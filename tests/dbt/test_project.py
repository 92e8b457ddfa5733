"""What every model of the dbt project has."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.metrics.process import DBT
from tests.dbt.conftest import Desk, new_desk
from warehouse.sessions import Logins

MODELS = sorted((DBT / "models").rglob("*.sql"))
LAYERS = {"staging": "stg_", "intermediate": "int_", "metrics": "fct_", "bi": "rpt_"}


@pytest.fixture
def desk(engine: Any, logins: Logins, target_dir: Path) -> Desk:
    """Any organization."""
    return new_desk(engine, logins, target_dir)


def _layer(path: Path) -> str:
    return path.relative_to(DBT / "models").parts[0]


def _described() -> dict[str, dict[str, Any]]:
    """What the YAML files say of each model."""
    files = (DBT / "models").rglob("*.yml")
    said = [yaml.safe_load(path.read_text()) for path in files]
    return {model["name"]: model for one in said for model in one.get("models", [])}


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_says_its_grain_and_asks_no_clock(path: Path) -> None:
    """It is named after its layer; only staging reads sources; `as_of` is its only instant."""
    text = path.read_text()
    assert text.startswith("-- Grain: ")
    assert path.stem.startswith(LAYERS[_layer(path)])
    assert ("source(" in text) == (_layer(path) == "staging")
    assert not re.search(r"\b(now\(|current_(date|timestamp)|clock_timestamp)", text)


def test_every_model_and_column_is_described(desk: Desk) -> None:
    """The columns that the warehouse has are those that are described."""
    described = _described()
    assert set(described) == {path.stem for path in MODELS}
    columns = desk.execute(
        """
        select c.relname, array_agg(a.attname::text) as names
        from pg_class as c
        inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
        inner join pg_namespace as n on c.relnamespace = n.oid
        where n.nspname in ('staging', 'intermediate', 'metrics', 'bi') and c.relkind in ('r', 'v')
        group by c.relname
        """
    )
    assert len(columns) == len(MODELS)
    for relation, names in columns:
        told = described[relation]["columns"]
        assert sorted(names) == sorted(column["name"] for column in told), relation
        assert all(said.get("description") for said in (described[relation], *told))


def test_every_metric_has_a_worked_example() -> None:
    """Each model that computes something has a unit test; slices only copy rows of others."""
    files = (DBT / "models").rglob("_examples.yml")
    examples = [one for path in files for one in yaml.safe_load(path.read_text())["unit_tests"]]
    computing = {path.stem for path in MODELS if _layer(path) != "staging"}
    copies = {name for name in computing if name.startswith("int_changed_")}
    assert computing - copies <= {one["model"] for one in examples} <= computing
    assert all(one["description"] for one in examples)
