"""How good the verdicts of models are: figures, held-out texts with their truth, goals."""

from tasks.evaluation.goals import missed_goals, read_baseline, regressions, write_baseline
from tasks.evaluation.held_out import held_out_procedures, held_out_sentiment
from tasks.evaluation.records import Judged, Measured

__all__ = [
    "Judged",
    "Measured",
    "held_out_procedures",
    "held_out_sentiment",
    "missed_goals",
    "read_baseline",
    "regressions",
    "write_baseline",
]
