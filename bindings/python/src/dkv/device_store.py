"""A blocking store in which every device has its own keys."""

from __future__ import annotations

from typing import List

from . import _store_calls as calls
from .query import Query, Selection
from .result_set import ResultSet
from .store import KvStore
from .values import Entry, Value


class DeviceStore(KvStore):
    """A store of kind `StoreType.DEVICE_COLLABORATION`. What `KvStore` has works on the keys of this device.

    A device id is what `Manager.local_device_id` answers on that device; an empty one is this device.
    """

    def get_from_device(self, device_id: str, key: str) -> Value:
        """Reads a value of a device.

        Raises `NotFoundError` if the device has no such key, or its id is neither known nor 64 bytes long, and
        `InvalidArgumentError` for an unknown id of 64 bytes.
        """
        return self._desk.ask(calls.get_from_device(device_id, key))

    def get_entries_from_device(self, device_id: str, selection: Selection) -> List[Entry]:
        """The entries of a device whose key begins with a prefix, or which a query selects, as for `get_entries`. An
        unknown device has none."""
        return self._desk.ask(calls.get_entries_from_device(device_id, selection))

    def get_result_set_from_device(self, device_id: str, selection: Selection) -> ResultSet:
        """Opens a result set over the entries of a device whose key begins with a prefix, or which a query selects. An
        unknown device has none. Errors as for `get_result_set`."""
        queue, handle = self._desk.ask_apart(calls.get_result_set_from_device(device_id, selection))
        return ResultSet(handle, queue)

    def result_size_from_device(self, device_id: str, query: Query) -> int:
        """How many entries of a device a query selects."""
        return self._desk.ask(calls.result_size_from_device(device_id, query))

    def count_from_device(self, device_id: str, prefix: str = "") -> int:
        """How many keys of a device begin with a prefix, or how many there are. An unknown device has none."""
        return self._desk.ask(calls.count_from_device(device_id, prefix))
