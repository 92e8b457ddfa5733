"""What a file says, by the kind of file that its name tells."""

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from types import MappingProxyType

import yaml
from markdown_it import MarkdownIt

from tasks.documents.document import FileDocument, UnreadableDocumentError, as_html
from tasks.documents.pdf import read_pdf
from tasks.documents.word import read_word
from tasks.embedding.markup import Block, html_blocks

# A hundred times the longest procedure that people follow; more is a book, or a mistake.
MAX_CHARS = 1_000_000
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?\s*([\w-]{1,40})", re.I)
_HTML_TITLE = re.compile(r"<title[^>]{0,200}>(.{1,500}?)</title>", re.I | re.S)
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?\n)---\s*\n", re.S)
_FRONT_TITLE = re.compile(r"^title:.{1,500}$", re.M)
# What terminals act on and Postgres cannot hold; white space is folded elsewhere.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
Blocks = tuple[Block, ...]
# A title of its own where the file has one, and what it says.
Read = tuple[str, Blocks]


def read_document(name: str, data: bytes) -> FileDocument:
    """The document in a file; its title is its own, or its first heading, or the file's name.

    Raises: UnreadableDocumentError with the reason and what to do.
    """
    reader = _READERS.get(PurePosixPath(name).suffix.lower())
    if reader is None:
        raise UnreadableDocumentError(f"is none of {', '.join(SUFFIXES)}; save it as one of these")
    if not data.strip():
        raise UnreadableDocumentError("is empty")
    title, blocks = reader(data)
    blocks = tuple(replace(one, text=_CONTROL.sub("", one.text)) for one in blocks)
    if sum(len(block.text) for block in blocks) > MAX_CHARS:
        raise UnreadableDocumentError(f"has more than {MAX_CHARS:,} characters; split it")
    if not blocks:
        raise UnreadableDocumentError("has no text")
    return FileDocument(_title(title, blocks, name), as_html(blocks))


def _title(own: str, blocks: Blocks, name: str) -> str:
    first = blocks[0].text if blocks[0].kind == "heading" and blocks[0].level == 1 else ""
    told = (" ".join(_CONTROL.sub("", one).split()) for one in (own, first))
    return next((one for one in told if one), PurePosixPath(name).stem)


def _read_html(data: bytes) -> Read:
    text = _decoded(data, _CHARSET.search(data[:4096]))
    own = _HTML_TITLE.search(text[:MAX_CHARS])
    words = [block.text for block in html_blocks(own[1])] if own else []
    return " ".join(words), html_blocks(text)


def _read_markdown(data: bytes) -> Read:
    """CommonMark with tables. Front matter is not read, but for its title."""
    text, own = _decoded(data, None), ""
    front = _FRONT_MATTER.match(text.replace("\r\n", "\n"))
    if front:
        text, own = text.replace("\r\n", "\n")[front.end() :], _front_title(front[1])
    return own, html_blocks(MarkdownIt("commonmark").enable("table").render(text))


def _front_title(front: str) -> str:
    """Of that line alone: the others may hold what YAML makes much of, or cannot read."""
    line = _FRONT_TITLE.search(front)
    try:
        told = yaml.safe_load(line[0]) if line else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return ""
    title = told.get("title") if isinstance(told, dict) else None
    return "" if isinstance(title, list | dict) else str(title or "")


def _decoded(data: bytes, declared: re.Match[bytes] | None) -> str:
    """The text in the encoding that it says it is in, or in UTF-8."""
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), None)
    if encoding is None:
        encoding = declared[1].decode() if declared else "utf-8"
    try:
        text = data.decode(encoding)
    except (UnicodeError, LookupError):
        raise UnreadableDocumentError(
            f"is not text in {encoding[:40].upper()}; save it in UTF-8"
        ) from None
    if "\0" in text:
        raise UnreadableDocumentError("holds bytes that are no text; save it in UTF-8")
    return text


_READERS: Mapping[str, Callable[[bytes], Read]] = MappingProxyType(
    {
        ".md": _read_markdown,
        ".markdown": _read_markdown,
        ".html": _read_html,
        ".htm": _read_html,
        ".pdf": read_pdf,
        ".docx": read_word,
    }
)
SUFFIXES = tuple(_READERS)
