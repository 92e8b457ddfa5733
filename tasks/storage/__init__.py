"""Where recordings lie: sealed before they come here, in the warehouse or in a store of objects."""

from tasks.storage.objects import ObjectStore
from tasks.storage.protocol import MissingError, Placed, RecordingStore
from tasks.storage.rows import RowStore
from tasks.storage.stores import Stores, open_stores

__all__ = [
    "MissingError",
    "ObjectStore",
    "Placed",
    "RecordingStore",
    "RowStore",
    "Stores",
    "open_stores",
]
