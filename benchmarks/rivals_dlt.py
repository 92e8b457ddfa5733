"""As benchmarks.rivals, with dlt's own `rest_api` source: `make bench-rivals RIVAL=dlt`."""

from benchmarks.contenders import dlt
from benchmarks.rivals import against

BENCHMARK = against(dlt, "rivals_dlt")

if __name__ == "__main__":
    BENCHMARK.main()
