"""What dbt-project-evaluator asks of a project, asked of ours; its package is not among our locks.

Source: the rules of dbt-labs/dbt-project-evaluator with their defaults: 3 leaf children, 7 joins,
5 views in a chain. Of its rules these do not apply: folders by source (ours are by subject),
surrogate keys (keys begin with the tenant), and tables only behind exposures (the views of `bi` are
what binds readers).
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.metrics.process import DBT
from tasks.quality.suites import SUITES

MOST_LEAVES, MOST_JOINS, MOST_VIEWS = 3, 7, 5
PREFIXES = {"staging": "stg_", "intermediate": "int_", "metrics": "fct_", "bi": "rpt_"}
ENDS = ("metrics", "bi")  # what is made to be read, not to be built on
# what Postgres itself knows, such as its time zones, is nobody's model
HARD_CODED = re.compile(
    r"\b(?:from|join)\s+(?!pg_catalog\.)\"?[a-z_]+\"?\.\"?[a-z_]+", re.IGNORECASE
)
# with a relation: rows that a function makes are no join
JOINED = re.compile(r"\bjoin\s+(?!lateral\b)(?:[a-z_]+\b(?!\s*\()|\{\{)", re.IGNORECASE)
Node = dict[str, Any]


class Project:
    """The project as dbt parses it: models, tests, sources and exposures by their ids."""

    def __init__(self, manifest: dict[str, Any]) -> None:
        nodes = manifest["nodes"].values()
        self.models: dict[str, Node] = {
            one["unique_id"]: one for one in nodes if one["resource_type"] == "model"
        }
        self.tests = [one for one in nodes if one["resource_type"] == "test"]
        self.sources: dict[str, Node] = manifest["sources"]
        self.exposures: dict[str, Node] = manifest["exposures"]
        self.children: dict[str, list[str]] = manifest["child_map"]

    def parents(self, model: Node) -> list[str]:
        """The models and sources that it is made of, each once."""
        return list(dict.fromkeys(model["depends_on"]["nodes"]))

    def downstream(self, node_id: str) -> list[str]:
        """The models that are made of it."""
        return [one for one in self.children.get(node_id, []) if one in self.models]

    def is_time_spine(self, model: Node) -> bool:
        """Whether it is there for semantic models alone, which ask it for days."""
        return model.get("time_spine") is not None


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Parsed once; no warehouse is needed for it."""
    folder = tmp_path_factory.mktemp("parsed")
    names = ("HOST", "USER", "DATABASE")
    command = [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", "--log-level-file", "none"]
    command += ["parse", "--no-partial-parse"]
    done = subprocess.run(
        [*command, "--project-dir", str(DBT), "--profiles-dir", str(DBT)],
        env={
            **{f"VENSOR_DBT_{name}": "nobody" for name in names},
            "VENSOR_DBT_PORT": "1",
            "DBT_ENV_SECRET_PASSWORD": "none",
            "DBT_TARGET_PATH": str(folder),
            "DBT_LOG_PATH": str(folder),
            "DO_NOT_TRACK": "1",
            "PATH": os.defpath,
            "HOME": str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return Project(json.loads((folder / "manifest.json").read_text()))


def _layer(model: Node) -> str:
    return str(Path(model["path"]).parts[0])


def _names(models: Iterator[Node] | list[Node]) -> list[str]:
    return sorted(one["name"] for one in models)


def _code(model: Node) -> str:
    """Its SQL without comments and templates."""
    plain = re.sub(r"\{#.*?#\}|\{%.*?%\}|/\*.*?\*/", "", model["raw_code"], flags=re.DOTALL)
    return re.sub(r"--.*|\bextract\s*\(\s*\w+\s+from|\bdistinct\s+from", "", plain)


def test_each_source_has_one_staging_model_and_each_staging_model_one_source(
    project: Project,
) -> None:
    """Only staging reads sources, and no model; none is left unused or read twice."""
    for model in project.models.values():
        of_sources = [one for one in project.parents(model) if one in project.sources]
        expected = 1 if _layer(model) == "staging" and not project.is_time_spine(model) else 0
        assert len(of_sources) == expected, model["name"]
        assert _layer(model) != "staging" or project.parents(model) == of_sources, model["name"]
    readers = {name: project.downstream(name) for name in project.sources}
    assert [name for name, models in readers.items() if len(models) != 1] == []
    relations = [one["relation_name"] for one in project.sources.values()]
    assert len(set(relations)) == len(relations)


def test_models_are_named_and_kept_by_their_layer(project: Project) -> None:
    """A layer reads the ones before it, never one after."""
    layers = list(PREFIXES)
    for model in project.models.values():
        layer = _layer(model)
        assert model["name"].startswith(PREFIXES[layer]) or project.is_time_spine(model)
        for parent in project.parents(model):
            if parent in project.models and not project.is_time_spine(model):
                before = layers.index(_layer(project.models[parent]))
                # days are what facts note; facts are made of slices: between the two it is by name
                between = {layer, layers[before]} == {"intermediate", "metrics"}
                assert before <= layers.index(layer) or between, model["name"]


def test_relations_are_named_by_reference_alone(project: Project) -> None:
    """No model has a relation's own name in it; none is made of nothing."""
    told = [one for one in project.models.values() if HARD_CODED.search(_code(one))]
    assert _names(told) == []
    roots = [one for one in project.models.values() if not project.parents(one)]
    assert _names([one for one in roots if not project.is_time_spine(one)]) == []


def test_no_model_joins_too_much(project: Project) -> None:
    """What joins more is two models."""
    joins = {one["name"]: len(JOINED.findall(_code(one))) for one in project.models.values()}
    assert {name: count for name, count in joins.items() if count > MOST_JOINS} == {}


def test_no_model_has_many_leaves(project: Project) -> None:
    """What many last models are made of in the same way belongs before them."""
    fanned = {
        project.models[name]["name"]: leaves
        for name in project.models
        if len(leaves := [one for one in project.downstream(name) if not project.downstream(one)])
        > MOST_LEAVES
    }
    assert fanned == {}


def test_every_model_is_used_or_read(project: Project) -> None:
    """What is neither of `metrics` nor of `bi` is there for another model."""
    unused = [
        one
        for name, one in project.models.items()
        if _layer(one) not in ENDS
        and not project.children.get(name)
        and not project.is_time_spine(one)
    ]
    assert _names(unused) == []


def test_no_long_chain_of_views(project: Project) -> None:
    """A view over views is planned as one query: after five there is a table."""

    def views(name: str) -> int:
        model = project.models.get(name)
        if model is None or model["config"]["materialized"] not in {"view", "ephemeral"}:
            return 0
        return 1 + max((views(parent) for parent in project.parents(model)), default=0)

    long = {project.models[name]["name"]: views(name) for name in project.models}
    assert {name: count for name, count in long.items() if count > MOST_VIEWS} == {}


def test_every_model_has_a_key_and_descriptions(project: Project) -> None:
    """Its grain is tested, and each of its columns is described; sources and exposures too."""
    keyed = {
        one["attached_node"]
        for one in project.tests
        if one["test_metadata"]["name"] in {"unique", "unique_combination"}
    }
    assert _names([one for name, one in project.models.items() if name not in keyed]) == []
    told = [*project.models.values(), *project.sources.values(), *project.exposures.values()]
    assert _names([one for one in told if not one["description"].strip()]) == []
    columns = [
        f"{model['name']}.{column['name']}"
        for model in project.models.values()
        for column in model["columns"].values()
        if not column["description"].strip()
    ]
    assert columns == []
    assert all(one["source_description"].strip() for one in project.sources.values())


def test_what_is_public_is_contracted(project: Project) -> None:
    """What others build on has its columns and types enforced: all of `metrics` and `bi`."""
    for model in project.models.values():
        if _layer(model) in ENDS or model["access"] == "public":
            assert model["config"]["contract"]["enforced"], model["name"]
            untyped = [one["name"] for one in model["columns"].values() if not one["data_type"]]
            assert untyped == [], model["name"]
        if _layer(model) == "staging":
            assert model["access"] != "public", model["name"]


def test_what_dashboards_show_is_public(project: Project) -> None:
    """Exposures are made of public models of the last layer, and say who answers for them."""
    for exposure in project.exposures.values():
        assert exposure["owner"].get("name") or exposure["owner"].get("email"), exposure["name"]
        for name in exposure["depends_on"]["nodes"]:
            if name in project.models:
                assert project.models[name]["access"] == "public", exposure["name"]
                assert _layer(project.models[name]) in ENDS, exposure["name"]


def test_sources_say_how_fresh_they_are(project: Project) -> None:
    """What is loaded day by day has an age from which on dbt warns; settings may be old."""
    for source in project.sources.values():
        assert "freshness" in source, source["name"]
        if source["freshness"] and source["freshness"]["warn_after"].get("count"):
            assert source["loaded_at_field"], source["name"]
    told = [one for one in project.sources.values() if one["loaded_at_field"]]
    assert told


def test_every_model_is_in_a_folder_with_its_words(project: Project) -> None:
    """A model's description, tests and examples lie beside it."""
    for model in project.models.values():
        described = Path(model["patch_path"].split("://")[1]).parent
        assert described == Path(model["original_file_path"]).parent, model["name"]


def test_every_surviving_table_passes_a_gate(project: Project) -> None:
    """What is measured day by day is checked before it is published."""
    daily = [
        f"candidate.{one['name']}"
        for one in project.models.values()
        if one["config"]["materialized"] == "daily"
    ]
    assert sorted(SUITES["before_publish"]) == sorted(daily)
