"""What observers are told."""

from __future__ import annotations

from typing import NamedTuple, Tuple

from .values import Entry


class Change(NamedTuple):
    """What one commit changed. Each key is in one of the lists at most, in the order of its last write."""

    #: The device whose change it is: empty for changes of this device in a single-version store.
    device_id: str
    #: Keys that were not there before, with their values.
    inserted: Tuple[Entry, ...]
    #: Keys that were there before, with their new values, also where that is the old one.
    updated: Tuple[Entry, ...]
    #: Keys that are gone, with the values that they had.
    deleted: Tuple[Entry, ...]
    #: True if the observer fell behind: some changes are not told, and the lists are empty. Read again what matters.
    overflowed: bool


class SyncStatus(NamedTuple):
    """What came of a synchronisation with one device."""

    #: The device, as it was named in the call.
    device_id: str
    #: 0, or one of `dkv.ErrorCode`.
    code: int
