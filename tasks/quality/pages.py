"""Data Docs of our own: a page for each run of a gate, with names and counts and no value.

Great Expectations' site loads styles and scripts from six hosts, and prints every query. These
pages need nothing but themselves. They lie under VENSOR_HOME/gates/<slug>, for their user alone,
each beside the same as JSON, and go after 30 days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import groupby
from pathlib import Path

import msgspec

from tasks.quality.gates import Check, GateResult
from warehouse.embedded import write_private

KEPT = timedelta(days=30)
STAMP = "%Y%m%dT%H%M%SZ"
STYLE = Path(__file__).with_name("page.css")


@dataclass(frozen=True)
class GateRun:
    """A gate as it was passed or not, as of an instant; `page` is where it can be read."""

    slug: str
    as_of: datetime
    result: GateResult
    page: Path


class _Kept(msgspec.Struct):
    """What is kept of a run, as JSON."""

    slug: str
    as_of: datetime
    suite: str
    checks: list[Check]


def keep(home: Path, slug: str, result: GateResult, *, as_of: datetime) -> Path:
    """The page of this run, written; the organization's pages of more than 30 days ago are gone.

    A gate that is tried again as of the same instant replaces its page.
    """
    folder = _folder(home, slug)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for one in (folder, folder.parent):
        one.chmod(0o700)  # `parents` heed the umask only
    kept = _Kept(slug, as_of.astimezone(UTC), result.suite, list(result.checks))
    page = folder / f"{kept.as_of:{STAMP}}-{result.suite}.html"
    write_private(page, _html(kept))
    write_private(page.with_suffix(".json"), msgspec.json.encode(kept).decode())
    _remove(folder, before=as_of - KEPT)
    return page


def kept_runs(home: Path, slug: str) -> list[GateRun]:
    """What is kept of this organization's gates, the latest first."""
    paths = sorted(_folder(home, slug).glob("*.json"), reverse=True)
    return [_read(path) for path in paths]


def _folder(home: Path, slug: str) -> Path:
    return home / "gates" / slug


def _read(path: Path) -> GateRun:
    kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
    result = GateResult(kept.suite, tuple(kept.checks))
    return GateRun(kept.slug, kept.as_of, result, path.with_suffix(".html"))


def _remove(folder: Path, *, before: datetime) -> None:
    oldest = f"{before.astimezone(UTC):{STAMP}}"
    for path in folder.iterdir():
        if path.suffix in {".html", ".json"} and path.name < oldest:
            path.unlink()


def _html(kept: _Kept) -> str:
    result = GateResult(kept.suite, tuple(kept.checks))
    title = escape(f"{kept.slug}: {kept.suite}")
    verdict, told = _verdict(result)
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta http-equiv="Content-Security-Policy"'
            " content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{title}</title><style>{STYLE.read_text()}</style></head><body><main>",
            f"<h1>{title}</h1>",
            f'<p class="verdict {verdict}"><strong>{told}</strong></p>',
            f"<p>As of {kept.as_of:%Y-%m-%d %H:%M} UTC, {len(result.checks)} checks. Counts of rows"
            " only: a value never leaves the warehouse for this page.</p>",
            *_broken(result),
            *_tables(result),
            "</main></body></html>",
        ]
    )


def _verdict(result: GateResult) -> tuple[str, str]:
    if result.failed:
        return "closed", f"Closed. Checks that do not hold: {len(result.failed)}"
    if result.warnings:
        return "warned", f"Open. Warnings: {len(result.warnings)}"
    return "open", "Open. Every check holds"


def _broken(result: GateResult) -> Iterator[str]:
    """What does not hold, before anything else."""
    broken = [*result.failed, *result.warnings]
    if broken:
        yield "<h2>What does not hold</h2>"
        yield from _rows(broken, with_table=True)


def _tables(result: GateResult) -> Iterator[str]:
    for table, checks in groupby(result.checks, key=lambda one: one.table):
        yield f"<h2>{escape(table)}</h2>"
        yield from _rows(list(checks), with_table=False)


def _rows(checks: list[Check], *, with_table: bool) -> Iterator[str]:
    table = '<th scope="col">table</th>' if with_table else ""
    yield (
        f'<div class="wide"><table><thead><tr>{table}<th scope="col">column</th>'
        '<th scope="col">expectation</th><th scope="col">rows that break it</th>'
        '<th scope="col">result</th></tr></thead><tbody>'
    )
    for one in checks:
        where = f"<td>{escape(one.table)}</td>" if with_table else ""
        yield (
            f"<tr>{where}<td>{escape(one.column or 'the table')}</td>"
            f'<td>{escape(one.expectation)}</td><td class="count">{one.rows:,}</td>'
            f"<td>{_said(one)}</td></tr>"
        )
    yield "</tbody></table></div>"


def _said(one: Check) -> str:
    if one.holds:
        return "holds" if one.rows == 0 else "holds: so many are allowed"
    word = "closed" if one.severity == "critical" else "warned"
    said = "does not hold" if one.severity == "critical" else "warning"
    return f'<strong class="{word}">{said}</strong>'
