"""Word documents (.docx): headings, numbered lists and tables, as HTML.

Source: ECMA-376 (Office Open XML), of which a file is a zip archive of XML parts.
"""

import importlib
import zipfile
from io import BytesIO

from tasks.documents.document import UnreadableDocumentError
from tasks.embedding.markup import Block, html_blocks

# What the XML of a thousand pages takes; read at once, it takes about 30 times that of memory.
MAX_XML_BYTES = 10 * 2**20
MAX_PARTS = 5_000
TITLES = "p[style-name='Title'] => h1:fresh"
_DOCTYPES = tuple("<!DOCTYPE".encode(one) for one in ("utf-8", "utf-16-le", "utf-16-be"))
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_word(data: bytes) -> tuple[str, tuple[Block, ...]]:
    """No title of its own, and the blocks. Raises: UnreadableDocumentError."""
    # by name, because it carries no types; here, because it is slow
    mammoth = importlib.import_module("mammoth")
    _check(data)
    try:
        found = mammoth.convert_to_html(
            BytesIO(data),
            style_map=TITLES,
            convert_image=mammoth.images.img_element(lambda _image: {}),
        )
    except Exception:  # whatever a broken file makes it raise
        raise UnreadableDocumentError(
            "is no Word document that can be read; open it in Word and save it again"
        ) from None
    blocks = html_blocks(found.value)
    if not blocks:
        raise UnreadableDocumentError("has no text; pictures of text are not read")
    return "", blocks


def _check(data: bytes) -> None:
    """Nothing is unpacked that says it is large; no part unpacks to more than it says."""
    if data.startswith(_OLE):
        raise UnreadableDocumentError(
            "is protected by a password, or in Word's old format; save it as .docx without one"
        )
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            xml = [one for one in parts if one.filename.lower().endswith((".xml", ".rels"))]
            if len(parts) > MAX_PARTS or sum(one.file_size for one in xml) > MAX_XML_BYTES:
                raise UnreadableDocumentError(
                    f"unpacks to more than {MAX_XML_BYTES // 2**20} MB of text; split it"
                )
            # Word writes none; by them a small file can grow without end
            if any(mark in data for data in map(archive.read, xml) for mark in _DOCTYPES):
                raise UnreadableDocumentError("declares XML entities, which Word never does")
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError):
        raise UnreadableDocumentError(
            "is no Word document that can be read; open it in Word and save it again"
        ) from None
