"""What can be asked of a store."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Tuple, Union

from . import _record
from ._call import Call, sized
from ._library import ffi, lib
from ._options import flag, unsigned
from ._text import Path, encode, encode_path, fill, texts
from .constants import SecurityLevel, SyncMode
from .errors import check, invalid_type
from .query import Query, Selection, written
from .values import Entry, Storable, Value
from .values import fill as fill_value

#: Entries, as a mapping or as pairs.
Entries = Union[Mapping[str, Storable], Iterable[Tuple[str, Storable]]]


def _value(value: Storable) -> Tuple[Any, Any]:
    """A dkv_value, and what keeps its bytes alive."""
    made = ffi.new("dkv_value *")
    return made, fill_value(made, value)


def put(key: str, value: Storable) -> Call[None]:
    made, keep = _value(value)
    return Call(_record.done, "dkv_store_put", *sized(encode("key", key)), made, keep=keep)


def get(key: str) -> Call[Value]:
    return Call(_record.value, "dkv_store_get", *sized(encode("key", key)))


def delete(key: str) -> Call[None]:
    return Call(_record.done, "dkv_store_delete", *sized(encode("key", key)))


def put_batch(entries: Entries) -> Call[None]:
    pairs = list(entries.items() if isinstance(entries, Mapping) else entries)
    array = ffi.new("dkv_entry[]", len(pairs))
    keep: List[Any] = []
    for place, pair in enumerate(pairs):
        try:
            key, value = pair
        except (TypeError, ValueError):
            raise invalid_type("entry of a batch", "a pair of a key and a value", pair) from None
        keep += (fill(array[place].key, encode("key", key)), fill_value(array[place].value, value))
    return Call(_record.done, "dkv_store_put_batch", array, len(pairs), keep=keep)


def delete_batch(keys: Iterable[str]) -> Call[None]:
    array, count, keep = texts("key", keys)
    return Call(_record.done, "dkv_store_delete_batch", array, count, keep=keep)


def get_entries(selection: Selection) -> Call[List[Entry]]:
    if isinstance(selection, Query):
        return Call(_record.entries, "dkv_store_get_entries_by_query", selection.handle, keep=selection)
    return Call(_record.entries, "dkv_store_get_entries", *sized(encode("prefix", selection)))


def result_size(query: Query) -> Call[int]:
    return Call(_record.number, "dkv_store_get_result_size", _query(query), keep=query)


def _query(query: Query) -> Any:
    if not isinstance(query, Query):
        raise invalid_type("query", "a Query", query)
    return query.handle


def explain(handle: Any, query: Query) -> str:
    """How a store would answer a query. Answers on this thread."""
    asked = _query(query)
    return written(lambda text, capacity, length: lib.dkv_store_explain_query(handle, asked, text, capacity, length))


def get_many(keys: Iterable[str]) -> Call[List[Value | None]]:
    array, count, keep = texts("key", keys)
    return Call(_record.values, "dkv_store_get_many", array, count, keep=keep)


def count(prefix: str) -> Call[int]:
    return Call(_record.number, "dkv_store_count", *sized(encode("prefix", prefix)))


def put_if_absent(key: str, value: Storable) -> Call[bool]:
    made, keep = _value(value)
    return Call(_record.flag, "dkv_store_put_if_absent", *sized(encode("key", key)), made, keep=keep)


def put_if_unchanged(key: str, expected: Storable, value: Storable) -> Call[bool]:
    (old, keep_old), (new, keep_new) = _value(expected), _value(value)
    arguments = (*sized(encode("key", key)), old, new)
    return Call(_record.flag, "dkv_store_put_if_unchanged", *arguments, keep=(keep_old, keep_new))


def delete_if_unchanged(key: str, expected: Storable) -> Call[bool]:
    made, keep = _value(expected)
    return Call(_record.flag, "dkv_store_delete_if_unchanged", *sized(encode("key", key)), made, keep=keep)


def plain(function: str) -> Call[None]:
    """A call without arguments and without a result."""
    return Call(_record.done, function)


def iterator(key_range: Tuple[Any, List[Any]]) -> Call[int]:
    """The opening of an iterator over a range of `_options.key_range`; the answer is its handle."""
    made, keep = key_range
    return Call(_record.number, "dkv_store_get_iterator", made, keep=keep)


def get_result_set(selection: Selection) -> Call[int]:
    """The opening of a result set; the answer is its handle."""
    if isinstance(selection, Query):
        return Call(_record.number, "dkv_store_get_result_set_by_query", selection.handle, keep=selection)
    return Call(_record.number, "dkv_store_get_result_set", *sized(encode("prefix", selection)))


def backup(name: str, folder: Path | None) -> Call[None]:
    return _of_backup("dkv_store_backup", "dkv_store_backup_ex", name, folder)


def restore(name: str, folder: Path | None) -> Call[None]:
    return _of_backup("dkv_store_restore", "dkv_store_restore_ex", name, folder)


def _of_backup(function: str, function_ex: str, name: str, folder: Path | None) -> Call[None]:
    encoded = sized(encode("name of the backup", name))
    if folder is None:
        return Call(_record.done, function, *encoded)
    return Call(_record.done, function_ex, *encoded, *sized(encode_path("folder", folder)))


def delete_backups(names: Iterable[str]) -> Call[Dict[str, int]]:
    array, count, keep = texts("name of a backup", names)
    return Call(_record.backup_results, "dkv_store_delete_backup", array, count, keep=keep)


def delete_backup_in(name: str, folder: Path) -> Call[None]:
    arguments = (*sized(encode("name of the backup", name)), *sized(encode_path("folder", folder)))
    return Call(_record.done, "dkv_store_delete_backup_ex", *arguments)


def check_integrity(deep: bool) -> Call[None]:
    return Call(_record.done, "dkv_store_check_integrity", flag("option deep", deep))


def security_level() -> Call[SecurityLevel]:
    def decode(buffer: memoryview, offset: int, count: int) -> SecurityLevel:
        return SecurityLevel(_record.number(buffer, offset, count))

    return Call(decode, "dkv_store_get_security_level")


def enable_sync(enabled: bool) -> Call[None]:
    return Call(_record.done, "dkv_store_enable_sync", flag("argument enabled", enabled))


def set_sync_range(local: Iterable[str], remote: Iterable[str]) -> Call[None]:
    ours, our_count, keep_ours = texts("label", local)
    theirs, their_count, keep_theirs = texts("label", remote)
    arguments = (ours, our_count, theirs, their_count)
    return Call(_record.done, "dkv_store_set_sync_range", *arguments, keep=(keep_ours, keep_theirs))


def set_sync_param(delay_ms: int) -> Call[None]:
    return Call(_record.done, "dkv_store_set_sync_param", unsigned("delay in milliseconds", delay_ms, 32))


def sync(handle: Any, device_ids: Iterable[str], mode: SyncMode, query: Query | None, delay_ms: int) -> None:
    """Starts a synchronisation. It has no answer of its own."""
    array, count, _keep = texts("device id", device_ids)
    delay = unsigned("delay in milliseconds", delay_ms, 32)
    if query is None:
        check(lib.dkv_store_sync(handle, array, count, mode, delay))
    else:
        check(lib.dkv_store_sync_by_query(handle, array, count, _query(query), mode, delay))


def get_from_device(device_id: str, key: str) -> Call[Value]:
    return Call(_record.value, "dkv_store_get_from_device", *_of_device(device_id, "key", key))


def get_entries_from_device(device_id: str, selection: Selection) -> Call[List[Entry]]:
    if isinstance(selection, Query):
        function = "dkv_store_get_entries_from_device_by_query"
        return Call(_record.entries, function, *_of_query(device_id, selection), keep=selection)
    return Call(_record.entries, "dkv_store_get_entries_from_device", *_of_device(device_id, "prefix", selection))


def get_result_set_from_device(device_id: str, selection: Selection) -> Call[int]:
    """The opening of a result set; the answer is its handle."""
    if isinstance(selection, Query):
        function = "dkv_store_get_result_set_from_device_by_query"
        return Call(_record.number, function, *_of_query(device_id, selection), keep=selection)
    return Call(_record.number, "dkv_store_get_result_set_from_device", *_of_device(device_id, "prefix", selection))


def result_size_from_device(device_id: str, query: Query) -> Call[int]:
    return Call(_record.number, "dkv_store_get_result_size_from_device", *_of_query(device_id, query), keep=query)


def _of_query(device_id: str, query: Query) -> Tuple[Any, ...]:
    return (*sized(encode("device id", device_id)), _query(query))


def count_from_device(device_id: str, prefix: str) -> Call[int]:
    return Call(_record.number, "dkv_store_count_from_device", *_of_device(device_id, "prefix", prefix))


def remove_device_data(device_id: str) -> Call[None]:
    return Call(_record.done, "dkv_store_remove_device_data", *sized(encode("device id", device_id)))


def _of_device(device_id: str, what: str, text: str) -> Tuple[Any, ...]:
    return (*sized(encode("device id", device_id)), *sized(encode(what, text)))
