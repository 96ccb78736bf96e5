"""What can be asked of a manager."""

from __future__ import annotations

from typing import Any, List, Mapping

from . import _options, _record
from ._call import Call, sized
from ._library import ffi, lib
from ._text import Path, encode, encode_path
from .constants import StoreType
from .errors import check


def create(options: _options.Filled) -> Any:
    """A manager of the library."""
    made, _keep = options
    place = ffi.new("dkv_manager **")
    check(lib.dkv_manager_create(made, place))
    return place[0]


def get_store(store_id: str, store_type: StoreType, options: Mapping[str, Any]) -> Call[int]:
    """The opening of a store; the answer is its handle, a view on the same queue."""
    made, keep = _options.store(store_type, options)
    return Call(_record.number, "dkv_manager_get_store", *sized(encode("store id", store_id)), made, keep=keep)


def close_store(app_id: str, store_id: str, root_dir: Path | None) -> Call[None]:
    return _by_id("dkv_manager_close_store", app_id, store_id, root_dir)


def delete_store(app_id: str, store_id: str, root_dir: Path | None) -> Call[None]:
    return _by_id("dkv_manager_delete_store", app_id, store_id, root_dir)


def _by_id(function: str, app_id: str, store_id: str, root_dir: Path | None) -> Call[None]:
    folder = b"" if root_dir is None else encode_path("root folder", root_dir)
    ids = (*sized(encode("application id", app_id)), *sized(encode("store id", store_id)))
    return Call(_record.done, function, *ids, *sized(folder))


def store_ids(app_id: str) -> Call[List[str]]:
    return Call(_record.store_ids, "dkv_manager_get_all_store_ids", *sized(encode("application id", app_id)))


def local_device_id() -> Call[str]:
    return Call(_record.text, "dkv_manager_get_local_device_id")


def subscribe_service_death(view: Any, place: Any) -> int:
    status: int = lib.dkv_manager_subscribe_service_death(view, ffi.NULL, ffi.NULL, place)
    return status
