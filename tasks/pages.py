"""Loading a page: converted, sealed and stored with its cursor, at once.

Plain personal data is in this process's memory for the time of a page or two and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain

import msgspec
from sqlalchemy import Connection

from tasks.corrections import end_agreed
from tasks.errors import DataError, PermanentError
from tasks.pausing import pause
from tasks.prefetch import prefetched
from tasks.progress import report
from tasks.resources import Resources
from tasks.zendesk import BadRecord, Page, merged_tickets, redactions, to_rows
from tasks.zendesk.erased import Erased, screened, without_ids
from tasks.zendesk.page import id_text
from warehouse import quarantine, tombstones, watermarks
from warehouse.deletion import forget_redacted
from warehouse.erasure import forget_marked
from warehouse.ledger import StageResult
from warehouse.loading import Rows, link_merged_tickets, load
from warehouse.repairs import only_changed
from warehouse.sessions import translated_errors
from warehouse.tables.app import quarantine as quarantine_table
from warehouse.tables.zendesk import ticket_repairs

SOURCE = "zendesk"
NOT_STORABLE = "not_storable"
# What a record can be that parses and still is nothing: a year 30000, an id of 80 digits.
UNFIT = (DataError, OverflowError, OSError, ValueError, TypeError)
FEW = 20
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Converted:
    """The rows of a page, and who was erased as far as was known when they were made."""

    rows: list[Rows]
    erased: Erased


@dataclass(frozen=True)
class PageLoader:
    """Loads pages of one organization, as of one instant.

    `by_ticket`: the events of the tickets that come are to be read one by one.
    `voice_calls`: calls are known from the comments on them only.
    `quarantines`: what cannot be read is kept, sealed; of days past the clock it is only counted.
    """

    resources: Resources
    as_of: datetime
    by_ticket: bool = False
    voice_calls: bool = False
    quarantines: bool = True

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
            pause(0)  # a page is where loading ends if nobody waits for it any more
        return StageResult(seen, written, quarantined)

    def load_page(self, connection: Connection, stream: str, page: Page) -> int:
        """Loads a page within the caller's transaction; the rows written."""
        erased = self._known(connection)
        return self._insert(connection, page, self._convert(stream, page, erased))

    def _rows(self, stream: str, page: Page) -> Converted | None:
        """None where a record of the page cannot be converted."""
        with self.resources.session() as connection:
            erased = Erased(self.resources.cipher, tombstones.read(connection))
        try:
            return self._convert(stream, page, erased)
        except UNFIT:
            return None

    def _convert(self, stream: str, page: Page, erased: Erased) -> Converted:
        """Erased people's words are left out before anything of the page is sealed."""
        page = self._with_more(page)
        if not erased:
            return Converted(self._made(stream, page, self.cutoff), erased)
        parts = screened(page, erased)
        rows = self._made(stream, parts.whole, self.cutoff)
        if parts.bare.records:
            rows += self._made(stream, parts.bare, NEVER)
        return Converted([without_ids(one, erased) for one in rows], erased)

    def _made(self, stream: str, page: Page, cutoff: datetime) -> list[Rows]:
        return to_rows(stream, page, self.resources.cipher, cutoff=cutoff, as_of=self.as_of)

    def _known(self, connection: Connection) -> Erased:
        """Who is erased; nobody else is until this transaction ends."""
        tombstones.wait_for_loading(connection, shared=True)
        return Erased(self.resources.cipher, tombstones.read(connection))

    def _current(
        self, connection: Connection, stream: str, page: Page, found: Converted
    ) -> Converted:
        """What was made, or made anew where somebody was erased while it was."""
        tombstones.wait_for_loading(connection, shared=True)
        if tombstones.count(connection) == len(found.erased.known.stones):
            return found
        return self._convert(stream, page, self._known(connection))

    def _with_more(self, page: Page) -> Page:
        """The page with the lists of what is to be read, or known, from its records as well."""
        records = dict(page.records)
        if self.by_ticket and "tickets" in records:
            # before the tickets themselves: those that are here as they are have nothing new
            records = {"listed": records["tickets"], **records}
        if self.voice_calls and "ticket_events" in records:
            records["voice_calls"] = records["ticket_events"]
        return replace(page, records=records, bad=page.bad if self.quarantines else [])

    def _store(
        self, stream: str, page: Page, found: Converted | None, watermark: str
    ) -> tuple[int, int]:
        """(rows written, records quarantined), with the cursor, in one transaction."""
        if found is not None:
            try:
                with self.resources.session() as connection:
                    current = self._current(connection, stream, page, found)
                    written = self._insert(connection, page, current)
                    self._close(connection, page, watermark, written)
                return written, len(page.bad)
            except UNFIT:
                pass  # one of its records is unfit: which one shows when each is loaded alone
        with self.resources.session() as connection:
            written, unfit = self._insert_apart(connection, stream, page)
            self._close(connection, page, watermark, written)
        return written, len(page.bad) + unfit

    def _insert(
        self, connection: Connection, page: Page, found: Converted, *, whole: bool = True
    ) -> int:
        redacted = redactions(page)
        if redacted:
            forget_redacted(connection, self.resources.organization.org_id, redacted)
        written = self._load(connection, found.rows, whole=whole and not page.bad)
        if found.erased:
            self._mark(connection, found.erased)
        end_agreed(connection, self.resources.cipher, page.records.get("users", ()))
        merged = merged_tickets(page)
        if merged:
            link_merged_tickets(connection, merged)
        self.resources.cipher.record_uses(connection)
        return written

    def _mark(self, connection: Connection, erased: Erased) -> None:
        """Notes whose tickets and calls came; what was here of them before goes."""
        tombstones.add(connection, self.resources.organization.org_id, erased.met)
        tickets, calls = tombstones.mark(
            connection, ticket_ids=erased.ticket_ids, call_ids=erased.call_ids
        )
        if tickets or calls:
            forget_marked(connection, tickets, calls)

    def _load(self, connection: Connection, rows: list[Rows], *, whole: bool) -> int:
        """Where a list is not `whole`, what is not in it has not vanished."""
        org_id = self.resources.organization.org_id
        return sum(
            load(connection, org_id, _new_only(connection, one), as_of=self.as_of, whole=whole)
            for one in rows
        )

    def _insert_apart(self, connection: Connection, stream: str, page: Page) -> tuple[int, int]:
        """(rows written, records that were unfit and are in quarantine).

        Raises: PermanentError when most are: then it is not the records that are wrong.
        """
        written, unfit = 0, list[BadRecord]()
        erased = self._known(connection)
        screened(page, erased)  # whoever one of its records tells of is known to all of them
        for kind, record in chain.from_iterable(
            ((kind, one) for one in found) for kind, found in page.records.items()
        ):
            alone = Page({kind: [record]})
            try:
                with translated_errors(), connection.begin_nested():
                    found = self._convert(stream, alone, erased)
                    written += self._insert(connection, alone, found, whole=False)
            except UNFIT:
                raw = msgspec.json.encode(record)
                unfit.append(BadRecord(kind, id_text(record.id), NOT_STORABLE, raw))
        if len(unfit) > max(FEW, page.count // 2):
            raise PermanentError(f"{len(unfit)} of {page.count} records of {stream} do not fit")
        left = self._convert(stream, Page({}, [*page.bad, *unfit]), erased)
        self._load(connection, left.rows, whole=False)
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
