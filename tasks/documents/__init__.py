"""Documents from files: Markdown, HTML, PDF and Word into one plain form, found by path or URL."""

from tasks.documents.apart import Reader
from tasks.documents.document import FileDocument, UnreadableDocumentError
from tasks.documents.files import Found, SourceFile, address_of, fetch_bytes, iter_files
from tasks.documents.reading import SUFFIXES, read_document

__all__ = [
    "SUFFIXES",
    "FileDocument",
    "Found",
    "Reader",
    "SourceFile",
    "UnreadableDocumentError",
    "address_of",
    "fetch_bytes",
    "iter_files",
    "read_document",
]
