"""The stores that an organization's recordings lie in: the warehouse, and what is configured."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from tasks.errors import ConfigurationError
from tasks.settings import Settings
from tasks.storage.objects import ObjectStore
from tasks.storage.protocol import RecordingStore
from tasks.storage.rows import RowStore
from warehouse.recordings import Ref


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
    local = settings.recordings_url.startswith("file:")
    # neither instances nor listings are kept: the one holds secrets, the other what is gone
    kept = {"auto_mkdir": True} if local else {"use_listings_cache": False}
    try:
        files, root = importlib.import_module("fsspec.core").url_to_fs(
            settings.recordings_url, skip_instance_cache=True, **kept, **settings.store_options()
        )
    except ImportError:
        raise ConfigurationError(
            "VENSOR_RECORDINGS_URL: S3 needs `pip install vensor[s3]`"
        ) from None
    except (TypeError, ValueError):
        raise ConfigurationError("VENSOR_RECORDINGS_OPTIONS does not fit the store") from None
    try:
        yield Stores(org_id, ObjectStore(files, root, org_id))
    finally:
        session = getattr(files, "_s3", None)
        if session is not None:
            files.close_session(files.loop, session)
