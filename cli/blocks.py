"""Slack's blocks as words for a terminal."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import Any

LINK = re.compile(r"<[^|>]+\|([^>]+)>")  # Slack's form of a link with its words
BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")


def words_of(blocks: Iterable[Mapping[str, Any]]) -> str:
    """What a message says, a line for each of its texts, without Slack's markup."""
    told = "\n".join(text for block in blocks for text in _texts(block))
    return unescape(BOLD.sub(r"\1", LINK.sub(r"\1", told)))


def _texts(block: Mapping[str, Any]) -> Iterator[str]:
    """Its own text, and those of its fields and elements."""
    text = block.get("text")
    if isinstance(text, str):
        yield text
    elif text:
        yield from _texts(text)
    for part in (*block.get("fields", ()), *block.get("elements", ())):
        yield from _texts(part)
