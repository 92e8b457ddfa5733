"""``python -m sandbox``: the three servers in the foreground, until SIGTERM or SIGINT."""

import sys

from sandbox.options import parse_options
from sandbox.serve import serve
from sandbox.state import StateError


def main() -> int:
    """The exit status: 0 after a clean stop, 2 when it cannot start."""
    try:
        serve(parse_options())
    except StateError as exc:
        print(f"sandbox: {exc}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
