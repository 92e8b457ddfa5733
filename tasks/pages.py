"""Loading a page: converted, sealed and stored with its cursor, at once.

Plain personal data is in this process's memory for the time of a page or two and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

import msgspec
from sqlalchemy import Connection

from tasks.errors import DataError, PermanentError
from tasks.prefetch import prefetched
from tasks.progress import report
from tasks.resources import Resources
from tasks.zendesk import BadRecord, Page, merged_tickets, redactions, to_rows
from warehouse import quarantine, watermarks
from warehouse.deletion import forget_redacted
from warehouse.ledger import StageResult
from warehouse.loading import Rows, link_merged_tickets, load
from warehouse.repairs import only_changed
from warehouse.sessions import translated_errors
from warehouse.tables.app import quarantine as quarantine_table
from warehouse.tables.zendesk import ticket_repairs

SOURCE = "zendesk"
NOT_STORABLE = "not_storable"
# What a record can be that parses and still is nothing: a year 30000, an id of 80 digits.
UNFIT = (DataError, OverflowError, ValueError, TypeError)
FEW = 20


@dataclass(frozen=True)
class PageLoader:
    """Loads pages of one organization, as of one instant.

    `by_ticket`: the events of the tickets that come are to be read one by one.
    `voice_calls`: calls are known from the comments on them only.
    """

    resources: Resources
    as_of: datetime
    by_ticket: bool = False
    voice_calls: bool = False

    @property
    def cutoff(self) -> datetime:
        """What last changed before is past the organization's clock."""
        return self.as_of - timedelta(days=self.resources.organization.retention_days)

    def load_all(self, stream: str, pages: Iterator[Page], *, watermark: str) -> StageResult:
        """Loads pages as they come: one is fetched while one is sealed and one is stored."""
        seen = written = quarantined = 0
        sealed = ((page, self._rows(stream, page)) for page in prefetched(pages))
        for page, rows in prefetched(sealed):
            done, bad = self._store(stream, page, rows, watermark)
            written += done
            quarantined += bad
            seen += page.count
            report("extract", seen, note=stream)
        return StageResult(seen, written, quarantined)

    def load_page(self, connection: Connection, stream: str, page: Page) -> int:
        """Loads a page within the caller's transaction; the rows written."""
        return self._insert(connection, stream, page, self._convert(stream, page))

    def _rows(self, stream: str, page: Page) -> list[Rows] | None:
        """None where a record of the page cannot be converted."""
        try:
            return self._convert(stream, page)
        except UNFIT:
            return None

    def _convert(self, stream: str, page: Page) -> list[Rows]:
        return to_rows(
            stream,
            self._with_more(page),
            self.resources.cipher,
            cutoff=self.cutoff,
            as_of=self.as_of,
        )

    def _with_more(self, page: Page) -> Page:
        """The page with the lists of what is to be read, or known, from its records as well."""
        records = dict(page.records)
        if self.by_ticket and "tickets" in records:
            # before the tickets themselves: those that are here as they are have nothing new
            records = {"listed": records["tickets"], **records}
        if self.voice_calls and "ticket_events" in records:
            records["voice_calls"] = records["ticket_events"]
        return replace(page, records=records)

    def _store(
        self, stream: str, page: Page, rows: list[Rows] | None, watermark: str
    ) -> tuple[int, int]:
        """(rows written, records quarantined), with the cursor, in one transaction."""
        if rows is not None:
            try:
                with self.resources.session() as connection:
                    written = self._insert(connection, stream, page, rows)
                    self._close(connection, page, watermark, written)
                return written, len(page.bad)
            except UNFIT:
                pass  # one of its records is unfit: which one shows when each is loaded alone
        with self.resources.session() as connection:
            written, unfit = self._insert_apart(connection, stream, page)
            self._close(connection, page, watermark, written)
        return written, len(page.bad) + unfit

    def _insert(self, connection: Connection, stream: str, page: Page, rows: list[Rows]) -> int:
        redacted = redactions(page)
        if redacted:
            forget_redacted(connection, self.resources.organization.org_id, redacted)
        written = self._load(connection, rows)
        merged = merged_tickets(page)
        if merged:
            link_merged_tickets(connection, merged)
        self.resources.cipher.record_uses(connection)
        return written

    def _load(self, connection: Connection, rows: list[Rows]) -> int:
        org_id = self.resources.organization.org_id
        return sum(
            load(connection, org_id, _new_only(connection, one), as_of=self.as_of) for one in rows
        )

    def _insert_apart(self, connection: Connection, stream: str, page: Page) -> tuple[int, int]:
        """(rows written, records that were unfit and are in quarantine).

        Raises: PermanentError when most are: then it is not the records that are wrong.
        """
        written, unfit = 0, list[BadRecord]()
        for kind, record in chain.from_iterable(
            ((kind, one) for one in found) for kind, found in page.records.items()
        ):
            alone = Page({kind: [record]})
            try:
                with translated_errors(), connection.begin_nested():
                    written += self.load_page(connection, stream, alone)
            except UNFIT:
                raw = msgspec.json.encode(record)
                unfit.append(BadRecord(kind, str(record.id), NOT_STORABLE, raw))
        if len(unfit) > max(FEW, page.count // 2):
            raise PermanentError(f"{len(unfit)} of {page.count} records of {stream} do not fit")
        self._load(connection, self._convert(stream, Page({}, [*page.bad, *unfit])))
        return written, len(unfit)

    def _close(self, connection: Connection, page: Page, watermark: str, written: int) -> None:
        org_id = self.resources.organization.org_id
        quarantine.count_unknown_fields(connection, org_id, page.unknown)
        watermarks.move(connection, org_id, SOURCE, watermark, page.cursor, rows=written)


def _new_only(connection: Connection, rows: Rows) -> Rows:
    """Without what is in quarantine, or unchanged here, already; other tables' rows as they are."""
    if rows.table is ticket_repairs and rows.values:
        return only_changed(connection, rows)
    if rows.table is not quarantine_table:
        return rows
    known = quarantine.known_ids(connection, [row[0] for row in rows.values])  # type: ignore[misc]
    return replace(rows, values=[row for row in rows.values if row[0] not in known])
