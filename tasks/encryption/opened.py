"""What is found once and kept: a dictionary that fills itself."""

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Opened(dict[K, V]):
    """Finds what it doesn't hold yet; a hit costs what a dictionary's does."""

    def __init__(self, find: Callable[[K], V]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: K) -> V:
        found = self[key] = self._find(key)
        return found
