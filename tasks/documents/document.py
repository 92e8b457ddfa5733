"""A document as it is stored: its blocks in the plainest HTML, whatever it came as."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import msgspec

from tasks.embedding.markup import Block
from tasks.errors import PermanentError


class UnreadableDocumentError(PermanentError):
    """A file is no document that can be used; the message says why and what to do."""


@dataclass(frozen=True)
class FileDocument:
    """What a file says. `body` holds headings, paragraphs and numbered items, no other markup."""

    title: str
    body: str

    @property
    def version(self) -> bytes:
        """SHA-256 of title and body: the same words in another file format are the same version."""
        return hashlib.sha256(msgspec.json.encode((self.title, self.body))).digest()


def as_html(blocks: Sequence[Block]) -> str:
    """HTML of which `parse_blocks` makes the same blocks again."""
    return "".join(_iter_html(blocks))


def _iter_html(blocks: Sequence[Block]) -> Iterator[str]:
    depth = 0
    for block in blocks:
        wanted = block.level + 1 if block.kind == "step" else 0
        yield "<ol>" * (wanted - depth) + "</ol>" * (depth - wanted)
        depth = wanted
        tag = {"heading": f"h{block.level}", "paragraph": "p", "step": "li"}[block.kind]
        yield f"<{tag}>{escape(block.text, quote=False)}</{tag}>\n"
    yield "</ol>" * depth
