"""Quality gates with Great Expectations: what must hold before anyone relies on the rows."""

from tasks.quality.gates import FailedCheck, GateResult, gate

__all__ = ["FailedCheck", "GateResult", "gate"]
