"""Errors without values: what may be stored and shown to people who may not see records."""

import traceback
from pathlib import Path

from tasks.errors import PermanentError, VensorError
from tasks.settings import PROJECT


def without_values(error: Exception) -> VensorError:
    """`error` if it is one of vensor's, else a PermanentError naming its class and place."""
    if isinstance(error, VensorError):
        error.__cause__ = error.__context__ = None  # a driver's error may quote a row
        return error.with_traceback(None)
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{_relative(frame.filename)}:{frame.lineno}" for frame in frames]
    ours = [place for place in places if not place.startswith("…")]
    place = ours[-1] if ours else places[-1]
    return PermanentError(f"unexpected {type(error).__name__} at {place}; please report this")


def _relative(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(PROJECT) and "site-packages" not in path.parts:
        return str(path.relative_to(PROJECT))
    return f"…/{path.parent.name}/{path.name}"
