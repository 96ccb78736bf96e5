"""The numbers of the C header under Python's names. They are read from its declarations, so none is typed twice."""

from __future__ import annotations

from enum import IntEnum

from ._library import lib


def _number(name: str) -> int:
    """The number that the header gives a name."""
    number: int = getattr(lib, name)
    return number


class ErrorCode(IntEnum):
    """The codes of `dkv.Error`. A positive one means the same in the reference API, a negative one exists only here."""

    PERMISSION_DENIED = _number("DKV_ERR_PERMISSION_DENIED")
    INVALID_ARGUMENT = _number("DKV_ERR_INVALID_ARGUMENT")
    LOG_OVER_LIMITS = _number("DKV_ERR_LOG_OVER_LIMITS")
    PARAMETER = _number("DKV_ERR_PARAMETER")
    OVER_LIMITS = _number("DKV_ERR_OVER_LIMITS")
    OPTIONS_CHANGED = _number("DKV_ERR_OPTIONS_CHANGED")
    CORRUPTED = _number("DKV_ERR_CORRUPTED")
    NOT_FOUND = _number("DKV_ERR_NOT_FOUND")
    CLOSED = _number("DKV_ERR_CLOSED")
    KEY_UNAVAILABLE = _number("DKV_ERR_KEY_UNAVAILABLE")
    GENERAL = _number("DKV_ERR_GENERAL")
    DATABASE = _number("DKV_ERR_DATABASE")
    NOT_SUPPORTED = _number("DKV_ERR_NOT_SUPPORTED")
    READ_ONLY = _number("DKV_ERR_READ_ONLY")
    INVALID_VALUE_FIELDS = _number("DKV_ERR_INVALID_VALUE_FIELDS")
    INVALID_FIELD_TYPE = _number("DKV_ERR_INVALID_FIELD_TYPE")
    CONSTRAINT_VIOLATION = _number("DKV_ERR_CONSTRAINT_VIOLATION")
    INVALID_FORMAT = _number("DKV_ERR_INVALID_FORMAT")
    INVALID_QUERY_FORMAT = _number("DKV_ERR_INVALID_QUERY_FORMAT")
    INVALID_QUERY_FIELD = _number("DKV_ERR_INVALID_QUERY_FIELD")
    CANNOT_OPEN = _number("DKV_ERR_CANNOT_OPEN")
    DEVICE_NOT_ONLINE = _number("DKV_ERR_DEVICE_NOT_ONLINE")
    QUEUE_FULL = _number("DKV_ERR_QUEUE_FULL")
    WOULD_BLOCK = _number("DKV_ERR_WOULD_BLOCK")
    OUTCOME_UNKNOWN = _number("DKV_ERR_OUTCOME_UNKNOWN")
    FORKED = _number("DKV_ERR_FORKED")
    INTERNAL = _number("DKV_ERR_INTERNAL")


class ValueType(IntEnum):
    """What a value is stored as."""

    STRING = _number("DKV_VALUE_STRING")
    INTEGER = _number("DKV_VALUE_INTEGER")
    FLOAT = _number("DKV_VALUE_FLOAT")
    BYTE_ARRAY = _number("DKV_VALUE_BYTE_ARRAY")
    BOOLEAN = _number("DKV_VALUE_BOOLEAN")
    DOUBLE = _number("DKV_VALUE_DOUBLE")
    LONG = _number("DKV_VALUE_LONG")


class StoreType(IntEnum):
    """What kind of store to open. Fixed when it is created."""

    #: Every device has its own keys. The default.
    DEVICE_COLLABORATION = _number("DKV_STORE_DEVICE_COLLABORATION")
    #: One set of keys.
    SINGLE_VERSION = _number("DKV_STORE_SINGLE_VERSION")


class SecurityLevel(IntEnum):
    """How sensitive the data of a store is. A later opening may raise it, never lower it."""

    S1 = _number("DKV_SECURITY_S1")
    S2 = _number("DKV_SECURITY_S2")
    S3 = _number("DKV_SECURITY_S3")
    S4 = _number("DKV_SECURITY_S4")


class Durability(IntEnum):
    """When a write is acknowledged."""

    #: When it is on the disk. The default.
    DURABLE = _number("DKV_DURABILITY_DURABLE")
    #: When it is applied; it is on the disk within a second, at a flush and at close.
    RELAXED = _number("DKV_DURABILITY_RELAXED")


class SubscribeType(IntEnum):
    """Whose changes an observer is told."""

    LOCAL = _number("DKV_SUBSCRIBE_LOCAL")
    REMOTE = _number("DKV_SUBSCRIBE_REMOTE")
    ALL = _number("DKV_SUBSCRIBE_ALL")


class SyncMode(IntEnum):
    """The direction of a synchronisation."""

    PULL_ONLY = _number("DKV_SYNC_PULL_ONLY")
    PUSH_ONLY = _number("DKV_SYNC_PUSH_ONLY")
    PUSH_PULL = _number("DKV_SYNC_PUSH_PULL")


class SchemaMode(IntEnum):
    """Whether values may have fields that the schema does not declare."""

    #: They may. The default.
    COMPATIBLE = _number("DKV_SCHEMA_COMPATIBLE")
    #: They may not.
    STRICT = _number("DKV_SCHEMA_STRICT")


#: Longest key of a single-version store, in UTF-8 bytes after trimming.
MAX_KEY_LENGTH = _number("DKV_MAX_KEY_LENGTH")
#: Longest key of a device store, in UTF-8 bytes after trimming.
MAX_KEY_LENGTH_DEVICE = _number("DKV_MAX_KEY_LENGTH_DEVICE")
#: Longest str or bytes value, in (UTF-8) bytes.
MAX_VALUE_LENGTH = _number("DKV_MAX_VALUE_LENGTH")
#: Longest store id, in bytes.
MAX_STORE_ID_LENGTH = _number("DKV_MAX_STORE_ID_LENGTH")
#: Longest query text, in bytes.
MAX_QUERY_LENGTH = _number("DKV_MAX_QUERY_LENGTH")
#: Entries of a batch that the reference documents. Larger batches are accepted.
MAX_BATCH_SIZE = _number("DKV_MAX_BATCH_SIZE")
