"""What a cipher unsealed, until the audit trail says so."""

from collections import Counter
from threading import Lock

CONTENT, SECRET = "read.content", "read.secret"  # actions of the audit trail
Read = tuple[str, str]  # (action, column)


class Reads:
    """How many values of which column were unsealed and are in no audit trail yet.

    Threads add without a lock: nothing else is called as often, and `append` is atomic.
    """

    def __init__(self) -> None:
        self._noted: list[Read] = []
        self._taking = Lock()

    def __bool__(self) -> bool:
        return bool(self._noted)

    def note(self, action: str, column: str) -> None:
        """One value more."""
        self._noted.append((action, column))

    def take(self) -> Counter[Read]:
        """What was noted since, for whoever writes it down."""
        with self._taking:
            taken = self._noted[:]
            del self._noted[: len(taken)]
        return Counter(taken)

    def put_back(self, counts: Counter[Read]) -> None:
        """What was taken and could not be written down."""
        self._noted.extend(counts.elements())
