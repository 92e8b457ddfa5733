"""Where a sign-in is kept between commands: a file that only its owner reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock

from warehouse.embedded import write_private


class Session(msgspec.Struct, frozen=True):
    """An access token and, where a password was given for it, what renews it."""

    access_token: str
    refresh_token: str | None = None
    expires_at: float | None = None  # seconds since 1970, where it can be renewed

    def __repr__(self) -> str:
        return "Session()"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class TokenStore:
    """The file `token` in VENSOR_HOME."""

    def __init__(self, home: Path) -> None:
        self._path = home / "token"

    def load(self) -> Session | None:
        """The session, or None where nobody is signed in or the file is not one."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Session)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def save(self, session: Session) -> None:
        """Keeps the session in place of an earlier one."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self._path, msgspec.json.encode(session).decode())

    def forget(self) -> bool:
        """Deletes the session; False if there was none."""
        there = self._path.exists()
        self._path.unlink(missing_ok=True)
        return there

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Within, no other process renews: a refresh token is good for one use."""
        with FileLock(self._path.with_suffix(".lock"), mode=0o600):
            yield
