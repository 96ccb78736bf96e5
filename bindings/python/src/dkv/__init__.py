"""dkv: an embedded key-value store, typed, ordered, durable.

    import dkv

    with dkv.Manager("com.example.notes", "/var/lib/notes") as manager:
        with manager.get_store(
            "notes", store_type=dkv.StoreType.SINGLE_VERSION, security_level=dkv.SecurityLevel.S1
        ) as store:
            store["greeting"] = "hello"         # on the disk when this is done
            print(store["greeting"])

`dkv.aio` has the same for asyncio. Every failure is a `dkv.Error` with a `code` that means the same in every language.
"""

from ._library import ffi as _ffi, lib as _lib, library_path
from ._options import KeyRange, StoreOptions
from ._shutdown import shutdown
from .changes import Change, SyncStatus
from .constants import (
    MAX_BATCH_SIZE,
    MAX_KEY_LENGTH,
    MAX_KEY_LENGTH_DEVICE,
    MAX_QUERY_LENGTH,
    MAX_STORE_ID_LENGTH,
    MAX_VALUE_LENGTH,
    Durability,
    ErrorCode,
    SchemaMode,
    SecurityLevel,
    StoreType,
    SubscribeType,
    SyncMode,
    ValueType,
)
from .device_store import DeviceStore
from .errors import (
    CannotOpenError,
    ClosedError,
    CorruptedError,
    DatabaseError,
    Error,
    InvalidArgumentError,
    InvalidTypeError,
    KeyUnavailableError,
    NotFoundError,
    NotSupportedError,
    OptionsChangedError,
    OutcomeUnknownError,
    OverLimitsError,
    PermissionDeniedError,
)
from .logs import log_to
from .manager import Manager
from .query import Query
from .recovery import Recovery, RecoverySource
from .result_set import ResultSet
from .schema import FieldNode, Schema
from .statistics import Statistics
from .store import KvStore
from .subscription import Feed, Subscription
from .transaction import Transaction
from .values import Entry, Float, Integer, Storable, Value

#: The library's release.
__version__: str = _ffi.string(_lib.dkv_version()).decode()

__all__ = [
    "MAX_BATCH_SIZE",
    "MAX_KEY_LENGTH",
    "MAX_KEY_LENGTH_DEVICE",
    "MAX_QUERY_LENGTH",
    "MAX_STORE_ID_LENGTH",
    "MAX_VALUE_LENGTH",
    "CannotOpenError",
    "Change",
    "ClosedError",
    "CorruptedError",
    "DatabaseError",
    "DeviceStore",
    "Durability",
    "Entry",
    "Error",
    "ErrorCode",
    "Feed",
    "FieldNode",
    "Float",
    "Integer",
    "InvalidArgumentError",
    "InvalidTypeError",
    "KeyRange",
    "KvStore",
    "Manager",
    "KeyUnavailableError",
    "NotFoundError",
    "NotSupportedError",
    "OptionsChangedError",
    "OutcomeUnknownError",
    "OverLimitsError",
    "PermissionDeniedError",
    "Query",
    "Recovery",
    "RecoverySource",
    "ResultSet",
    "Schema",
    "SchemaMode",
    "SecurityLevel",
    "Statistics",
    "Storable",
    "StoreOptions",
    "StoreType",
    "SubscribeType",
    "Subscription",
    "SyncMode",
    "SyncStatus",
    "Transaction",
    "Value",
    "ValueType",
    "__version__",
    "library_path",
    "log_to",
    "shutdown",
]
