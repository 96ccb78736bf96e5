"""A store of an event loop in which every device has its own keys."""

from __future__ import annotations

import asyncio
from typing import List

from .. import _store_calls as calls
from ..query import Query, Selection
from ..result_set import ResultSet
from ..values import Entry, Value
from .store import KvStore


class DeviceStore(KvStore):
    """As `dkv.DeviceStore`, with futures."""

    def get_from_device(self, device_id: str, key: str) -> asyncio.Future[Value]:
        """As `dkv.DeviceStore.get_from_device`."""
        return self._lane.ask(calls.get_from_device(device_id, key))

    def get_entries_from_device(self, device_id: str, selection: Selection) -> asyncio.Future[List[Entry]]:
        """As `dkv.DeviceStore.get_entries_from_device`."""
        return self._lane.ask(calls.get_entries_from_device(device_id, selection))

    def get_result_set_from_device(self, device_id: str, selection: Selection) -> asyncio.Future[ResultSet]:
        """As `dkv.DeviceStore.get_result_set_from_device`."""
        call = calls.get_result_set_from_device(device_id, selection).then(lambda handle: ResultSet(handle, self._hub))
        return self._lane.ask(call)

    def result_size_from_device(self, device_id: str, query: Query) -> asyncio.Future[int]:
        """As `dkv.DeviceStore.result_size_from_device`."""
        return self._lane.ask(calls.result_size_from_device(device_id, query))

    def count_from_device(self, device_id: str, prefix: str = "") -> asyncio.Future[int]:
        """As `dkv.DeviceStore.count_from_device`."""
        return self._lane.ask(calls.count_from_device(device_id, prefix))
