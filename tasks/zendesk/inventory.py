"""The inventory of fields: what each field of Zendesk's records is, and where it goes.

`fields.yml` has it, one line a field. What it drops is neither read nor reported as unknown;
whatever else a record brings is new: it is kept out as well, and counted by its name, so that
someone can decide.
"""

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

FIELDS = Path(__file__).with_name("fields.yml")
FILTER = re.compile(r"\[[^]]*\]")

Nature = Literal["personal", "identifier", "operational"]
Fate = Literal["sealed", "kept", "dropped"]
Form = Literal["text", "email", "phone", "domain"]


class Field(Struct, frozen=True):
    """One field. `path` leads to it from its record; `form` is that of what is personal."""

    path: str
    nature: Nature
    fate: Fate
    form: Form = "text"

    @property
    def name(self) -> str:
        """The path without what chooses among the members of lists."""
        return FILTER.sub("", self.path)

    @property
    def top(self) -> str:
        """The field of the record itself that holds it."""
        return self.name.split(".")[0]


class Kind(Struct, frozen=True):
    """The records of one list of Zendesk's. `sealed` is the table of what is sealed of them."""

    record: str
    fields: tuple[Field, ...]
    sealed: str | None = None


class _Written(Struct, forbid_unknown_fields=True):
    record: str
    fields: dict[str, str]
    sealed: str | None = None


@cache
def read_inventory() -> dict[str, Kind]:
    """The kinds of records by the key of their list."""
    written = msgspec.yaml.decode(FIELDS.read_bytes(), type=dict[str, _Written])
    return {
        key: Kind(one.record, tuple(map(_field, one.fields.items())), one.sealed)
        for key, one in written.items()
    }


@cache
def known_names(record: str) -> frozenset[str]:
    """The names of the fields that a record of this name may have."""
    kinds = [kind for kind in read_inventory().values() if kind.record == record]
    return frozenset(field.top for kind in kinds for field in kind.fields)


def _field(line: tuple[str, str]) -> Field:
    names = ("path", "nature", "fate", "form")
    told = dict(zip(names, (line[0], *line[1].split()), strict=False))
    return msgspec.convert(told, Field)
