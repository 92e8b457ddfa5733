"""Figures know whether their goals are met, and are the same once kept and read."""

from pathlib import Path

import pytest

from benchmarks import figures
from benchmarks.figures import Figure, Result, as_markdown, kept


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure("a", 1.2, "s", 1.0, "≤ 1.3"), True),
        (Figure("a", 1.4, "s", 1.0, "≤ 1.3"), False),
        (Figure("a", 0.96, goal="≥ 0.95"), True),
        (Figure("a", 0.94, goal="≥ 0.95"), False),
        (Figure("a", 3, "rows", 0, "≤ 0"), False),
        (Figure("a", 0, "rows", 7, "≤ 0"), True),
        (Figure("a", 1.0), None),
    ],
)
def test_a_goal_is_one_for_the_ratio_or_for_what_stands_alone(
    figure: Figure, met: bool | None
) -> None:
    assert figure.met is met


def test_what_is_kept_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By size, with its machine and date; the page has a row for each figure, and counts goals."""
    monkeypatch.setattr(figures, "RESULTS", tmp_path)
    told = [Figure("end to end", 3.0, "s", 2.0, "≤ 2", 4), Figure("rows", 10, "rows", goal="≥ 11")]
    result = Result("extraction", "python -m benchmarks.extraction --size small", told)
    result.keep("small")
    assert kept("small") == [result]
    assert kept("full") == []
    page = as_markdown("small", [result])
    assert "1 of 2 goals met" in page
    assert "| end to end, 4 × the data | 3 s | 2 s | 1.5 × | ≤ 2 | met |" in page
    assert "| rows | 10 rows |  |  | ≥ 11 | missed |" in page
