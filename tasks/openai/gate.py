"""What every call to a server waits for."""

import time
from threading import Lock

from tasks.pausing import pause


class Gate:
    """Closed for as long as the server asked to be left alone."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._opens_at = 0.0

    def close(self, seconds: float) -> None:
        with self._lock:
            self._opens_at = max(self._opens_at, time.monotonic() + seconds)

    def wait(self) -> None:
        """Raises: TransientError when nobody waits for the answer any more."""
        while (seconds := self._opens_at - time.monotonic()) > 0:
            pause(seconds)
