"""Quality gates with Great Expectations: what must hold before anyone relies on the rows."""

from tasks.quality.gates import Check, GateResult, gate, suite_version
from tasks.quality.pages import GateRun, keep, kept_runs

__all__ = ["Check", "GateResult", "GateRun", "gate", "keep", "kept_runs", "suite_version"]
