"""The page docs/data-dictionary.md, made of dbt's own files: `python -m tasks.metrics.dictionary`.

Of the models that others may read, `metrics` and `bi`: what a row is, each column, what is tested.
Every word of it stands in a file of the project, so it asks neither dbt nor a warehouse.
"""

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

from tasks.metrics.process import DBT
from tasks.settings import PROJECT

PAGE = PROJECT / "docs" / "data-dictionary.md"
BEGIN = """\
# Data dictionary

Made of the files below `dbt/models` by `make pages`: change those, not this page. How the figures
are counted is told in [metrics.md](metrics.md), how they are read from BI tools in [bi.md](bi.md).
`vensor metrics --org acme TABLE` prints a table. A column that is *required* is never NULL.
"""
TOLD = {
    "metrics": "Tables of the schema metrics",
    "bi": "Views of the schema bi",
}


def written() -> str:
    """The whole page: tables, views, then the semantic metrics."""
    examples = _examples()
    parts = [BEGIN]
    for layer, title in TOLD.items():
        models = sorted(_models(layer), key=lambda one: str(one[0]["name"]))
        parts.append(f"## {title}\n")
        parts.append("| name | a row is |\n|---|---|")
        parts += [f"| [`{one['name']}`](#{one['name']}) | {grain} |" for one, grain in models]
        parts.append("")
        parts += [_section(one, grain, examples.get(one["name"], [])) for one, grain in models]
    return "\n".join([*parts, *_semantic()]) + "\n"


def _files(*, under: str = "") -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted((DBT / "models" / under).rglob("*.yml")):
        yield path, yaml.safe_load(path.read_text(encoding="utf-8"))


def _models(layer: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Each model of a layer, with its grain: the comment with which its SQL begins."""
    for path, file in _files(under=layer):
        for model in file.get("models", []):
            lines = (path.parent / f"{model['name']}.sql").read_text(encoding="utf-8").splitlines()
            comment = takewhile(lambda line: line.startswith("--"), lines)
            grain = " ".join(line.removeprefix("--").strip() for line in comment)
            yield model, grain.removeprefix("Grain: one row ").removesuffix(".")


def _examples() -> dict[str, list[str]]:
    """The worked examples (dbt's unit tests) by model."""
    found: dict[str, list[str]] = {}
    for _, file in _files():
        for one in file.get("unit_tests", []):
            found.setdefault(one["model"], []).append(one["name"])
    return found


def _section(model: dict[str, Any], grain: str, examples: list[str]) -> str:
    columns = [
        f"| `{one['name']}` | {one['data_type']} | {_required(one)}{_line(one['description'])} |"
        for one in model["columns"]
    ]
    tested = [_tested(one) for one in model["data_tests"]]
    if examples:
        tested.append(f"worked examples: {_names(examples)}")
    head = f"### {model['name']}\n\n{_line(model['description'])}\n\nA row is {grain}.\n"
    table = "\n".join(["| column | type | |", "|---|---|---|", *columns])
    return f"{head}\n{table}\n\nTested: {'; '.join(tested)}.\n"


def _required(column: dict[str, Any]) -> str:
    return "*Required.* " if {"type": "not_null"} in column.get("constraints", []) else ""


def _tested(test: dict[str, Any]) -> str:
    """A data test in words; its arguments are columns."""
    kind, told = next(iter(test.items()))
    return f"{kind.replace('_', ' ')} {_names(told['arguments']['columns'])}"


def _names(names: list[str]) -> str:
    return ", ".join(f"`{one}`" for one in names)


def _semantic() -> Iterator[str]:
    """The metrics of dbt's semantic layer: what is divided by what."""
    yield "## Metrics of the semantic layer\n"
    yield "| metric | | made of |\n|---|---|---|"
    for _, file in _files(under="semantic"):
        for one in file.get("metrics", []):
            yield f"| `{one['name']}` | {_line(one['description'])} | {_made(one)} |"


def _made(metric: dict[str, Any]) -> str:
    """What a metric is divided or summed of, and of which rows."""
    given = metric["type_params"]
    if metric["type"] == "ratio":
        return f"`{given['numerator']}` ÷ `{given['denominator']}`"
    where = f" where `{_line(metric['filter'])}`" if "filter" in metric else ""
    return f"`{given['measure']}`{where}"


def _line(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
