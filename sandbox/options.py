"""What the command line may say."""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from sandbox.state import World
from sandbox.world.index import MAX_TICKETS
from sandbox.zendesk.limits import DEFAULTS
from sandbox.zendesk.routes import REFUSABLE

ACCOUNTS = {"acme": 240, "globex": 200}
SEED = 7
DAYS = 28
PEER_LIMITS = {"slack": 60, "openai": 3_000}
LIMITS = DEFAULTS | PEER_LIMITS
FEWEST_TICKETS = 20
FEWEST_DAYS = 2
NEWEST = timedelta(minutes=2)


@dataclass(frozen=True)
class Options:
    """The parsed command line; ``asked`` holds the world's parameters that were given."""

    state: Path
    asked: dict[str, Any]
    port: int
    limits: dict[str, int]
    refusals: dict[str, set[str]]
    surveyed: frozenset[str]

    def fresh(self, now: datetime) -> World:
        """The world of an empty folder: what was asked for, defaults for the rest."""
        until = (now - NEWEST).replace(microsecond=0).isoformat()
        usual: dict[str, Any] = {"seed": SEED, "days": DAYS, "until": until}
        return World(**(usual | {"accounts": dict(ACCOUNTS)} | self.asked))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"sandbox: {message}\n")


def parse_options(arguments: list[str] | None = None) -> Options:
    """The options. Exits with 2 and one line on standard error when they are wrong."""
    parser = _make_parser()
    told = parser.parse_args(arguments)
    asked = {name: getattr(told, name) for name in ("seed", "days", "until")}
    asked["accounts"] = dict(told.account) if told.account else None
    given = {name: value for name, value in asked.items() if value is not None}
    refusals: dict[str, set[str]] = {}
    for account, what in told.refuse:
        refusals.setdefault(account, set()).add(what)
    return Options(told.state, given, told.port, dict(told.limit), refusals, frozenset(told.csat))


def _make_parser() -> _Parser:
    parser = _Parser(prog="python -m sandbox", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("--state", type=Path, required=True, metavar="DIR", help="folder of this sandbox")
    add(
        "--account", type=_account, action="append", metavar="NAME=TICKETS",
        help="a Zendesk account and its size; repeat for more (default acme=240 globex=200)",
    )  # fmt: skip
    add("--seed", type=int, help=f"seed of the world (default {SEED})")
    add("--days", type=_days, help=f"days of tickets (default {DAYS})")
    add("--until", type=_until, metavar="ISO", help="the world's last instant (default now)")
    add("--port", type=_port, default=0, help="port on 127.0.0.1 (default: the last one, or free)")
    _add_behaviour(parser)
    return parser


def _add_behaviour(parser: _Parser) -> None:
    """The options that hold for one process, not for the world."""
    add = parser.add_argument
    add(
        "--limit", type=_limit, action="append", default=[], metavar="BUCKET=PER_MINUTE",
        help=f"rate limit of a bucket: {', '.join(LIMITS)}",
    )  # fmt: skip
    add(
        "--refuse", type=_refusal, action="append", default=[], metavar="ACCOUNT=WHAT",
        help=f"what an account does not allow: {', '.join(REFUSABLE)}",
    )  # fmt: skip
    add(
        "--csat", type=_surveyed, action="append", default=[], metavar="ACCOUNT=survey",
        help="an account with satisfaction surveys in place of the legacy ratings",
    )  # fmt: skip


def _surveyed(text: str) -> str:
    account, _, kind = text.partition("=")
    if not account or kind != "survey":
        raise argparse.ArgumentTypeError(f"{text!r} is not ACCOUNT=survey")
    return account


def _refusal(text: str) -> tuple[str, str]:
    account, _, what = text.partition("=")
    if what not in REFUSABLE:
        raise argparse.ArgumentTypeError(f"{text!r} is not ACCOUNT={'|'.join(REFUSABLE)}")
    return account, what


def _account(text: str) -> tuple[str, int]:
    name, tickets = _pair(text)
    if not (name.isascii() and name.replace("-", "").isalnum() and name == name.lower()):
        raise argparse.ArgumentTypeError(f"{name!r} is not a subdomain")
    if not FEWEST_TICKETS <= tickets <= MAX_TICKETS:
        span = f"{FEWEST_TICKETS} to {MAX_TICKETS}"
        raise argparse.ArgumentTypeError(f"an account has {span} tickets, not {tickets}")
    return name, tickets


def _limit(text: str) -> tuple[str, int]:
    name, number = _pair(text)
    if name not in LIMITS or number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(LIMITS)} = 1 or more")
    return name, number


def _pair(text: str) -> tuple[str, int]:
    name, sign, number = text.partition("=")
    if not name or not sign or not number.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=NUMBER")
    return name, int(number)


def _days(text: str) -> int:
    if not text.isdigit() or not FEWEST_DAYS <= int(text) <= 3_650:
        raise argparse.ArgumentTypeError(f"{text!r} is not {FEWEST_DAYS} to 3650 days")
    return int(text)


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def _until(text: str) -> str:
    try:
        told = datetime.fromisoformat(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO instant") from exc
    aware = told if told.tzinfo else told.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0).isoformat()
