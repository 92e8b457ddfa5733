"""As benchmarks.rivals, with Singer's connector and target: `make bench-rivals RIVAL=singer`."""

from benchmarks.contenders import singer
from benchmarks.rivals import against

BENCHMARK = against(singer, "rivals_singer")

if __name__ == "__main__":
    BENCHMARK.main()
