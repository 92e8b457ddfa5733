"""What the figures have to reach, and what they reached before."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tasks.evaluation.records import Measured
from warehouse.evaluations import Capability, Figure

BASELINE_PATH = Path(__file__).with_name("baseline.json")
# A figure may fall by this much before it counts as a regression: vectors of eight bits differ a
# little from processor to processor, and one verdict of the rarest class is 0.025.
TOLERANCE = 0.03
LOWER_IS_BETTER: frozenset[Figure] = frozenset(
    {"calibration_error", "abstention", "word_error_rate"}
)
# On held-out text, by the models of this machine.
GOALS: Mapping[tuple[Capability, Figure], float] = {
    ("sentiment", "macro_f1"): 0.70,
    ("procedures", "precision"): 0.90,
    ("procedures", "recall"): 0.60,
    ("procedures", "quote_validity"): 1.0,
    ("personal", "name_recall"): 0.95,
    ("personal", "email_recall"): 0.95,
    ("personal", "phone_recall"): 0.95,
    ("personal", "card_recall"): 0.95,
    ("transcribe", "word_error_rate"): 0.08,
}
Baseline = Mapping[str, Mapping[str, float]]


def missed_goals(measured: Sequence[Measured]) -> list[str]:
    """A line for each goal that a held-out figure does not reach."""
    return [
        f"{one.capability} {name} is {value:.3f}, the goal {goal:.3f}"
        for one in measured
        if one.source == "held_out"
        for name, value in one.figures.items()
        if (goal := GOALS.get((one.capability, name))) is not None
        and _is_worse(name, value, goal, by=0.0)
    ]


def regressions(measured: Sequence[Measured], baseline: Baseline) -> list[str]:
    """A line for each held-out figure that is worse than the baseline, or measured no longer."""
    return [
        line
        for one in measured
        if one.source == "held_out"
        for line in _regressions(one, baseline.get(one.capability, {}))
    ]


def read_baseline(path: Path = BASELINE_PATH) -> Baseline:
    """The held-out figures by capability, as they were when somebody last wrote them down."""
    found: Baseline = json.loads(path.read_text(encoding="utf-8"))
    return found


def write_baseline(measured: Sequence[Measured], path: Path = BASELINE_PATH) -> None:
    """Writes the held-out figures; those of capabilities that were not measured stay."""
    told = dict(read_baseline(path)) if path.exists() else {}
    told |= {
        one.capability: dict(sorted(one.figures.items()))
        for one in measured
        if one.source == "held_out"
    }
    path.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _regressions(one: Measured, former: Mapping[str, float]) -> Iterator[str]:
    now: Mapping[str, float] = {str(name): value for name, value in one.figures.items()}
    for name, value in former.items():
        if name not in now:
            yield f"{one.capability} {name} was {value:.3f} and is not measured any more"
        elif _is_worse(name, now[name], value, by=TOLERANCE):
            yield f"{one.capability} {name} was {value:.3f} and is {now[name]:.3f}"


def _is_worse(name: str, value: float, than: float, *, by: float) -> bool:
    return value > than + by if name in LOWER_IS_BETTER else value < than - by
