"""Files as people write them: the same procedure in each format, and what cannot be read."""

from collections.abc import Callable, Sequence
from io import BytesIO

import docx
import pytest

STEPS = (
    "Ask for the order number.",
    "Never promise a day on which the money arrives.",
    "If the item was a gift, ask who paid.",
)
TITLE = "Refunds"
SCOPE = "This applies to every request for a refund."
MARKDOWN = f"# {TITLE}\n\n{SCOPE}\n\n## Steps\n\n" + "".join(
    f"{number}. {text}\n" for number, text in enumerate(STEPS, start=1)
)
HTML = (
    f"<html><head><title>{TITLE}</title><style>p{{}}</style></head><body><h1>{TITLE}</h1>"
    f"<p onclick='x()'>{SCOPE}</p><script>alert(1)</script><h2>Steps</h2><ol>"
    + "".join(f"<li><b>{text}</b></li>" for text in STEPS)
    + "</ol></body></html>"
)
MakePdf = Callable[..., bytes]


def word(*, table: bool = False) -> bytes:
    """The procedure from Word; its steps in a list, or one a row of a table."""
    document = docx.Document()
    document.add_heading(TITLE, 0)
    document.add_paragraph(SCOPE)
    document.add_heading("Steps", 2)
    if table:
        made = document.add_table(rows=1, cols=3)
        for cell, head in zip(made.rows[0].cells, ("Step", "Action", "Owner"), strict=True):
            cell.text = head
        for number, text in enumerate(STEPS, start=1):
            for cell, told in zip(
                made.add_row().cells, (str(number), text, "Team lead"), strict=True
            ):
                cell.text = told
    else:
        for text in STEPS:
            document.add_paragraph(text, style="List Number")
    made_of = BytesIO()
    document.save(made_of)
    return made_of.getvalue()


def pdf(pages: Sequence[Sequence[str]], *, title: str = "") -> bytes:
    """A PDF of these lines, 14 points apart; an empty line leaves a gap. Source: ISO 32000-1."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "",
               "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]  # fmt: skip
    kids = []
    for lines in pages:
        drawn = "".join(
            f"BT /F1 11 Tf 1 0 0 1 {72 + 6 * (len(line) - len(line.lstrip()))} {720 - 14 * at} Tm "
            f"({_escaped(line.strip())}) Tj ET\n"
            for at, line in enumerate(lines)
            if line.strip()
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}endstream")
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]"
            f" /Resources << /Font << /F1 3 0 R >> >> /Contents {len(objects)} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    objects.append(f"<< /Title ({_escaped(title)}) >>")
    return _file(objects)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _file(objects: Sequence[str]) -> bytes:
    out, places = BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, told in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n{told}\nendobj\n".encode("latin-1"))
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.write(b"".join(f"{place:010} 00000 n \n".encode() for place in places))
    out.write(
        f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\n"
        f"startxref\n{start}\n%%EOF\n".encode()
    )
    return out.getvalue()


@pytest.fixture(scope="session")
def procedure_pdf() -> bytes:
    """The procedure over two pages, a step's words over two lines."""
    return pdf(
        [
            [TITLE, "", SCOPE, "", f"1. {STEPS[0]}", "2. Never promise a day on which the",
             "   money arrives."],
            [f"3. {STEPS[2]}", "", "", "Questions go to the quality team.", "", "2 of 2"],
        ],
        title=TITLE,
    )  # fmt: skip
