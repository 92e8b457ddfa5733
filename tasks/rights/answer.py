"""The archive that a person gets: their records as JSON lines and tables, recordings, a guide."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from tasks.audio import iter_audio
from tasks.errors import PermanentError
from tasks.resources import Resources
from tasks.rights.records import iter_csv, iter_json_lines, iter_records
from tasks.rights.zipped import Member
from tasks.storage import Stores
from warehouse.held import Extent, Kind, Scope, iter_rows, measure
from warehouse.kinds import KINDS
from warehouse.recordings import Recording, stored_recordings

SCHEMA_VERSION = 1
SOUNDS = {b"RIFF": "wav", b"ID3": "mp3", b"\xff\xfb": "mp3", b"OggS": "ogg", b"fLaC": "flac"}
README = """\
What {organization} holds of you, as of {made_at:%Y-%m-%d %H:%M} UTC

You asked for this. It is yours: keep it where others do not read it.

What is in it
-------------
{contents}

Each kind is there twice: as .jsonl (one JSON object a line, exact) and as .csv (a table for
spreadsheets; what a spreadsheet would take for a formula stands behind an apostrophe). A record
that changed is there in each version that is still held, the newest first, with `version_at`.
manifest.json names every file with its size and its SHA-256, which tells whether it is whole.

What is not in it
-----------------
Other people. Who helped you is told as "agent", and others as "another person". Of a ticket that
someone else asked, there is what you said in it, and that you had to do with it.
What models of the desk made of your words is here; the numbers that a search compares are told by
their place only, since they say nothing to a reader.

Who else got something of it
----------------------------
sent_to_others tells when, who, and what for. Before a text leaves, names, addresses and numbers
are taken out of it. processing tells which models read which ticket.

How long it is held
-------------------
Names, words and recordings end {content_days} days after they last changed; states and scores with
their ticket, {content_days} days after its last activity; what was sent to whom after {audit_days}
days. Counts in which no person is are kept.

What else you may ask for
-------------------------
That something be corrected, that all of it be erased, that no model read your tickets. Ask the
desk; it answers within a month. If it does not, a data protection authority hears complaints.
"""


@dataclass
class Answer:
    """What an archive is made of, and what it turned out to hold."""

    resources: Resources
    stores: Stores
    connection: Connection
    scope: Scope
    made_at: datetime
    export_id: UUID
    counts: dict[str, int] = field(default_factory=dict)
    _written: list[Member] = field(default_factory=list)
    _damaged: list[str] = field(default_factory=list)

    def members(self) -> Iterator[Member]:
        """Every file, in turn; the manifest is the last, since it names the others."""
        extents = [measure(self.connection, kind, self.scope) for kind in KINDS]
        self.counts |= {one.kind.name: one.records for one in extents}
        for member in chain(self._tables(extents), self._recordings(), [self._readme(extents)]):
            self._written.append(member)
            yield member
        yield Member("manifest.json", self._manifest())

    def _tables(self, extents: Iterable[Extent]) -> Iterator[Member]:
        for one in extents:
            if one.records:
                yield Member(f"{one.kind.name}.jsonl", iter_json_lines(self._records(one.kind)))
                yield Member(f"{one.kind.name}.csv", iter_csv(self._records(one.kind)))

    def _records(self, kind: Kind) -> Iterator[dict[str, object]]:
        return iter_records(self.connection, self.resources.cipher, kind, self.scope)

    def _recordings(self) -> Iterator[Member]:
        (kind,) = (one for one in KINDS if one.name == "recordings")
        calls = {row["call_id"] for row in iter_rows(self.connection, kind, self.scope)}
        for recording in stored_recordings(self.connection, sorted(calls)) if calls else ():
            yield self._recording(recording)

    def _recording(self, recording: Recording) -> Member:
        pieces = self._audio(recording)
        first = next(pieces, b"")
        kinds = (kind for start, kind in SOUNDS.items() if first.startswith(start))
        name = f"recordings/{_stem(recording)}.{next(kinds, 'audio')}"
        return Member(name, chain([first], pieces), compressed=False)

    def _audio(self, recording: Recording) -> Iterator[bytes]:
        """Its bytes, as far as they open: one that is damaged must not hold back all the rest."""
        try:
            yield from iter_audio(self.resources, self.stores, self.connection, recording)
        except PermanentError:
            self._damaged.append(_stem(recording))

    def _readme(self, extents: Iterable[Extent]) -> Member:
        organization = self.resources.organization
        told = README.format(
            organization=organization.name,
            made_at=self.made_at,
            contents="\n".join(
                f"{one.kind.name}: {one.kind.about} ({one.records:,})" for one in extents
            ),
            content_days=organization.retention_days,
            audit_days=organization.audit_retention_days,
        )
        return Member("README.txt", [told.encode()])

    def _manifest(self) -> Iterator[bytes]:
        told = {
            "schema_version": SCHEMA_VERSION,
            "organization": self.resources.organization.name,
            "made_at": self.made_at,
            "export_id": self.export_id,
            "kinds": [
                {"name": one.name, "about": one.about, "records": self.counts[one.name]}
                for one in KINDS
            ],
            "files": [
                {"name": one.name, "size_bytes": one.size_bytes, "sha256": one.sha256}
                for one in self._written
            ],
            "damaged_recordings": self._damaged,
        }
        yield msgspec.json.format(msgspec.json.encode(told), indent=1)


def _stem(recording: Recording) -> str:
    return f"{recording.call_id}-{recording.kind}"
