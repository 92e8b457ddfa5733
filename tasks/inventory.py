"""The inventory of data: what there is, whose it is, how it is kept, when it ends and by what.

It lies in warehouse/data_inventory.yml; a test compares it with a real warehouse.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec

Kind = Literal["content", "skeleton", "aggregate", "audit", "control", "keys", "knowledge", "none"]
PURPOSE = (
    "Purpose: to measure a support desk and to escalate what needs somebody. Who processes it: the"
    " organization whose Zendesk account it is, by whoever runs this vensor. How it is secured:"
    " docs/encryption.md, docs/isolation.md, docs/members.md; days in it are those of a new"
    " organization, each has its own."
)
COLUMNS = ("where", "what", "class", "whose", "personal", "kept", "ends", "setting", "recipient")


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When data ends, in words; the column that says after how long; the functions that end it."""

    ends: str
    code: tuple[str, ...]
    setting: str | None = None


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is said of data wherever it lies. `tested` are files or folders of tests."""

    what: str
    kind: Kind = msgspec.field(name="class")
    whose: tuple[str, ...]
    personal: Literal["identified", "pseudonymous", "none"]
    kept: str
    clock: str
    tested: tuple[str, ...]


class Tables(Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Tables of which all of it is true, as `schema.table`."""

    tables: tuple[str, ...]


class Models(Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Relations of dbt, told by columns that they have and have not.

    `only_ids`: of the columns that end in `_id` or `_key`, they may have these only.
    """

    schemas: tuple[str, ...]
    relation: Literal["table", "view"] = msgspec.field(name="kind")
    having: tuple[str, ...] = msgspec.field(default=(), name="with")
    without: tuple[str, ...] = ()
    only_ids: tuple[str, ...] | None = None

    def covers(self, schema: str, relation: str, columns: frozenset[str]) -> bool:
        """Whether this rule is the relation's."""
        return (
            schema in self.schemas
            and relation == self.relation
            and columns.issuperset(self.having)
            and columns.isdisjoint(self.without)
        )

    def strangers(self, columns: frozenset[str]) -> list[str]:
        """The columns that such a relation must not have."""
        if self.only_ids is None:
            return []
        ids = {name for name in columns if name.endswith(("_id", "_key"))}
        return sorted(ids - set(self.only_ids))


class Place(Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somewhere outside the tables; the file says what its fields mean."""

    place: str
    sought: tuple[str, ...] = ()
    home: tuple[str, ...] = ()
    of_organization: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    recipient: str = ""


class Inventory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it."""

    clocks: dict[str, Clock]
    tables: tuple[Tables, ...]
    models: tuple[Models, ...]
    places: tuple[Place, ...]

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """(where it lies, what is said of it), tables first."""
        for group in self.tables:
            yield ", ".join(group.tables), group
        for rule in self.models:
            yield f"{rule.relation}s of dbt in {', '.join(rule.schemas)}", rule
        for one in self.places:
            yield one.place, one


def read_inventory() -> Inventory:
    """The inventory of this version."""
    told = files("warehouse").joinpath("data_inventory.yml").read_bytes()
    return msgspec.yaml.decode(told, type=Inventory)


def paths_of(home: Path, slug: str, org_id: UUID) -> list[Path]:
    """What an organization has below the home, whether it is there or not."""
    found = [one for place in read_inventory().places for one in place.of_organization]
    return [home / one.format(slug=slug, org_id=org_id) for one in found]


def rows(inventory: Inventory) -> list[dict[str, str]]:
    """The record of processing, a row for each group, rule and place, by `COLUMNS`."""
    found = []
    for where, entry in inventory.entries():
        clock = inventory.clocks[entry.clock]
        told = (
            where,
            entry.what,
            entry.kind,
            ", ".join(entry.whose),
            entry.personal,
            entry.kept,
            clock.ends,
            clock.setting or "",
            entry.recipient if isinstance(entry, Place) else "",
        )
        found.append(dict(zip(COLUMNS, told, strict=True)))
    return found


def as_markdown(inventory: Inventory) -> str:
    """The record of processing as a table of Markdown."""
    lines = [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    lines += [_line(row.values()) for row in rows(inventory)]
    title = "# What is processed, whose it is and when it ends"
    return "\n".join([title, "", PURPOSE, "", *lines]) + "\n"


def as_csv(inventory: Inventory) -> str:
    """The same for spreadsheets."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(inventory))
    return written.getvalue()


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
