"""Help Center HTML and Markdown as a flat row of headings, paragraphs and numbered steps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal

from tasks.embedding.tables import Table

BlockKind = Literal["heading", "paragraph", "step"]

_HTML = re.compile(r"<(?:p|h[1-6]|ol|ul|li|div|br|table|span|section|article)\b[^>]*>", re.I)
_MARKDOWN_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_MARKDOWN_STEP = re.compile(r"^\d{1,3}[.)]\s+(.+)$")
_MARKDOWN_CONTINUED = re.compile(r"^\s{2,}\S")
_SILENT = {"script", "style", "template", "noscript", "head"}
_BREAKING = {"p", "div", "br", "tr", "table", "section", "article", "blockquote", "pre", "hr"}
_CELLS = {"td", "th"}


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a document.

    `level` is 1 to 6 for a heading; for a step how deep it lies in other steps, from 0; else 0.
    """

    kind: BlockKind
    text: str
    level: int = 0


def parse_blocks(source: str) -> tuple[Block, ...]:
    """The blocks of an article in reading order, white space folded, empty ones left out."""
    blocks = _html_blocks(source) if _HTML.search(source) else _markdown_blocks(source)
    return tuple(block for block in blocks if block.text)


def html_blocks(source: str) -> tuple[Block, ...]:
    """As `parse_blocks`, of what is known to be HTML."""
    return tuple(block for block in _html_blocks(source) if block.text)


def _html_blocks(source: str) -> Iterator[Block]:
    parser = _BlockParser()
    parser.feed(source)
    parser.close()
    parser.end_table()
    parser.end_block()
    yield from parser.blocks


class _BlockParser(HTMLParser):
    """Collects text; unclosed tags, which Help Centers are full of, only end a block early."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._pieces: list[str] = []
        self._heading_level = 0
        self._lists: list[str] = []
        self._silent_depth = 0
        self._table: Table | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent_depth += 1
        elif tag == "table" and not self._lists and self._table is None:
            self.end_block()
            self._table = Table()
        elif self._table is not None:
            self._in_table(tag)
        elif tag in {"ol", "ul"}:
            # Bullets inside a step belong to that step; numbers are steps of their own.
            if self._inside_step() or (tag == "ul" and "ol" in self._lists):
                self._pieces.append(" ")
            else:
                self.end_block()
            self._lists.append(tag)
        elif tag == "li":
            self._start_item()
        elif re.fullmatch(r"h[1-6]", tag):
            self.end_block()
            self._heading_level = int(tag[1])
        elif tag in _BREAKING or tag in _CELLS:
            self._break(" | " if tag in _CELLS and self._pieces else " ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent_depth = max(0, self._silent_depth - 1)
        elif self._table is not None:
            if tag == "table":
                self.end_table()
        elif tag in {"ol", "ul"} and self._lists:
            if not self._inside_step():
                self.end_block()
            self._lists.pop()
        elif re.fullmatch(r"h[1-6]", tag) or (tag == "li" and not self._inside_step()):
            self.end_block()
            self._heading_level = 0
        elif tag in _BREAKING:
            self._break(" ")

    def handle_data(self, data: str) -> None:
        if not self._silent_depth:
            self._pieces.append(data)

    def end_block(self) -> None:
        """Closes the block in progress."""
        text = " ".join("".join(self._pieces).split())
        self._pieces = []
        if self._heading_level:
            self.blocks.append(Block("heading", text, self._heading_level))
        elif "ol" in self._lists:
            self.blocks.append(Block("step", text, self._lists.count("ol") - 1))
        else:
            bullet = "- " if self._lists and text else ""
            self.blocks.append(Block("paragraph", bullet + text))

    def end_table(self) -> None:
        """Closes the table in progress: its rows are steps, or paragraphs."""
        if self._table is None:
            return
        self._end_cell(self._table)
        steps = self._table.steps
        kind: BlockKind = "paragraph" if steps is None else "step"
        self.blocks.extend(Block(kind, text) for text in steps or self._table.texts)
        self._table = None

    def _in_table(self, tag: str) -> None:
        if self._table is None:
            return
        if tag == "tr" or tag in _CELLS:
            self._end_cell(self._table)
            if tag == "tr":
                self._table.begin_row()
        else:
            self._pieces.append(" ")

    def _end_cell(self, table: Table) -> None:
        table.add_cell(" ".join("".join(self._pieces).split()))
        self._pieces = []

    def _start_item(self) -> None:
        if self._inside_step():
            self._pieces.append("; " if "".join(self._pieces).strip() else " ")
        else:
            self.end_block()

    def _inside_step(self) -> bool:
        """True within bullets that are nested in a numbered list."""
        return "ol" in self._lists and "ul" in self._lists[self._lists.index("ol") :]

    def _break(self, inside_list: str) -> None:
        if self._lists or inside_list != " ":
            self._pieces.append(inside_list)
        else:
            self.end_block()


def _markdown_blocks(source: str) -> Iterator[Block]:
    kind: BlockKind = "paragraph"
    lines: list[str] = []
    for line in source.splitlines():
        heading = _MARKDOWN_HEADING.match(line.strip())
        step = _MARKDOWN_STEP.match(line.strip()) if not line.startswith("   ") else None
        goes_on = bool(line.strip()) and (kind == "paragraph" or _MARKDOWN_CONTINUED.match(line))
        if goes_on and not heading and not step:
            lines.append(line)
            continue
        yield Block(kind, _folded(lines))
        kind, lines = "paragraph", []
        if heading:
            yield Block("heading", heading[2].strip(), len(heading[1]))
        elif step:
            kind, lines = "step", [step[1]]
        elif line.strip():
            lines = [line]
    yield Block(kind, _folded(lines))


def _folded(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())
