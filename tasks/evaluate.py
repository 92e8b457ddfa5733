"""Evaluation as a step: figures stored, and shown where the run is."""

from datetime import datetime

from tasks.artifacts import show_table
from tasks.evaluating import evaluate
from tasks.evaluation.records import Measured
from tasks.evaluation.wording import CAPABILITIES, FIGURES, SOURCES
from tasks.resources import opened
from tasks.step import step


@step
def evaluate_organization(slug: str, as_of: datetime) -> int:
    """Measures and stores by labels, ratings and evidence; how many figures. No word leaves it."""
    with opened(slug) as resources:
        measured = evaluate(resources, at=as_of, truths=None, held_out=False)
    show_table(
        f"evaluation-{slug}",
        [line for one in measured for line in _lines(one)],
        f"Quality of {slug}'s scores",
    )
    return sum(len(one.figures) for one in measured)


def _lines(one: Measured) -> list[dict[str, object]]:
    return [
        {
            "what": CAPABILITIES[one.capability],
            "measured by": SOURCES[one.source],
            "model": one.model,
            "version": one.prompt_version,
            "figure": FIGURES[name],
            "value": value,
            "n": one.n,
        }
        for name, value in one.figures.items()
    ]
