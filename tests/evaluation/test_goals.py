"""Continuous integration fails where a goal is missed or a figure has fallen."""

from dataclasses import replace

import pytest

from tasks.embedding import LocalEmbedder
from tasks.evaluation import missed_goals, read_baseline, regressions, write_baseline
from tasks.evaluation.local import measure_hearing, measure_local
from tasks.evaluation.records import Measured
from tasks.speech import LocalTranscriber


@pytest.fixture(scope="module")
def measured(embedder: LocalEmbedder) -> list[Measured]:
    return [*measure_local(embedder), measure_hearing(LocalTranscriber())]


def test_the_goals_are_reached_on_held_out_text(measured: list[Measured]) -> None:
    """Sentiment macro-F1 0.70; steps of procedures precision 0.9 at recall 0.6; every quote."""
    figures = {one.capability: one.figures for one in measured}
    assert missed_goals(measured) == []
    assert figures["sentiment"]["macro_f1"] >= 0.70
    assert figures["procedures"]["precision"] >= 0.90
    assert figures["procedures"]["recall"] >= 0.60
    assert figures["procedures"]["violation_precision"] >= 0.90
    assert figures["procedures"]["quote_validity"] == 1.0
    assert figures["transcribe"]["word_error_rate"] <= 0.08


def test_no_figure_has_fallen(measured: list[Measured]) -> None:
    """Whoever makes one better, or has a reason to make one worse, writes the baseline anew."""
    assert regressions(measured, read_baseline()) == []


def test_what_falls_is_named(measured: list[Measured]) -> None:
    """By capability and figure, in both directions; a figure that is gone too."""
    sentiment = measured[0]
    worse = replace(sentiment, figures={"macro_f1": 0.5, "calibration_error": 0.9})
    baseline = {"sentiment": {"macro_f1": 0.75, "calibration_error": 0.04, "kappa": 0.629}}
    assert regressions([worse], baseline) == [
        "sentiment macro_f1 was 0.750 and is 0.500",
        "sentiment calibration_error was 0.040 and is 0.900",
        "sentiment kappa was 0.629 and is not measured any more",
    ]
    assert missed_goals([worse]) == ["sentiment macro_f1 is 0.500, the goal 0.700"]
    assert regressions([replace(worse, source="labels")], baseline) == []


def test_the_baseline_keeps_what_was_not_measured(measured: list[Measured], tmp_path) -> None:
    """Each capability is written by whoever measured it."""
    path = tmp_path / "baseline.json"
    write_baseline(measured[:1], path)
    write_baseline(measured[1:], path)
    assert read_baseline(path).keys() == {"sentiment", "procedures", "personal", "transcribe"}
    assert regressions(measured, read_baseline(path)) == []
