"""As benchmarks.rivals, with Singer's connector and target: `make bench-rivals RIVAL=singer`."""

from functools import partial

from benchmarks.benchmark import Benchmark
from benchmarks.contenders import singer
from benchmarks.rivals import measure

BENCHMARK = Benchmark(
    "rivals_singer",
    partial(measure, singer),
    small={"tickets": 1_100, "venv": ".singer-venv", "attempts": 3},
    full={"tickets": 20_000, "venv": ".singer-venv", "attempts": 3},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
