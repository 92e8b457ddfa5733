"""Marks: words planted in fields of Zendesk's answers, to be sought where they should not come.

A mark is made of letters, or of digits where the field holds digits, so that no encoding of the
text around it changes it. It begins with what all marks of this sandbox begin with, and ends with
what only its own field has: one search finds any, and each names its field.
"""

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Iterable
from threading import Lock
from typing import Any, Literal

import msgspec

Form = Literal["text", "email", "phone", "domain", "number"]
SENTENCE = re.compile(r"([.!?])(?=\s|<)")
SEGMENT = re.compile(r"([^.\[]+)(?:\[(\w+)(?:=(\w+))?\])?")
LETTERS = "bcdfghjklmnpqrstvwxz"  # no vowels: no word of any language
LETTERS_LONG, DIGITS_LONG = 8, 7


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field that is to be marked, in every record of an answer, or in the one of an id.

    In the answers of one account, or of all.

    ``path`` begins with the answer's key: ``users.user_fields.*``. A list is passed through,
    ``[key]`` and ``[key=value]`` choose among its members. A field that a record lacks is added.
    """

    path: str
    form: Form = "text"
    record: int | None = None
    account: str | None = None


class Planted(msgspec.Struct, frozen=True):
    """A mark, and how often it was in an answer."""

    path: str
    mark: str
    times: int


class Marks:
    """The fields that are marked, and how often each was."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._fields: dict[Field, str] = {}
        self._planted: Counter[str] = Counter()
        self._lock = Lock()
        self.letters = _drawn(self._salt, b"letters", LETTERS, LETTERS_LONG)
        self.digits = _drawn(self._salt, b"digits", "123456789", DIGITS_LONG)

    def add(self, fields: Iterable[Field]) -> None:
        """Marks these fields from now on."""
        with self._lock:
            self._fields = self._fields | {one: self._mark(one) for one in fields}

    def clear(self) -> None:
        """Marks nothing any more."""
        with self._lock:
            self._fields, self._planted = {}, Counter()

    def planted(self) -> list[Planted]:
        """Every mark, and how often it was planted."""
        with self._lock:
            told = self._fields.items()
            return [Planted(one.path, mark, self._planted[mark]) for one, mark in told]

    def plant(self, account: str, told: dict[str, Any]) -> dict[str, Any]:
        """The account's answer with its marks: a copy, since shapes share what they hold."""
        fields = {
            one: mark
            for one, mark in self._fields.items()
            if one.account in (None, account) and _key(one) in told
        }
        if not fields:
            return told
        marked: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(told))
        planted = Counter({mark: _plant(marked, one, mark) for one, mark in fields.items()})
        with self._lock:
            self._planted += planted
        return marked

    def _mark(self, field: Field) -> str:
        name = f"{field.path} {field.record} {field.account}".encode()
        if field.form in ("phone", "number"):
            return self.digits + _drawn(self._salt, name, "0123456789", DIGITS_LONG)
        return self.letters + _drawn(self._salt, name, LETTERS, LETTERS_LONG)


def _plant(answer: dict[str, Any], field: Field, mark: str) -> int:
    """Puts the mark into the answer; how often."""
    *way, last = SEGMENT.findall(field.path)
    holders = [answer]
    for at, (name, key, value) in enumerate(way):
        members = [one for holder in holders for one in _members(holder, name, filled=at > 0)]
        holders = [one for one in members if _chosen(one, key, value)]
        if at == 0 and field.record is not None:
            holders = [one for one in holders if one.get("id") == field.record]
    for holder in holders:
        name = "any" if last[0] == "*" else last[0]
        holder[name] = _marked(holder.get(name), mark, field.form)
    return len(holders)


def _members(holder: dict[str, Any], name: str, *, filled: bool) -> list[dict[str, Any]]:
    """The objects below a name; where nothing is, and may be ``filled``, a new one."""
    told = holder.get(name)
    if filled and (told is None or told == []):
        told = holder[name] = {} if told is None else [{}]
    return [one for one in (told if isinstance(told, list) else [told]) if isinstance(one, dict)]


def _chosen(member: dict[str, Any], key: str, value: str) -> bool:
    return not key or (key in member and (not value or member[key] == value))


def _marked(told: Any, mark: str, form: Form) -> Any:
    """The value with the mark in it: of a text at both ends and after every sentence."""
    if isinstance(told, list):
        return [*told, mark]
    if form == "number":
        return int(mark * 3)
    if form == "phone":
        return f"+{mark}"
    whole = "" if told is None else str(told)
    if form in ("email", "domain"):
        return f"{mark}.{whole or 'example.com'}"
    within = SENTENCE.sub(rf"\1 {mark}", whole)
    return f"{mark} {within} {mark}" if whole else mark


def _key(field: Field) -> str:
    return field.path.split(".")[0].split("[")[0]


def _drawn(salt: bytes, name: bytes, letters: str, long: int) -> str:
    """So many letters, the same for the same salt and name."""
    number = int.from_bytes(hashlib.sha256(salt + name).digest())
    drawn = []
    for _ in range(long):
        number, at = divmod(number, len(letters))
        drawn.append(letters[at])
    return "".join(drawn)
