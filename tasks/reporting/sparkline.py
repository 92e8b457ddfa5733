"""A figure's five weeks as a line the size of a word."""

from collections.abc import Sequence

from tasks.reporting.markup import Html, el

WIDTH, HEIGHT, EDGE = 96, 24, 3
STEADY = 1e-6  # a part of a figure that is an error of arithmetic


def sparkline(values: Sequence[float | None]) -> Html | None:
    """A line, None where there is none to draw. It repeats what is told: nobody has to see it."""
    known = [(at, value) for at, value in enumerate(values) if value is not None]
    if len(known) < 3:
        return None
    low, high = min(value for _, value in known), max(value for _, value in known)
    step = (WIDTH - 2 * EDGE) / (len(values) - 1)
    tall = HEIGHT - 2 * EDGE

    def place(at: int, value: float) -> tuple[float, float]:
        level = (value - low) / (high - low) if high - low > STEADY * abs(high) else 0.5
        return EDGE + at * step, HEIGHT - EDGE - level * tall

    places = [place(at, value) for at, value in known]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    x, y = places[-1]
    return el(
        "svg",
        el("polyline", points=points),
        el("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="2.5"),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        aria_hidden="true",
        class_="trend",
    )
