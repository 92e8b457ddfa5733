"""What redaction finds, and what is left of a text."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a placeholder stands for; of finds that overlap, the one first here names it."""

    PERSON = "PERSON"
    EMAIL = "EMAIL"
    CARD = "CARD"
    IBAN = "IBAN"
    URL = "URL"
    CODE = "CODE"
    IP = "IP"
    BIRTH_DATE = "BIRTH_DATE"
    PHONE = "PHONE"
    NUMBER = "NUMBER"
    ADDRESS = "ADDRESS"


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` of the original. `key` is the same wherever the same is meant.

    `known` is what the account knows, whose key tells more than that of a find by its form.
    """

    start: int
    end: int
    kind: Kind
    key: str
    known: bool = False

    def __repr__(self) -> str:
        return f"Span({self.start}, {self.end}, {self.kind})"


Find = Callable[[str], Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who has to do with a ticket, as far as the account knows them."""

    person_id: int
    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Person({self.person_id})"


@dataclass(frozen=True, slots=True)
class Redacted:
    """Texts with placeholders such as `[PERSON_1]`, the same one for the same in all of them.

    `spans[n]` are those of original n, in order, and `placeholders[n]` what stands for each.
    """

    texts: tuple[str, ...]
    spans: tuple[tuple[Span, ...], ...]
    placeholders: tuple[tuple[str, ...], ...]
    originals: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Redacted({len(self.texts)} texts, {sum(map(len, self.spans))} spans)"

    def restored(self, text: str) -> str:
        """The text with what its placeholders stand for: for those only who may read it."""
        return PLACEHOLDER.sub(lambda found: self.originals.get(found[0], found[0]), text)

    def original_span(self, text_no: int, start: int, end: int) -> tuple[int, int]:
        """Where `texts[text_no][start:end]` stands in the original; placeholders count whole."""
        moved, first, last = 0, start, end
        for span, placeholder in zip(self.spans[text_no], self.placeholders[text_no], strict=True):
            at = span.start + moved
            until = at + len(placeholder)
            if until <= start:
                first = start - until + span.end
            elif at < start:
                first = span.start
            if until <= end:
                last = end - until + span.end
            elif at < end:
                last = span.end
            moved = until - span.end
        return (first, last)


PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(Kind)})_\d+\]")
