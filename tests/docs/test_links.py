"""Every link leads somewhere: files that are there, anchors of headings that stand in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import ROOT, anchors, pages, prose

LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?\s*\)")
PICTURE = re.compile(r'(?:src|srcset)="([^"]+)"')
# described by other pages of this version as they come
NOT_YET: frozenset[str] = frozenset()


def _broken(page: Path, text: str) -> Iterator[str]:
    shown = prose(text)
    for target in [*LINK.findall(shown), *PICTURE.findall(shown)]:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, place = unquote(target).partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists():
            if path.name not in NOT_YET:
                yield f"{target}: no such file"
        elif place and place not in anchors(path.read_text(encoding="utf-8")):
            yield f"{target}: no such heading"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """To files and headings; addresses elsewhere are not called."""
    assert list(_broken(page, page.read_text(encoding="utf-8"))) == []


def test_a_broken_link_is_told() -> None:
    """A file that is not there, a heading that is not there; and not what code shows."""
    page = ROOT / "docs" / "bi.md"
    text = (
        "# A b\n[x](none.md) [y](#a-b) [z](#c) [u](https://x.y) [v](ai.md#cost)\n```\n[w](n)\n```\n"
    )
    assert [one for one in _broken(page, text) if "#" not in one] == ["none.md: no such file"]
    assert list(_broken(page, "[y](#no-such-place)")) == ["#no-such-place: no such heading"]


def test_every_page_is_in_the_index() -> None:
    """docs/README.md leads to each page of its folder."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    led = {target.partition("#")[0] for target in LINK.findall(index)}
    there = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert there <= led, there - led
