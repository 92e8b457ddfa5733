"""What every stream offers, and how a page is asked for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from tasks.zendesk.client import Params, TooSlowError, ZendeskClient
from tasks.zendesk.page import Page

ROWS_A_PAGE = 1_000
FEWEST_ROWS = 50


class Stream(Protocol):
    """One kind of Zendesk's records, read page by page from where the last run ended."""

    @property
    def name(self) -> str:
        """Its name in watermarks and messages."""
        ...

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """The pages after `cursor`, or from `start_at` where there is none.

        Raises: PermanentError naming the stream when a page does not advance: it would never end.
        """
        ...


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
