"""Structs of options: the library sets their defaults, and what differs is filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, List, Mapping, Tuple, TypedDict

from ._library import ffi, lib
from ._text import Path, encode, encode_path, fill
from .constants import Durability, SecurityLevel
from .errors import check, invalid_argument, invalid_type

if TYPE_CHECKING:
    from .schema import Schema

#: A struct, and what keeps alive what it points to.
Filled = Tuple[Any, List[Any]]


class _Required(TypedDict):
    security_level: SecurityLevel


class StoreOptions(_Required, total=False):
    """What a store is opened with, as keyword arguments of `get_store`. What is left out has its default.

    security_level: How sensitive the data is. Required.
    create_if_missing: Creates the store if it does not exist. Default True.
    encrypt: Encrypts the store, under a key that the manager's root key wraps. Fixed when it is created. Default False.
    backup: Automatic backups in the background, under the name `autoBackup`. Default True.
    auto_sync: Synchronises in the background once a transport exists. Recorded. Default False.
    durability: When a write is acknowledged. Default `Durability.DURABLE`.
    cache_bytes: Page cache of the store in bytes, 1 MiB to 64 GiB. Default 8 MiB.
    root_dir: Another folder than the manager's for this store. It must exist. Default none.
    schema: The schema: a `dkv.Schema`, or its JSON text. Default none.
    auto_backup_quiet_ms: Time without a write after which an automatic backup begins. Default 30,000.
    auto_backup_interval_ms: Age below which an automatic backup is not replaced. Default 3,600,000.
    recover: Brings a damaged store back, from its newest backup or from what can still be read, and keeps the damaged
        file; `store.recovery()` tells what happened. Every opening then reads the whole file. Default False.
    fast_recovery: Keeps every commit ready for a fast opening: after a crash the store opens without reading all of its
        file, about a second for each gigabyte. A commit flushes twice for it, and writes more. Default False.
    """

    create_if_missing: bool
    encrypt: bool
    backup: bool
    auto_sync: bool
    durability: Durability
    cache_bytes: int
    root_dir: Path
    schema: str | Schema
    auto_backup_quiet_ms: int
    auto_backup_interval_ms: int
    recover: bool
    fast_recovery: bool


def flag(what: str, value: bool) -> int:
    if not isinstance(value, bool):
        raise invalid_type(what, "a bool", value)
    return int(value)


def unsigned(what: str, number: int, bits: int) -> int:
    """A number that a C field of so many bits can hold; C would cut off the rest without a word."""
    if isinstance(number, bool) or not isinstance(number, int):
        raise invalid_type(what, "an int", number)
    if not 0 <= number < 2**bits:
        raise invalid_argument(f"the {what} is {number}. It is at least 0, and less than 2 to the power of {bits}.")
    return number


def _new(noun: str, init: Callable[[Any, int], int]) -> Any:
    made = ffi.new(f"{noun} *")
    check(init(made, ffi.sizeof(noun)))
    return made


def manager(
    bundle_name: str,
    base_dir: Path,
    is_system_app: bool,
    open_stores_max: int,
    root_key: bytes | None,
    root_key_in_keyring: bool,
) -> Filled:
    made = _new("dkv_manager_options", lib.dkv_manager_options_init)
    keep = [
        fill(made.bundle_name, encode("bundle name", bundle_name)),
        fill(made.base_dir, encode_path("base folder", base_dir)),
    ]
    made.is_system_app = flag("option is_system_app", is_system_app)
    made.open_stores_max = unsigned("option open_stores_max", open_stores_max, 32)
    if root_key is not None:
        if not isinstance(root_key, bytes):
            raise invalid_type("option root_key", "bytes", root_key)
        # The bytes themselves: the library copies them, and no other copy of a secret is left behind.
        made.root_key = ffi.from_buffer("uint8_t[]", root_key)
        made.root_key_length = len(root_key)
        keep.append(root_key)
    made.root_key_in_keyring = flag("option root_key_in_keyring", root_key_in_keyring)
    return made, keep


def _json(schema: object) -> str:
    from .schema import Schema

    if not isinstance(schema, Schema):
        raise invalid_type("option schema", "a Schema or its JSON text", schema)
    return schema.to_json()


_FLAGS = ("create_if_missing", "encrypt", "backup", "auto_sync", "recover", "fast_recovery")
#: The bits of each field that holds a number. An int32_t has 31 for what is never negative.
_NUMBERS = {
    "security_level": 31,
    "durability": 31,
    "cache_bytes": 64,
    "auto_backup_quiet_ms": 64,
    "auto_backup_interval_ms": 64,
}


def store(store_type: int, options: Mapping[str, Any]) -> Filled:
    made = _new("dkv_store_options", lib.dkv_store_options_init)
    keep: List[Any] = []
    made.kv_store_type = unsigned("option store_type", store_type, 31)
    for name, value in options.items():
        if name in _FLAGS:
            setattr(made, name, flag(f"option {name}", value))
        elif name in _NUMBERS:
            setattr(made, name, unsigned(f"option {name}", value, _NUMBERS[name]))
        elif name == "root_dir":
            keep.append(fill(made.root_dir, encode_path("option root_dir", value)))
        elif name == "schema":
            keep.append(fill(made.schema, encode("option schema", value if isinstance(value, str) else _json(value))))
        else:
            raise TypeError(f"get_store() got an unexpected keyword argument {name!r}")
    return made, keep


class KeyRange(TypedDict, total=False):
    """Which entries an iteration visits, as keyword arguments. Bounds are trimmed as keys are.

    prefix: Only keys that begin with this.
    gte: Only keys at or behind this one.
    gt: Only keys behind this one.
    lt: Only keys before this one.
    lte: Only keys at or before this one.
    reverse: Descending order. Default False.
    limit: At most so many entries, 1 or more. Default all.
    """

    prefix: str
    gte: str
    gt: str
    lt: str
    lte: str
    reverse: bool
    limit: int


def key_range(options: Mapping[str, Any]) -> Filled:
    made = _new("dkv_key_range", lib.dkv_key_range_init)
    keep: List[Any] = []
    for name, value in options.items():
        if name == "reverse":
            made.reverse = flag("option reverse", value)
        elif name == "limit":
            made.limit = unsigned("option limit", value, 64)
            if value == 0:
                raise invalid_argument("a limit of 0 selects nothing. Leave it out to select everything.")
        elif name in KeyRange.__annotations__:
            keep.append(fill(getattr(made, name), encode(f"bound {name}", value)))
        else:
            raise TypeError(f"a range of keys got an unexpected keyword argument {name!r}")
    return made, keep
