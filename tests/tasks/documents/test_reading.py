"""Files into documents: the same words whatever they came as, and refusals that say what to do."""

import zipfile
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from tasks.documents import UnreadableDocumentError, read_document
from tasks.documents.document import as_html
from tasks.embedding.markup import html_blocks, parse_blocks
from tasks.scoring import parse_sop
from tests.tasks.documents.conftest import HTML, MARKDOWN, SCOPE, STEPS, TITLE, pdf, word


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("refunds.md", MARKDOWN.encode()),
        ("refunds.MD", b"\xef\xbb\xbf" + MARKDOWN.replace("\n", "\r\n").encode()),
        ("x.html", HTML.encode()),
        ("x.htm", ("<meta charset='latin-1'>" + HTML).encode("latin-1")),
        ("x.docx", word()),
    ],
)
def test_the_same_words_are_the_same_version_in_every_format(name: str, data: bytes) -> None:
    """Headings and numbered items stay, markup and scripts do not."""
    found = read_document(name, data)
    assert found == read_document("refunds.md", MARKDOWN.encode())
    assert found.title == TITLE
    assert "alert" not in found.body
    sop = parse_sop(found.body, found.title)
    assert [step.text for step in sop.steps] == list(STEPS)
    assert [step.kind for step in sop.steps] == ["required", "forbidden", "conditional"]
    assert sop.trigger == (TITLE, SCOPE)


def test_a_table_of_steps_in_word_is_steps() -> None:
    """With who is to do each."""
    found = read_document("x.docx", word(table=True))
    steps = parse_sop(found.body, found.title).steps
    assert [step.text for step in steps] == [f"{text} Owner: Team lead." for text in STEPS]
    assert {step.actor for step in steps} == {"Team lead"}


def test_a_pdf_is_put_together_from_its_lines(procedure_pdf: bytes) -> None:
    """Over line ends and page ends, without page numbers."""
    found = read_document("x.pdf", procedure_pdf)
    assert found.title == TITLE
    sop = parse_sop(found.body, found.title)
    assert [step.text for step in sop.steps] == list(STEPS)
    assert sop.trigger == (TITLE, SCOPE)
    assert html_blocks(found.body)[-1].text == "Questions go to the quality team."


def test_numbers_in_a_pdf_count_on_or_are_words() -> None:
    """2026 is no step, nor is a number out of turn; 2.1 lies in 2; bullets belong to their step."""
    lines = ["1. Ask for:", "  - the name", "  - the postcode", "2. Then decide.", "2.1 Pay.",
             "2.2 Or refuse.", "3. Close.", "", "2026 was a year.", "7. is a number."]  # fmt: skip
    found = read_document("x.pdf", pdf([lines]))
    blocks = [(one.kind, one.level, one.text) for one in html_blocks(found.body)]
    assert blocks == [
        ("step", 0, "Ask for: - the name - the postcode"),
        ("step", 0, "Then decide."),
        ("step", 1, "Pay."),
        ("step", 1, "Or refuse."),
        ("step", 0, "Close."),
        ("paragraph", 0, "2026 was a year. 7. is a number."),
    ]


def test_what_stands_on_every_page_is_left_out() -> None:
    """A running head is no step's text."""
    pages = [["Acme, internal", "", f"{n}. Do thing {n}.", "", f"Page {n} of 3"] for n in (1, 2, 3)]
    body = read_document("x.pdf", pdf(pages)).body
    assert [one.text for one in html_blocks(body)] == ["Do thing 1.", "Do thing 2.", "Do thing 3."]


def _encrypted() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf([["1. Ask."]]))))
    writer.encrypt("secret", algorithm="AES-256")
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


def _scan() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(612, 792)
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


def _bomb() -> bytes:
    """30 MB of blanks in a few kilobytes."""
    made = BytesIO(word())
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/styles2.xml", b" " * 30 * 2**20)
    return made.getvalue()


def _entities() -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("x.txt", b"1. Ask.", "save it as one of these"),
        ("x", b"1. Ask.", "save it as one of these"),
        ("x.md", b" \n", "is empty"),
        ("x.html", b"<p></p>", "has no text"),
        ("x.md", "1. Fr\xe4gen.".encode("latin-1"), "save it in UTF-8"),
        ("x.html", b"<meta charset=klingon><p>x", "is not text in KLINGON; save it in UTF-8"),
        ("x.md", b"a\0b", "no text; save it in UTF-8"),
        ("x.md", b"word " * 300_000, "characters; split it"),
        ("x.pdf", _encrypted(), "password; save a copy without one"),
        ("x.pdf", _scan(), "text recognition"),
        ("x.pdf", b"%PDF-1.4 and nothing", "print it into a new PDF"),
        ("x.pdf", b"no pdf", "print it into a new PDF"),
        ("x.docx", b"PK\x03\x04 and nothing", "save it again"),
        ("x.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
        ("x.docx", _bomb(), "unpacks to more than"),
        ("x.docx", _entities(), "entities"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(
    name: str, data: bytes, reason: str
) -> None:
    """One line, in words, without a word of the file."""
    with pytest.raises(UnreadableDocumentError, match=reason) as refused:
        read_document(name, data)
    assert "\n" not in str(refused.value)


def test_titles_come_from_the_file_its_first_heading_or_its_name() -> None:
    """In this order."""
    assert read_document("a.md", b"---\ntitle: Own\n---\n# Heading\n\nx").title == "Own"
    assert read_document("a.md", b"---\n: [\n---\n# Heading\n\nx").title == "Heading"
    assert read_document("a b.md", b"## Second\n\nx").title == "a b"


def test_what_terminals_act_on_is_left_out() -> None:
    """A title with an escape sequence is shown as words."""
    found = read_document("a.md", b"# A\x1b[31mB\n\n1. C\x07D")
    assert (found.title, parse_sop(found.body, found.title).steps[0].text) == ("A[31mB", "CD")


@given(st.text(alphabet="<>/olip h1\"'&;#ab\n-.1", max_size=120))
def test_the_stored_form_reads_as_what_it_was_made_of(source: str) -> None:
    """For any blocks: as_html is undone by parse_blocks."""
    blocks = html_blocks(source)
    if blocks:
        assert parse_blocks(as_html(blocks)) == blocks


SAMPLES = {
    ".md": MARKDOWN.encode(),
    ".html": HTML.encode(),
    ".pdf": pdf([["1. Ask.", "2. Close."]], title=TITLE),
    ".docx": word(table=True),
}


@given(st.sampled_from(list(SAMPLES)), st.data())
def test_spoilt_files_are_read_or_refused(suffix: str, source: st.DataObject) -> None:
    """Any bytes changed, any end cut off: nothing else is raised."""
    data = bytearray(SAMPLES[suffix])
    for place in source.draw(st.lists(st.integers(0, len(data) - 1), max_size=20)):
        data[place] = source.draw(st.integers(0, 255))
    with suppress(UnreadableDocumentError):
        read_document(f"x{suffix}", bytes(data[: source.draw(st.integers(0, len(data)))]))
