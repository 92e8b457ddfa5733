"""What every stream offers, and how a page is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from tasks.errors import TransientError
from tasks.zendesk.client import Params, TooRecentError, TooSlowError, ZendeskClient
from tasks.zendesk.page import Page

ROWS_A_PAGE = 1_000
FEWEST_ROWS = 50
RECENT_SECONDS = 300


class Mode(StrEnum):
    """How a stream is read: by Zendesk's exports, from its ordinary lists, or not at all."""

    EXPORT = "export"
    LIST = "list"
    OFF = "off"


class Stream(Protocol):
    """One way of reading one kind of Zendesk's records, page by page from where it ended."""

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """The pages after `cursor`, or from `start_at` where there is none.

        Raises: RefusedError where the account does not have it; PermanentError naming the
        stream when a page does not advance: it would never end.
        """
        ...

    def probe(self, client: ZendeskClient, as_of: datetime) -> None:
        """Asks for as little as shows whether the account has it. Raises: as `iter_pages`."""
        ...


@dataclass(frozen=True)
class Ways:
    """The ways to read one stream: its export, and its list for where that is refused.

    Without either word a stream is left out where it is refused; an indispensable one fails.
    """

    export: Stream | None = None
    listed: Stream | None = None
    indispensable: bool = False

    def get(self, mode: Mode) -> Stream | None:
        """The stream of a mode, None where there is none."""
        return {Mode.EXPORT: self.export, Mode.LIST: self.listed}.get(mode)


class Fetcher:
    """Asks for pages, of half as many rows each time that Zendesk gives up on one."""

    def __init__(self, client: ZendeskClient) -> None:
        self._client = client
        self._rows = ROWS_A_PAGE

    @property
    def rows(self) -> int:
        """The rows that a page is asked for now."""
        return self._rows

    def fetch(self, path: str, params: Params) -> bytes:
        while True:
            try:
                return self._client.get(path, {**params, "per_page": self._rows})
            except TooSlowError:
                if self._rows <= FEWEST_ROWS:
                    raise
                self._rows = max(FEWEST_ROWS, self._rows // 2)


def probe_export(client: ZendeskClient, path: str, as_of: datetime) -> None:
    """Asks an export for one row of its last minutes. Raises: as `ZendeskClient.get`."""
    start = int(as_of.timestamp()) - RECENT_SECONDS
    try:
        client.get(path, {"start_time": start, "per_page": 1})
    except TooRecentError:
        return  # a clock that is behind: the export is there all the same


def check_whole(
    client: ZendeskClient, name: str, found: int, promised: int | None, *, share: float = 1.0
) -> None:
    """Raises: TransientError where fewer records came than `share` of what the source counts."""
    if promised is not None and found < promised * share:
        raise TransientError(
            f"{client.account}: {name} brought {found} of the {promised} records that Zendesk"
            " counts; nothing was replaced"
        )
