"""Writes the baseline that CI compares with, by the local models: `python -m tasks.evaluation`."""

import sys

from tasks.embedding import LocalEmbedder
from tasks.evaluation.goals import BASELINE_PATH, missed_goals, write_baseline
from tasks.evaluation.local import measure_hearing, measure_local
from tasks.speech import LocalTranscriber


def main() -> None:
    """Measures, writes, and says which goals are missed."""
    measured = [*measure_local(LocalEmbedder()), measure_hearing(LocalTranscriber())]
    write_baseline(measured)
    for one in measured:
        figures = ", ".join(f"{name} {value:.3f}" for name, value in one.figures.items())
        sys.stdout.write(f"{one.capability}, {one.n} truths: {figures}\n")
    for line in missed_goals(measured):
        sys.stdout.write(f"missed: {line}\n")
    sys.stdout.write(f"written to {BASELINE_PATH.name}\n")


if __name__ == "__main__":
    main()
