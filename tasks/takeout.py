"""What an organization takes along when it leaves: CSV files, and a manifest with their digests."""

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from tasks.errors import ConfigurationError
from tasks.resources import Resources
from tasks.takeout_content import CONTENT, write_content
from warehouse import takeout
from warehouse.embedded import write_private

MANIFEST = "manifest.json"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of it."""

    name: str
    rows: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What there is in the folder."""

    org_id: UUID
    slug: str
    made_at: datetime
    files: tuple[File, ...]
    version: int = 1

    @property
    def rows(self) -> int:
        """The rows of all files."""
        return sum(file.rows for file in self.files)


def take_out(resources: Resources, folder: Path, *, content_key: Path | None = None) -> str:
    """Writes metric tables and settings to a folder; the SHA-256 of their manifest.

    With `content_key`, a file that is made where it is missing, customers' words too, sealed.

    One transaction reads all of it. Killed, it is written anew: the manifest comes last.

    Raises: ConfigurationError where the folder cannot be written to, or holds other files.
    """
    _prepare(folder)
    with resources.session() as connection:
        files = [
            _written(connection, folder / f"{name}.csv", name, columns)
            for name, columns in takeout.relations(connection)
        ]
    if content_key is not None:
        lines, digest = write_content(resources, folder, content_key)
        files.append(File(CONTENT, lines, digest))
    organization = resources.organization
    manifest = Manifest(organization.org_id, organization.slug, datetime.now(UTC), tuple(files))
    told = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    write_private(folder / MANIFEST, told.decode())
    return hashlib.sha256(told).hexdigest()


def _written(connection: Connection, path: Path, name: str, columns: Sequence[str]) -> File:
    digest = hashlib.sha256()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:

        def write(piece: bytes) -> None:
            digest.update(piece)
            file.write(piece)

        rows = takeout.copy_csv(connection, name, columns, write)
    return File(path.name, rows, digest.hexdigest())


def read_manifest(folder: Path) -> tuple[Manifest, str] | None:
    """The manifest of a folder and its SHA-256; None where there is none."""
    try:
        told = (folder / MANIFEST).read_bytes()
        return msgspec.json.decode(told, type=Manifest), hashlib.sha256(told).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.MsgspecError:
        raise ConfigurationError(
            f"{folder / MANIFEST} is no manifest of `vensor org delete`"
        ) from None


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        strangers = [one.name for one in folder.iterdir() if not _is_ours(one)]
    except OSError as error:
        raise ConfigurationError(f"--out {folder} cannot be used ({error.strerror})") from None
    if strangers:
        raise ConfigurationError(
            f"--out {folder} holds {sorted(strangers)[0]!r}: name a folder that is empty or new"
        )


def _is_ours(path: Path) -> bool:
    return path.suffix == ".csv" or path.name.startswith((MANIFEST, CONTENT, "certificate.json"))
