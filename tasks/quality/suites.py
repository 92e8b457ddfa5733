"""The suites, by name: what is expected of each table, as data."""

from tasks.quality import loaded, outgoing, published, scored
from tasks.quality.expected import Expected

SUITES: dict[str, dict[str, list[Expected]]] = {
    "after_load": loaded.SUITE,
    "after_scoring": scored.SUITE,
    "before_publish": published.SUITE,
    "before_posting": outgoing.SUITE,
}
