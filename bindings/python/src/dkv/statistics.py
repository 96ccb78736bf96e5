"""What a store has done since it was opened, and what it holds now."""

from __future__ import annotations

from typing import Any, List, NamedTuple

from ._library import ffi, lib
from .errors import check
from .query import written


class Statistics(NamedTuple):
    """Numbers of one store since it was opened, by whatever handle."""

    #: Entries stored, of all devices.
    entries: int
    #: Length of the file, in bytes.
    file_bytes: int
    #: Bytes read from the file.
    read_bytes: int
    #: Bytes written to the file.
    written_bytes: int
    #: Flushes of the file: times that the disk was waited for.
    flushes: int
    #: Pages found in the page cache.
    cache_hits: int
    #: Pages read from the file because the page cache did not have them.
    cache_misses: int
    #: Bytes in the page cache.
    cache_bytes: int
    #: Commits: groups of operations, and explicit transactions.
    commits: int
    #: Operations that those commits answered, reads within their order included.
    operations: int
    #: Operations of the largest commit.
    largest_group: int
    #: Operations between their submission and the return of their answer.
    queued_operations: int
    #: Bytes that those operations hold.
    queued_bytes: int
    #: Handles on the store.
    handles: int
    #: Observers of the store.
    observers: int
    #: Open result sets, of which a store has eight at most.
    result_sets: int
    #: Open iterators, and whatever else of the library reads the whole store.
    iterators: int
    #: How often queries went over their candidates to sort them.
    query_passes: int


def statistics(handle: Any) -> Statistics:
    """The numbers of the store behind a handle. Answers on this thread."""
    found = ffi.new("dkv_statistics *")
    found.struct_size = ffi.sizeof("dkv_statistics")
    check(lib.dkv_store_get_statistics_now(handle, found))
    return Statistics(*(getattr(found, name) for name in Statistics._fields))


def holders(handle: Any) -> List[str]:
    """Who holds a snapshot of the store behind a handle, a line each, the oldest first. Answers on this thread."""
    return written(
        lambda text, capacity, length: lib.dkv_store_describe_holders_now(handle, text, capacity, length)
    ).splitlines()
