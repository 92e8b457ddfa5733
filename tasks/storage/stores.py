"""The stores that recordings and archives lie in: the warehouse, home, and what is configured."""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from tasks.errors import ConfigurationError
from tasks.settings import Settings
from tasks.storage.archives import ArchiveStore
from tasks.storage.objects import ObjectStore
from tasks.storage.protocol import RecordingStore
from tasks.storage.rows import RowStore
from warehouse.recordings import Ref

ARCHIVES = "exports"


@dataclass(frozen=True)
class Stores:
    """New recordings go to the objects where there are any, else to the warehouse.

    Those that were stored before that was configured stay where they are, readable.
    """

    org_id: UUID
    objects: ObjectStore | None

    def for_new(self, connection: Connection) -> RecordingStore:
        return self.objects or RowStore(connection, self.org_id)

    def holding(self, connection: Connection, ref: Ref) -> RecordingStore:
        """The store that a recording lies in. Raises: ConfigurationError if it is not known."""
        if ref.location is None:
            return RowStore(connection, self.org_id)
        if self.objects is None:
            raise ConfigurationError(
                "recordings lie in a store of objects, and VENSOR_RECORDINGS_URL names none"
            )
        return self.objects


@contextmanager
def open_stores(settings: Settings, org_id: UUID) -> Iterator[Stores]:
    """The stores that the settings name. Raises: ConfigurationError for one that cannot be."""
    if settings.recordings_url is None:
        yield Stores(org_id, None)
        return
    with _opened(settings.recordings_url, settings.store_options()) as (files, root):
        yield Stores(org_id, ObjectStore(files, root, org_id))


@contextmanager
def open_archives(settings: Settings) -> Iterator[ArchiveStore]:
    """Where archives for people lie: beside the recordings where those have a store, else at home.

    Raises: ConfigurationError for a store that cannot be.
    """
    if settings.recordings_url is not None:
        with _opened(settings.recordings_url, settings.store_options()) as (files, root):
            yield ArchiveStore(files, f"{root.rstrip('/')}/{ARCHIVES}")
        return
    home = settings.home / ARCHIVES
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _opened(home.as_uri(), {}) as (files, root):
        yield ArchiveStore(files, root)


@contextmanager
def _opened(url: str, options: Mapping[str, object]) -> Iterator[tuple[Any, str]]:
    """(a file system, the root in it). Raises: ConfigurationError for one that cannot be."""
    # neither instances nor listings are kept: the one holds secrets, the other what is gone
    kept = {"auto_mkdir": True} if url.startswith("file:") else {"use_listings_cache": False}
    try:
        files, root = importlib.import_module("fsspec.core").url_to_fs(
            url, skip_instance_cache=True, **kept, **options
        )
    except ImportError:
        raise ConfigurationError(
            "VENSOR_RECORDINGS_URL: S3 needs `pip install vensor[s3]`"
        ) from None
    except (TypeError, ValueError):
        raise ConfigurationError("VENSOR_RECORDINGS_OPTIONS does not fit the store") from None
    try:
        yield files, root
    finally:
        session = getattr(files, "_s3", None)
        if session is not None:
            files.close_session(files.loop, session)
