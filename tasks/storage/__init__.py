"""Where recordings and archives lie: sealed before they come here, in the warehouse or as files."""

from tasks.storage.archives import ArchiveStore
from tasks.storage.objects import ObjectStore
from tasks.storage.protocol import MissingError, Placed, RecordingStore
from tasks.storage.rows import RowStore
from tasks.storage.stores import Stores, open_archives, open_stores

__all__ = [
    "ArchiveStore",
    "MissingError",
    "ObjectStore",
    "Placed",
    "RecordingStore",
    "RowStore",
    "Stores",
    "open_archives",
    "open_stores",
]
