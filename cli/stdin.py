"""Secrets come from stdin: a command line is there for every process to read."""

import getpass
import sys

from cli.display import stderr
from tasks.errors import ConfigurationError


def read_secret(name: str) -> str:
    """One line from stdin, asked for without echo where a person types it."""
    secret = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not secret.strip():
        raise ConfigurationError(f"the {name} is read from stdin, and there was none")
    stderr.print(f"{name} read", style="dim")
    return secret.strip()
