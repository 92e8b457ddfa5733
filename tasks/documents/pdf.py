"""PDF: the lines of each page, put together into paragraphs and numbered steps.

A PDF has no headings and no lists, only words at places. Numbers that count on make steps; a blank
line ends what stands before it, unless the next one goes on in small letters.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from io import BytesIO

from tasks.documents.document import UnreadableDocumentError
from tasks.embedding.markup import Block

MAX_PAGES = 500
SCAN = "has no text, as a scan has none; run it through text recognition (OCR) first"
_STEP = re.compile(
    r"^\s*(?:(?:step\s+)(?P<told>\d{1,2})[.):]?|(?P<one>\d{1,2})[.):]|"
    r"(?P<deep>\d{1,2}(?:\.\d{1,2})+)[.):]?)\s+(?=\S)",
    re.I,
)
_BULLET = re.compile(r"^\s*[\u2022\u25cf\u25e6\u25aa\u2013*-]\s+")
_PAGE = re.compile(r"\s*(?:page\s+)?\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?\s*", re.I)
# A line at the top or foot of so many pages belongs to none of them.
_REPEATED = 3


def read_pdf(data: bytes) -> tuple[str, tuple[Block, ...]]:
    """The title in its properties, and the blocks. Raises: UnreadableDocumentError."""
    try:
        title, pages = _read(data)
    except UnreadableDocumentError:
        raise
    except Exception:  # whatever a broken file makes it raise
        raise UnreadableDocumentError(
            "is no PDF that can be read; print it into a new PDF"
        ) from None
    blocks = tuple(blocks_of(_without_margins(pages)))
    if not blocks:
        raise UnreadableDocumentError(SCAN)
    return title, blocks


def _read(data: bytes) -> tuple[str, list[list[str]]]:
    """The title and the lines of each page."""
    from pypdf import PdfReader  # slow to import: only who adds such files waits

    # it tells what is odd in a file, in the file's own words
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader = PdfReader(BytesIO(data))
    # an empty password is none: such a file opens for everyone
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableDocumentError("is protected by a password; save a copy without one")
    if len(reader.pages) > MAX_PAGES:
        raise UnreadableDocumentError(f"has more than {MAX_PAGES} pages; split it")
    title = (reader.metadata.title if reader.metadata else None) or ""
    return title, [
        page.extract_text(extraction_mode="layout").splitlines() for page in reader.pages
    ]


def _without_margins(pages: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines, without page numbers and what stands at the top or foot of many pages."""
    filled = [[line for line in page if line.strip()] for page in pages]
    edges = Counter(
        line.strip() for page in filled for line in {*page[:1], *page[-1:]} if len(pages) > 1
    )
    for page, lines in zip(filled, pages, strict=True):
        margin = {*page[:1], *page[-1:]}
        for line in lines:
            is_number = line in margin and _PAGE.fullmatch(line)
            if not is_number and not (line in margin and edges[line.strip()] >= _REPEATED):
                yield line


def blocks_of(lines: Iterator[str]) -> Iterator[Block]:
    """The blocks of lines of text; white space folded, empty ones left out."""
    gathered = _Gathering()
    for line in lines:
        yield from gathered.take(line)
    yield from gathered.end()


class _Gathering:
    """The block in progress, and the numbers that the steps have come to."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._level: int | None = None
        self._counted: tuple[int, ...] = ()
        self._is_over = False

    def take(self, line: str) -> Iterator[Block]:
        """The block that this line ends, if it does."""
        if not line.strip():
            self._is_over = True
            return
        number = _number(line)
        bullet = _BULLET.sub("- ", line, count=1) != line
        if _counts_on(self._counted, number):
            yield from self.end()
            self._level, self._counted = len(number) - 1, number
            line = _STEP.sub("", line, count=1)
        elif (bullet and self._level is None) or (
            self._is_over and not bullet and not line.lstrip()[0].islower()
        ):
            yield from self.end()
        self._is_over = False
        self._words += _BULLET.sub("- ", line, count=1).split()

    def end(self) -> Iterator[Block]:
        text = " ".join(self._words)
        if text and self._level is None:
            yield Block("paragraph", text)
        elif text:
            yield Block("step", text, self._level or 0)
        self._words, self._level = [], None


def _number(line: str) -> tuple[int, ...]:
    """The number that a line begins with: (2, 1) for "2.1"; () without one."""
    step = _STEP.match(line)
    if step is None:
        return ()
    return tuple(int(one) for one in (step["told"] or step["one"] or step["deep"]).split("."))


def _counts_on(counted: tuple[int, ...], number: tuple[int, ...]) -> bool:
    """True for the number after the last one: 1, then 2 or 1.1, then 1.2 or 2, or 1 again."""
    if not number:
        return False
    if number == (1,):
        return True
    if number[:-1] == counted[: len(number) - 1] and len(number) <= len(counted):
        return number[-1] == counted[len(number) - 1] + 1
    return number == (*counted, 1)
