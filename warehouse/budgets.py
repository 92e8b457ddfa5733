"""The request budgets of Zendesk accounts, shared by every process that asks one of them.

They belong to accounts, not to organizations: two of these may be connected to one account. The
rows are reached through functions only, which serve one process at a time and tell no more than
a lease. The rules are in sql/budgets.sql.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection, Engine, text

from warehouse.sessions import translated_errors

TAKE = "select * from app.take_budget(:account, :path, :holding, :want, cast(:reports as jsonb))"
LEARN = "call app.learn_budget(:account, cast(:reports as jsonb))"
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Grant:
    """Leased requests of one bucket: `permits` of them for `seconds`.

    With no permits, `seconds` is how long to wait before asking again. `known` is false until an
    answer has told the bucket's limit: the one request that is granted is to find it out.
    """

    bucket: str
    permits: int
    window_no: int
    seconds: float
    known: bool


@dataclass
class Report:
    """What became of leases of one bucket and window, and what answers told of the bucket.

    `silent` requests may have been counted, but no answer told; `returned` ones were not made.
    Seconds count from now. `path` is a kind of path that is known to spend this bucket.
    """

    bucket: str
    window_no: int | None
    answered: int = 0
    silent: int = 0
    returned: int = 0
    path: str | None = None
    total: int | None = None
    remaining: int | None = None
    resets_seconds: float | None = None
    closed_seconds: float | None = None


class AccountBudgets:
    """The budgets of the account at `base_url`.

    Raises: TransientError where the warehouse is not reachable, in place of the driver's own.
    """

    def __init__(self, engine: Engine, base_url: str) -> None:
        self._engine = engine
        self._account = account_key(base_url)

    def take(
        self, path: str, *, holding: Collection[str], want: int, reports: Sequence[Report]
    ) -> list[Grant]:
        """Leases up to `want` requests to `path`, or none: from each bucket that is not held.

        The reports are settled first, in the same round trip.
        """
        told = {"path": path, "holding": sorted(holding), "want": want}
        with self._session() as connection:
            rows = connection.execute(text(TAKE), self._parameters(reports) | told)
            return [
                Grant(row.bucket, row.granted, row.window_no, row.seconds, row.known)
                for row in rows
            ]

    def learn(self, reports: Sequence[Report]) -> None:
        """Settles reports that others should not have to wait for."""
        with self._session() as connection:
            connection.execute(text(LEARN), self._parameters(reports))

    def _parameters(self, reports: Sequence[Report]) -> dict[str, object]:
        told = msgspec.json.encode([asdict(report) for report in reports]).decode()
        return {"account": self._account, "reports": told}

    @contextmanager
    def _session(self) -> Iterator[Connection]:
        """One statement is one transaction: no round trips to begin and commit it."""
        with translated_errors(), self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")


def account_key(base_url: str) -> bytes:
    """The SHA-256 of an account's address: one key however it is written."""
    parts = urlsplit(base_url.strip())
    port = parts.port or PORTS.get(parts.scheme, 0)
    address = f"{parts.scheme}://{parts.hostname}:{port}{parts.path.rstrip('/')}"
    return sha256(address.encode()).digest()
