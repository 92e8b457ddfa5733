"""Documents that are none, or that mean harm: refused in one line each; the others are added."""

import os
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from tasks.documents import Reader, UnreadableDocumentError
from tasks.documents.files import MAX_BYTES
from tasks.documents.reading import SUFFIXES
from tasks.knowledge import Added, add_documents
from tasks.resources import Resources
from tests.fuzz.tally import ERROR, LOADED, OTHER, Tally, examples, one_line, tallied
from tests.tasks.documents.conftest import HTML, MARKDOWN, pdf, word

GOOD = b"# Refunds\n\n1. Ask for the order number.\n2. Pay.\n"
LAUGHS = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n" % ((at + 1, at + 1) + (at,) * 9)
    for at in range(ord("a"), ord("i"))
)


@pytest.fixture(scope="module")
def tally() -> Iterator[Tally]:
    with tallied("documents") as found:
        yield found


def archive(**parts: bytes | str) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as into:
        for name, told in parts.items():
            into.writestr(name.replace("__", "/") + ".xml", told)
    return made.getvalue()


def lying_bomb() -> bytes:
    """An archive whose directory says that its 200 MB are ten bytes."""
    made = bytearray(archive(word__document=bytes(200 * 2**20)))
    size = (200 * 2**20).to_bytes(4, "little")
    for at in (made.find(size), made.rfind(size)):
        made[at : at + 4] = (10).to_bytes(4, "little")
    return bytes(made)


def encrypted() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf([["1. Ask."]]))))
    writer.encrypt("secret", algorithm="AES-256")
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


def drawn_for_ever(times: int) -> bytes:
    """A page whose drawing unpacks to many megabytes of words. Source: ISO 32000-1."""
    drawn = zlib.compress(b"BT /F1 11 Tf 1 0 0 1 72 720 Tm (words) Tj ET\n" * times, 9)
    whole = pdf([["1. Ask."]])
    at, end = whole.index(b"4 0 obj"), whole.index(b"5 0 obj")
    head = b"4 0 obj\n<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(drawn)
    return whole[:at] + head + drawn + b"\nendstream\nendobj\n" + whole[end:]


def deep_xml(levels: int) -> str:
    return "<w:p>" * levels + "</w:p>" * levels


def bad() -> dict[str, bytes]:
    """What is refused, by name."""
    return {
        "empty.md": b"",
        "blank.html": b" \n\t",
        "binary.md": bytes(range(256)) * 40,
        "picture.pdf": b"\x89PNG\r\n\x1a\n" + bytes(900),
        "words.docx": GOOD,
        "archive.pdf": archive(word__document="<x/>"),
        "page.docx": HTML.encode(),
        "bomb.docx": archive(word__document=bytes(30 * 2**20)),
        "lying.docx": lying_bomb(),
        "parts.docx": archive(**{f"word__p{at}": "" for at in range(6_000)}),
        "entities.docx": archive(word__document='<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>'),
        "utf16.docx": archive(word__document='<!DOCTYPE x [<!ENTITY a "a">]><x/>'.encode("utf-16")),
        "deep.docx": archive(word__document=deep_xml(200_000)),
        "locked.pdf": encrypted(),
        "cut.pdf": pdf([["1. Ask."]])[:400],
        "circle.pdf": pdf([["1. Ask."]]).replace(b"/Kids [5 0 R]", b"/Kids [2 0 R]"),
        "codec.html": b"<meta charset=undefined><ol><li>Ask</ol>",
        "many.md": b"word " * 300_000,
    }


def odd() -> dict[str, bytes]:
    """What is added, however odd, by name."""
    return {
        "good.md": GOOD,
        "date.md": b"---\ntitle: Refunds\nday: 2026-13-45\n---\n" + GOOD,
        "laughs.md": b"---\n" + LAUGHS + b"title: *i\n---\n" + GOOD,
        "nested.md": b"---\ntitle: " + b"[" * 400 + b"\n---\n" + GOOD,
        "quotes.md": b">" * 5_000 + b" x\n\n" + GOOD,
        "titles.html": b"<title" * 50_000 + HTML.encode(),
        "surrogate.html": b"<meta charset=utf-7><title>+2AA-</title>" + b"<ol><li>Ask +2AA-</ol>",
    }


def _added(resources: Resources, folder: Path, as_of: datetime) -> dict[str, Added]:
    done = add_documents(resources, [str(folder)], kind="sop", as_of=as_of)
    return {one.address.rsplit("/", 1)[1]: one for one in done}


def test_a_folder_of_harm_costs_the_good_ones_nothing(
    resources: Resources, tmp_path: Path, as_of: datetime, tally: Tally
) -> None:
    """One line each; what leads out of the folder is not read."""
    folder, outside = tmp_path / "procedures", tmp_path / "secret.md"
    folder.mkdir()
    outside.write_bytes(GOOD)
    for name, told in {**bad(), **odd()}.items():
        (folder / name).write_bytes(told)
    with (folder / "large.pdf").open("wb") as large:
        large.write(pdf([["1. Ask."]]))
        large.truncate(100 * 2**20)
    (folder / "link.md").symlink_to(outside)
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "round.md").symlink_to(folder)
    (folder / "inside.md").symlink_to(folder / "good.md")
    os.mkfifo(folder / "pipe.md")
    (folder / os.fsdecode(b"name\xff.md")).write_bytes(GOOD)
    found = _added(resources, folder, as_of)
    refused = {*bad(), "large.pdf", "link.md", "loop.md", "round.md", "pipe.md"}
    assert {name for name, one in found.items() if one.state == "refused"} == refused
    assert found.keys() - refused == {*odd(), "inside.md", "name\\udcff.md"}
    for one in found.values():
        assert "\n" not in one.reason
        tally.add(ERROR if one.state == "refused" else LOADED)
    assert found["surrogate.html"].title == "surrogate"
    assert found["laughs.md"].title == "Refunds"


@pytest.mark.parametrize(
    "place",
    ["http://[", "https://u:secret@[::1/x.md", "file://[", "nosuch://x", "::", "\udcff.md",
     "no\n.md", "/dev/zero", "/proc/self/mem", "~no/x.md", "s3://", "data:,x"],
)  # fmt: skip
def test_a_place_that_is_none_is_refused_without_its_secret(
    resources: Resources, as_of: datetime, place: str, tally: Tally
) -> None:
    """Devices are not read; what follows a user's name is not told."""
    (one,) = add_documents(resources, [place], kind="sop", as_of=as_of)
    assert one.state == "refused"
    assert "secret" not in f"{one.address} {one.reason}"
    tally.add(ERROR)


def test_what_takes_too_long_or_too_much_is_refused_and_the_next_is_read(tally: Tally) -> None:
    """Its process ends; another one reads what comes after it."""
    with Reader(most_seconds=2) as reader:
        with pytest.raises(UnreadableDocumentError, match="takes more than 2 seconds"):
            reader.read("endless.pdf", drawn_for_ever(600_000))
        assert reader.read("good.md", GOOD).title == "Refunds"
    tally.add(ERROR)


def test_spoilt_documents_are_read_or_refused(tally: Tally) -> None:
    """Bytes changed, cut out or put in, under a name of any kind."""
    samples = {
        ".md": MARKDOWN.encode(),
        ".html": HTML.encode(),
        ".pdf": pdf([["1. Ask.", "2. Close."]], title="Refunds"),
        ".docx": word(table=True),
    }
    tokens = (
        b"<",
        b"---\n",
        b"<<",
        b">>",
        b"[" * 500,
        b"\0",
        b"&#xD800;",
        b"1" * 5_000,
        b"\xff\xfe",
    )

    @examples(30)
    @given(st.sampled_from(sorted(samples)), st.sampled_from(SUFFIXES), st.data())
    def spoil(kind: str, suffix: str, data: st.DataObject) -> None:
        told = bytearray(samples[kind])
        for at in data.draw(st.lists(st.integers(0, len(told)), min_size=1, max_size=8)):
            told[at:at] = data.draw(st.sampled_from(tokens) | st.binary(max_size=4))
        whole = bytes(told[: data.draw(st.integers(0, len(told)))])
        name = f"x{data.draw(st.sampled_from((suffix, kind)))}"
        try:
            found = reader.read(name, whole)
            f"{found.title}{found.body}".encode()
            tally.add(LOADED)
        except UnreadableDocumentError as error:
            tally.add(one_line(error))
        except BaseException:
            tally.add(OTHER)
            raise

    with Reader() as reader:
        spoil()
    assert MAX_BYTES < 100 * 2**20
