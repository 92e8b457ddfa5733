"""A soak's nights as a picture."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.soak.flat import MIB, open_keys
from benchmarks.soak.night import Night

WIDTH, HEIGHT, SCALE = 330, 130, 1.75  # of a panel, in points; pixels a point
MEMORY, DISK = "memory, MiB", "disk, MiB"


def draw(nights: Sequence[Night], path: Path, *, clock_days: int) -> None:
    """Writes a PNG: memory, disk, partitions, keys, connections and rows, night by night."""
    import altair

    rows = [
        {"night": number, "panel": panel, "what": what, "figure": figure}
        for number, night in enumerate(nights, start=1)
        for panel, what, figure in _figures(night)
    ]
    line = (
        altair.Chart()
        .mark_line()
        .encode(
            x=altair.X("night:Q", title="night"),
            y=altair.Y("figure:Q", title=None),
            color=altair.Color("what:N", title=None),
        )
    )
    full = (
        altair.Chart().mark_rule(strokeDash=[4, 4], color="#888").encode(x=altair.datum(clock_days))
    )
    panels = [
        altair.layer(
            line, full, data=altair.Data(values=[one for one in rows if one["panel"] == panel])
        ).properties(width=WIDTH, height=HEIGHT, title=panel)
        for panel in dict.fromkeys(one["panel"] for one in rows)
    ]
    chart = altair.concat(*panels, columns=2).resolve_scale(color="independent")
    chart.save(str(path), scale_factor=SCALE)


def _figures(night: Night) -> Iterator[tuple[str, str, float]]:
    yield MEMORY, "the process", night.rss_bytes / MIB
    yield MEMORY, "Prefect's server", night.prefect_rss_bytes / MIB
    yield DISK, "tables with a clock", night.ending_bytes / MIB
    yield DISK, "sums, seals, runs", night.lasting_bytes / MIB
    yield DISK, "Postgres's catalogs", night.catalog_bytes / MIB
    yield DISK, "Prefect", night.prefect_bytes / MIB
    yield DISK, "the home", night.home_bytes / MIB
    yield "partitions", "partitions", sum(night.partitions.values())
    yield "keys that open", "keys", open_keys(night)
    yield "connections and threads", "connections", night.connections
    yield "connections and threads", "threads", night.threads
    yield "open files", "open files", night.descriptors
