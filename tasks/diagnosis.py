"""What is found when something is looked over, as people read it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line: `ok` is None where the thing is optional and not there."""

    subject: str
    ok: bool | None
    meaning: str
