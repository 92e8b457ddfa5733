"""Files by path or URL: of this machine, or of what fsspec reaches (s3://, gs://, https://)."""

import importlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tasks.documents.document import UnreadableDocumentError
from tasks.documents.reading import SUFFIXES
from tasks.settings import is_loopback

MAX_BYTES = 20 * 2**20
# What people do not see as files of theirs: hidden ones, and the locks of Word.
_NO_DOCUMENTS = (".", "~$")


@dataclass(frozen=True)
class SourceFile:
    """A file that is there. `address` is its URL without what is secret in it."""

    address: str
    path: str
    files: Any

    def __repr__(self) -> str:
        return f"SourceFile({self.address})"

    @property
    def name(self) -> str:
        return PurePosixPath(urlsplit(self.address).path or self.address).name


# A file, or the address of one that is not there and why.
Found = SourceFile | tuple[str, UnreadableDocumentError]


def iter_files(places: Sequence[str]) -> Iterator[Found]:
    """The files of these paths, folders and URLs, each once; of folders those that can be read."""
    seen: set[str] = set()
    for place in places:
        try:
            found: Sequence[Found] = _files_of(place)
        except UnreadableDocumentError as error:
            found = [(address_of(place), error)]
        for one in found:
            address = one.address if isinstance(one, SourceFile) else one[0]
            if address not in seen:
                seen.add(address)
                yield one


def fetch_bytes(file: SourceFile) -> bytes:
    """What the file holds. Raises: UnreadableDocumentError: too large, or not to be had."""
    if _is_local(file.files) and not os.path.isfile(file.path):
        raise UnreadableDocumentError("is no ordinary file")  # a pipe would be waited for
    try:
        with file.files.open(file.path, "rb") as opened:
            data: bytes = opened.read(MAX_BYTES + 1)
    except Exception as error:  # every file system has errors of its own
        raise _unreachable(error) from None
    if len(data) > MAX_BYTES:
        raise UnreadableDocumentError(f"has more than {MAX_BYTES // 2**20} MB; split it")
    return data


def address_of(place: str) -> str:
    """The URL of a path or URL, without user, password and query; what is no text in it escaped."""
    try:
        parts = urlsplit(place)
        if "://" not in place or parts.scheme == "file":
            files, path = _opened(place)
            return str(files.unstrip_protocol(path)).encode(errors="backslashreplace").decode()
    except ValueError:
        return "an address"  # that is none: what in it is secret is not to be told
    host = parts.netloc.rpartition("@")[2]
    told = urlunsplit((parts.scheme, host, parts.path, "", ""))
    return told.encode(errors="backslashreplace").decode()


def _opened(place: str) -> tuple[Any, str]:
    """The file system of a path or URL, and where in it."""
    # by name, because the library carries no types
    files, path = importlib.import_module("fsspec.core").url_to_fs(place)
    return files, str(path)


def _files_of(place: str) -> Sequence[Found]:
    try:
        files, path = _opened(place)
        if place.startswith(("http://", "https://")):
            _check_clear(place)
            return [SourceFile(address_of(place), path, files)]
        if not files.exists(path):
            raise UnreadableDocumentError("is not there")
        if not files.isdir(path):
            return [SourceFile(address_of(place), path, files)]
        paths = sorted(one for one in files.find(path) if _is_document(one, path))
    except UnreadableDocumentError:
        raise
    except Exception as error:  # every file system has errors of its own
        raise _unreachable(error) from None
    if not paths:
        raise UnreadableDocumentError(f"holds no file of {', '.join(SUFFIXES)}")
    return [_found(files, one, path) for one in paths]


def _found(files: Any, path: str, folder: str) -> Found:
    """A file of a folder, unless it is a link that leads out of it."""
    address = address_of(files.unstrip_protocol(path))
    inside = f"{os.path.realpath(folder)}{os.sep}"
    if _is_local(files) and not os.path.realpath(path).startswith(inside):
        return address, UnreadableDocumentError("is a link out of its folder; name it by itself")
    return SourceFile(address, path, files)


def _is_local(files: Any) -> bool:
    return "file" in files.protocol


def _check_clear(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise UnreadableDocumentError("would come in the clear; use https")


def _is_document(path: str, folder: str) -> bool:
    inside = PurePosixPath(path.removeprefix(folder))
    return inside.suffix.lower() in SUFFIXES and not any(
        part.startswith(_NO_DOCUMENTS) for part in inside.parts
    )


def _unreachable(error: Exception) -> UnreadableDocumentError:
    """The reason by class: messages of file systems may hold what is secret in a URL."""
    if isinstance(error, FileNotFoundError):
        return UnreadableDocumentError("is not there")
    if isinstance(error, PermissionError):
        return UnreadableDocumentError("may not be read; its permissions say so")
    if isinstance(error, ImportError):
        return UnreadableDocumentError(
            "needs a package: vensor's extra `s3` for s3://, aiohttp for https://"
        )
    if isinstance(error, ValueError):
        return UnreadableDocumentError("is no path or URL of a kind that is known")
    return UnreadableDocumentError(f"cannot be had ({type(error).__name__}); try again")
