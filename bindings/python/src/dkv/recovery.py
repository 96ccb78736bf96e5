"""What became of a store that was damaged when it was opened."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

from ._library import ffi, lib
from .errors import check
from .query import written


class RecoverySource(IntEnum):
    """Where the content of a recovered store came from."""

    NONE = 0
    BACKUP = 1
    SALVAGE = 2


class Recovery(NamedTuple):
    """What the option `recover` did at the opening that is in effect."""

    source: RecoverySource
    #: When the backup was made, in milliseconds since 1970.
    backup_time_ms: int
    #: Entries that a salvage kept, of all devices.
    kept_entries: int
    #: Entries that it lost.
    lost_entries: int
    #: Damaged pages that it left out, with what lay below them.
    damaged_regions: int
    #: The backup, the name under which the damaged file is kept, and the damage, a line each.
    description: str


def recovery(handle: Any) -> Recovery:
    """What became of the store behind a handle. Answers on this thread."""
    found = ffi.new("dkv_recovery *")
    found.struct_size = ffi.sizeof("dkv_recovery")
    check(lib.dkv_store_get_recovery_now(handle, found))
    description = written(
        lambda text, capacity, length: lib.dkv_store_describe_recovery_now(handle, text, capacity, length)
    )
    return Recovery(
        RecoverySource(found.source),
        found.backup_time_ms,
        found.kept_entries,
        found.lost_entries,
        found.damaged_regions,
        description,
    )
