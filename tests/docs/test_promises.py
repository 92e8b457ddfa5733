"""Every promise of docs/security.md has a test that exists."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`((?:tests|dbt)/[\w/.]+?\.(?:py|yml))(?:::(\w+))?`")


def _promises(text: str) -> dict[str, str]:
    """Each promise with what is said of it."""
    part = text.split("\n## Promises\n")[1].split("\n## ")[0]
    return dict(one.split("\n", 1) for one in part.split("\n### ")[1:])


def _tests_of(path: Path) -> set[str]:
    """The tests of a Python file, or the worked examples of a file of dbt's."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yml":
        return {one["name"] for one in yaml.safe_load(text)["unit_tests"]}
    return {
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def _fault(said: str) -> str | None:
    """What a promise lacks, or None."""
    if "**Kept by.**" not in said:
        return "says not how it is kept"
    named = NAMED.findall(said.partition("**Tests.**")[2])
    if not named:
        return "has no test"
    for name, test in named:
        path = ROOT / name
        if not path.is_file():
            return f"names {name}, which is not there"
        if test and test not in _tests_of(path):
            return f"names {name}::{test}, which is not there"
        if not test and not _tests_of(path):
            return f"names {name}, which has no test"
    return None


PROMISES = _promises(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("promise", PROMISES)
def test_a_promise_is_kept_by_a_test(promise: str) -> None:
    """It says how, and names tests that are there."""
    assert _fault(PROMISES[promise]) is None, promise


def test_all_promises_are_read() -> None:
    """The tests before hold for what is found; and no test is named elsewhere on the page."""
    assert len(PROMISES) > 25
    text = PAGE.read_text(encoding="utf-8")
    read = sum(len(NAMED.findall(said)) for said in PROMISES.values())
    assert read == len(NAMED.findall(text)) - 1  # the one that says that this test is there


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("**Kept by.** Luck.\n**Tests.** None yet.", "has no test"),
        ("**Tests.** `tests/docs/test_promises.py`", "says not how it is kept"),
        ("**Kept by.** A.\n**Tests.** `tests/no.py::test_a`", "names tests/no.py, which"),
        (
            "**Kept by.** A.\n**Tests.** `tests/docs/test_promises.py::test_no`",
            "names tests/docs/test_promises.py::test_no, which",
        ),
    ],
)
def test_a_promise_that_nothing_keeps_is_told(said: str, fault: str) -> None:
    """Without a test, without a reason, with a test that is gone."""
    assert (_fault(said) or "").startswith(fault)
