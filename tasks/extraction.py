"""The extraction of one organization from Zendesk: each stream in the way that it allows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from tasks.connections import StoredCredentials, find_connection
from tasks.errors import RefusedError
from tasks.pages import SOURCE, PageLoader
from tasks.progress import report
from tasks.resources import Resources, opened
from tasks.zendesk import STREAMS, Mode, Ways, ZendeskClient
from tasks.zendesk.leases import shared_budget
from tasks.zendesk.probing import NONE, REFUSED, WORKS, described, probe
from tasks.zendesk.streams.single import ByTicket
from tasks.zendesk.streams.sweep import TicketSweep
from warehouse import repairs, watermarks
from warehouse.deletion import queue_repairs
from warehouse.ledger import StageResult
from warehouse.modes import StreamMode, read_modes, write_mode

# What is refused may be allowed tomorrow; what works shows by itself when it does no longer.
ASK_AGAIN = timedelta(hours=20)
OVERLAP = timedelta(hours=1)


@dataclass(frozen=True)
class Extraction:
    """The extraction of one organization, under way."""

    resources: Resources
    client: ZendeskClient
    as_of: datetime

    def modes(self) -> dict[str, StreamMode]:
        """How each stream is read, as far as it is known."""
        with self.resources.session() as connection:
            return read_modes(connection, SOURCE)

    def loader(self) -> PageLoader:
        """A loader that knows what is read ticket by ticket."""
        listed = {name for name, one in self.modes().items() if one.mode == Mode.LIST}
        single = {name for name, ways in STREAMS.items() if isinstance(ways.listed, ByTicket)}
        return PageLoader(
            self.resources,
            self.as_of,
            by_ticket=bool(listed & single),
            voice_calls="calls" in listed,
        )

    def probe(self, name: str) -> StreamMode:
        """Tries every way of a stream, and stores what is found."""
        found = probe(self.client, STREAMS[name], self.as_of)
        told = (found.mode, found.export, found.listed, found.reason)
        noted = StreamMode(name, *told, self.as_of)
        self.note(noted)
        return noted

    def note(self, found: StreamMode) -> None:
        """Stores how a stream is read; one that is now read by ticket asks for what is missing."""
        before = self.modes().get(found.stream)
        org_id = self.resources.organization.org_id
        single = isinstance(STREAMS[found.stream].listed, ByTicket)
        with self.resources.session() as connection:
            write_mode(connection, org_id, SOURCE, found)
            if single and found.mode == Mode.LIST and (before is None or before.mode != found.mode):
                told = watermarks.read(connection, SOURCE, found.stream)
                cutoff = PageLoader(self.resources, self.as_of).cutoff
                since = datetime.fromtimestamp(int(told), UTC) if told else cutoff
                ids = repairs.tickets_updated_since(connection, since - OVERLAP)
                queue_repairs(connection, org_id, dict.fromkeys(ids, self.as_of), "listed")

    def read(self, name: str) -> StageResult:
        """Loads what a stream has that is new, by its export or, where refused, its list."""
        ways, known = STREAMS[name], self.modes().get(name)
        refused: dict[Mode, RefusedError] = {}
        for mode in self._order(ways, known):
            try:
                result = self._load(name, ways, mode)
            except RefusedError as error:
                refused[mode] = error
            else:
                if known is None or refused or known.mode != mode:
                    self.note(self._found(name, known, mode, refused))
                return result
        return self._left_out(name, ways, known, refused)

    def _order(self, ways: Ways, known: StreamMode | None) -> list[Mode]:
        """The ways to try, without one that was refused within the last day."""
        order = [mode for mode in (Mode.EXPORT, Mode.LIST) if ways.get(mode) is not None]
        if known is None or self.as_of - known.probed_at > ASK_AGAIN:
            return order
        found = {Mode.EXPORT: known.export, Mode.LIST: known.list}
        return [mode for mode in order if found[mode] != REFUSED]

    def _load(self, name: str, ways: Ways, mode: Mode) -> StageResult:
        stream = ways.get(mode)
        if stream is None:
            return StageResult()
        loader = self.loader()
        watermark = name if mode is Mode.EXPORT or ways.export is None else f"{name}/list"
        start_at = loader.cutoff
        with self.resources.session() as connection:
            cursor = watermarks.read(connection, SOURCE, watermark)
            if cursor is None and isinstance(stream, TicketSweep):
                newest = repairs.newest_change(connection)
                start_at = max(start_at, newest - OVERLAP) if newest else start_at
        pages = stream.iter_pages(self.client, cursor, start_at, self.as_of)
        return loader.load_all(name, pages, watermark=watermark)

    def _left_out(
        self,
        name: str,
        ways: Ways,
        known: StreamMode | None,
        refused: dict[Mode, RefusedError],
    ) -> StageResult:
        if refused:
            self.note(self._found(name, known, Mode.OFF, refused))
        if ways.indispensable:
            raise next(iter(refused.values()), RefusedError(f"{name} was refused lately"))
        return StageResult(note=f"{name} refused: not in the plan or the scopes;")

    def _found(
        self, name: str, known: StreamMode | None, mode: Mode, refused: dict[Mode, RefusedError]
    ) -> StreamMode:
        """What is known now: a way that was not tried is as it was."""
        told = {one: described(error) for one, error in refused.items()}
        state = {
            Mode.EXPORT: NONE if known is None else known.export,
            Mode.LIST: NONE if known is None else known.list,
            mode: WORKS,
            **{one: found for one, (found, _) in told.items()},
        }
        why = "; ".join(reason for _, reason in told.values())
        return StreamMode(name, mode, state[Mode.EXPORT], state[Mode.LIST], why, self.as_of)


@contextmanager
def extracting(slug: str, as_of: datetime, note: str = "") -> Iterator[Extraction]:
    """The extraction of an organization, with a client whose connections end with it."""
    with opened(slug) as resources:
        base_url = find_connection(resources, SOURCE).base_url
        on_wait = partial(_report_wait, note)
        with ZendeskClient.opened(
            base_url,
            StoredCredentials(resources),
            on_wait=on_wait,
            budget=shared_budget(resources.engine, base_url),
        ) as client:
            yield Extraction(resources, client, as_of)


def probed_modes(slug: str, as_of: datetime) -> list[StreamMode]:
    """How each stream can be read, every way of it tried now, and noted for the next runs."""
    with extracting(slug, as_of, "probe") as extraction:
        return [extraction.probe(name) for name in STREAMS]


def _report_wait(stream_name: str, seconds: float, bucket: str) -> None:
    report("extract", 0, note=f"{stream_name}: waits {seconds:.0f} s for Zendesk's {bucket} limit")
