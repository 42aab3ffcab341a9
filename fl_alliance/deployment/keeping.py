"""Objects that messages held are kept a while, so that a model goes over the network once, not in every message.

Flower names what a message holds by its sha256 and asks only for what is not there, but forgets all of it with the
message. The model that a voter judged is the one to train, and to compare with, a round later.
"""

from collections import OrderedDict

from flwr.supercore.object_store import object_store_factory
from flwr.supercore.object_store.in_memory_object_store import InMemoryObjectStore

LEAST_BYTES = 2**14
"""Smaller objects are not worth it: what names and orders a model's arrays, and messages of words alone."""
KEPT_BYTES = 2**28
"""Bytes of objects that no message holds any more, at most; the one that was let go of first makes room."""


class KeepingStore(InMemoryObjectStore):
    """Flower's store, which lets go of large objects later."""

    def __init__(self, verify: bool = True, kept_bytes: int = KEPT_BYTES) -> None:
        super().__init__(verify)
        self._most = kept_bytes
        self._kept: OrderedDict[str, int] = OrderedDict()

    def delete(self, object_id: str) -> None:
        """Delete an object that nothing refers to, or, if it is large, keep it until there is no room for it."""
        with self.lock_store:
            entry = self.store.get(object_id)
            size = len(entry.content) if entry is not None and entry.ref_count == 0 else 0
            if not LEAST_BYTES <= size <= self._most:
                super().delete(object_id)
                return
            self._kept[object_id] = size
            self._kept.move_to_end(object_id)
            while sum(self._kept.values()) > self._most:
                oldest, _ = self._kept.popitem(last=False)
                super().delete(oldest)

    def delete_objects_in_run(self, run_id: int) -> None:
        """Delete all objects of a run that ended, kept ones too."""
        with self.lock_store:
            most, self._most = self._most, 0
            super().delete_objects_in_run(run_id)
            self._most = most


def keep_objects() -> None:
    """Let this process' SuperLink, or SuperNode, keep what messages held."""
    vars(object_store_factory)["InMemoryObjectStore"] = KeepingStore
