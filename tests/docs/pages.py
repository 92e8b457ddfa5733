"""The pages of the repository that people read, and what is in them."""

import re
from collections.abc import Iterator
from pathlib import Path

from tasks.settings import PROJECT

ROOT = PROJECT
FENCED = re.compile(r"^(?P<fence>```+)(?P<kind>\w*)\n(?P<body>.*?)^(?P=fence)$", re.M | re.S)
INDENTED = re.compile(r"(?:^(?: {4}|\t)\S.*\n?)+", re.M)
SPAN = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")


def pages() -> list[Path]:
    """Every Markdown page but a benchmark's own results."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return FENCED.sub("", text)


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings; one that stands twice gets a number."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+)$", prose(text), re.M):
        base = name = anchor(heading)
        number = 0
        while name in found:
            number += 1
            name = f"{base}-{number}"
        found.add(name)
    return found


def iter_code(text: str) -> Iterator[str]:
    """Each line of a block of code, and each span of code, of a page."""
    for block in FENCED.finditer(text):
        if block["kind"] in ("", "sh", "console", "bash"):
            yield from block["body"].splitlines()
    rest = prose(text)
    for block in INDENTED.findall(rest):
        yield from (line.strip() for line in block.splitlines())
    for span in SPAN.findall(INDENTED.sub("\n", rest)):
        yield " ".join(span.split())
