"""Extraction against its limits: `python -m benchmarks.extraction --tickets 20000`.

(a) tickets and their events end to end: fetched, parsed, sealed, merged under row-level
    security, each page with its cursor;
(b) the same bytes only fetched and parsed;
(c) the same rows only COPYed, into tables without keys, indexes or policies.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import psycopg
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from benchmarks.stage import ACCOUNT, Stage, peak_bytes, staged
from tasks.connections import StoredCredentials
from tasks.encryption import Cipher
from tasks.extraction import Extraction
from tasks.pages import PageLoader
from tasks.prefetch import prefetched
from tasks.resources import Resources
from tasks.zendesk import STREAMS, Page, ZendeskClient, to_rows
from warehouse.loading import Rows, copy_rows

MEASURED = ("tickets", "ticket_events")
RESULTS = Path(__file__).parent / "results" / "extraction.json"


class Unsealed(Cipher):
    """A cipher that seals nothing: what is left of the time is not the sealing's."""

    def seal(self, plaintext: bytes, **_where: Any) -> bytes:
        return plaintext


def main(
    tickets: Annotated[int, typer.Option(help="Tickets of the account.")] = 20_000,
    copies: Annotated[bool, typer.Option(help="Measure (b) and (c) as well.")] = True,
    write: Annotated[bool, typer.Option(help="Keep the figures in results/.")] = False,
) -> None:
    """Measures and prints; with --write also keeps the figures."""
    with staged(tickets) as stage:
        figures = measure(stage, tickets, copies=copies)
    _print(figures)
    if write:
        _keep(figures)


def measure(stage: Stage, tickets: int, *, copies: bool) -> dict[str, Any]:
    """The figures: seconds, records a second and ratios."""
    with stage.tenant("warm") as resources:  # the sandbox builds its indexes on first use
        _warm(stage, resources)
    figures: dict[str, Any] = {"tickets": tickets}
    before = peak_bytes()
    with stage.tenant("sealed") as resources:
        figures["end_to_end_seconds"] = _end_to_end(stage, resources)
        figures |= _counts(resources)
    figures["peak_mib"] = round(peak_bytes() / 2**20)
    figures["peak_before_mib"] = round(before / 2**20)
    if copies:
        with stage.tenant("plain") as resources:
            object.__setattr__(resources, "cipher", Unsealed(resources.cipher._keyring))
            figures["unsealed_seconds"] = _end_to_end(stage, resources)
        with stage.tenant("limits") as resources:
            figures["fetch_seconds"] = _fetch(stage, resources)
            figures["copy_seconds"] = _copy(stage, resources)
        figures |= _ratios(figures)
    records = figures["tickets_loaded"] + figures["comments_loaded"]
    figures["records_a_second"] = round(records / figures["end_to_end_seconds"])
    return figures


def _warm(stage: Stage, resources: Resources) -> None:
    with _client(stage, resources) as client:
        for name in MEASURED:
            stream = STREAMS[name].export
            assert stream is not None
            stream.probe(client, stage.as_of)


def _end_to_end(stage: Stage, resources: Resources) -> float:
    with _client(stage, resources) as client:
        extraction = Extraction(resources, client, stage.as_of)
        began = time.perf_counter()
        for name in MEASURED:
            extraction.read(name)
        return time.perf_counter() - began


def _fetch(stage: Stage, resources: Resources) -> float:
    began = time.perf_counter()
    for _ in _pages(stage, resources):
        pass
    return time.perf_counter() - began


def _copy(stage: Stage, resources: Resources) -> float:
    """The seconds of COPY alone: the rows are made and sealed outside of the clock."""
    seconds = 0.0
    url = resources.logins.loader.set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        made: set[str] = set()
        for name, page in _pages(stage, resources):
            cutoff = PageLoader(resources, stage.as_of).cutoff
            for rows in to_rows(name, page, resources.cipher, cutoff=cutoff, as_of=stage.as_of):
                if rows.values:
                    seconds += _copy_page(connection, made, rows, resources.organization.org_id)
    return seconds


def _copy_page(
    connection: "psycopg.Connection[Any]", made: set[str], rows: Rows, org_id: UUID
) -> float:
    target = f"plain_{rows.table.name}"
    with connection.cursor() as cursor:
        if target not in made:
            columns = ", ".join(
                c.name for c in rows.table.columns if c.name in {"org_id", *rows.columns}
            )
            cursor.execute(
                f"create temp table {target} as"
                f" select {columns} from {rows.table.fullname} with no data"
            )
            made.add(target)
        began = time.perf_counter()
        copy_rows(cursor, target, rows, ("org_id", *rows.columns), org_id)
        connection.commit()
        return time.perf_counter() - began


def _pages(stage: Stage, resources: Resources) -> Iterator[tuple[str, Page]]:
    with _client(stage, resources) as client:
        start = PageLoader(resources, stage.as_of).cutoff
        for name in MEASURED:
            stream = STREAMS[name].export
            assert stream is not None
            for page in prefetched(stream.iter_pages(client, None, start, stage.as_of)):
                yield name, page


def _client(stage: Stage, resources: Resources) -> Any:
    base_url = stage.sandbox.zendesk[ACCOUNT]["base_url"]
    return ZendeskClient.opened(base_url, StoredCredentials(resources))


def _counts(resources: Resources) -> dict[str, int]:
    with resources.session() as connection:
        return {
            f"{name}_loaded": connection.execute(
                text(f"select count(*) from zendesk.{name}")
            ).scalar_one()
            for name in ("tickets", "comments", "audit_events")
        }


def _ratios(figures: dict[str, Any]) -> dict[str, float]:
    slower = max(figures["fetch_seconds"], figures["copy_seconds"])
    return {
        "of_the_slower_limit": round(slower / figures["end_to_end_seconds"], 3),
        "sealing_adds": round(figures["end_to_end_seconds"] / figures["unsealed_seconds"] - 1, 3),
    }


def _print(figures: dict[str, Any]) -> None:
    table = Table("figure", "value", box=None)
    for name, value in figures.items():
        table.add_row(name, f"{value:,.2f}" if isinstance(value, float) else f"{value:,}")
    Console().print(table)


def _keep(figures: dict[str, Any]) -> None:
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept[str(figures["tickets"])] = figures
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    typer.run(main)
