"""What is configured, looked over: each check is a function that tells what it found."""

from tasks.diagnosis.finding import Check, Finding, examined, tried

__all__ = ["Check", "Finding", "examined", "tried"]
