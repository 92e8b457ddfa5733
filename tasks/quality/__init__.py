"""Quality gates with Great Expectations: what must hold before anyone relies on the rows."""

from tasks.quality.gates import FailedCheck, GateResult, gate, suite_version

__all__ = ["FailedCheck", "GateResult", "gate", "suite_version"]
