"""The numbers of the C header under Python's names. They are read from its declarations, so none is typed twice."""

from __future__ import annotations

from enum import IntEnum

from ._library import lib


class ErrorCode(IntEnum):
    """The codes of `dkv.Error`. A positive one means the same in the reference API, a negative one exists only here."""

    PERMISSION_DENIED = lib.DKV_ERR_PERMISSION_DENIED
    INVALID_ARGUMENT = lib.DKV_ERR_INVALID_ARGUMENT
    LOG_OVER_LIMITS = lib.DKV_ERR_LOG_OVER_LIMITS
    PARAMETER = lib.DKV_ERR_PARAMETER
    OVER_LIMITS = lib.DKV_ERR_OVER_LIMITS
    OPTIONS_CHANGED = lib.DKV_ERR_OPTIONS_CHANGED
    CORRUPTED = lib.DKV_ERR_CORRUPTED
    NOT_FOUND = lib.DKV_ERR_NOT_FOUND
    CLOSED = lib.DKV_ERR_CLOSED
    KEY_UNAVAILABLE = lib.DKV_ERR_KEY_UNAVAILABLE
    GENERAL = lib.DKV_ERR_GENERAL
    DATABASE = lib.DKV_ERR_DATABASE
    NOT_SUPPORTED = lib.DKV_ERR_NOT_SUPPORTED
    READ_ONLY = lib.DKV_ERR_READ_ONLY
    INVALID_VALUE_FIELDS = lib.DKV_ERR_INVALID_VALUE_FIELDS
    INVALID_FIELD_TYPE = lib.DKV_ERR_INVALID_FIELD_TYPE
    CONSTRAINT_VIOLATION = lib.DKV_ERR_CONSTRAINT_VIOLATION
    INVALID_FORMAT = lib.DKV_ERR_INVALID_FORMAT
    INVALID_QUERY_FORMAT = lib.DKV_ERR_INVALID_QUERY_FORMAT
    INVALID_QUERY_FIELD = lib.DKV_ERR_INVALID_QUERY_FIELD
    CANNOT_OPEN = lib.DKV_ERR_CANNOT_OPEN
    DEVICE_NOT_ONLINE = lib.DKV_ERR_DEVICE_NOT_ONLINE
    QUEUE_FULL = lib.DKV_ERR_QUEUE_FULL
    WOULD_BLOCK = lib.DKV_ERR_WOULD_BLOCK
    OUTCOME_UNKNOWN = lib.DKV_ERR_OUTCOME_UNKNOWN
    FORKED = lib.DKV_ERR_FORKED
    INTERNAL = lib.DKV_ERR_INTERNAL


class ValueType(IntEnum):
    """What a value is stored as."""

    STRING = lib.DKV_VALUE_STRING
    INTEGER = lib.DKV_VALUE_INTEGER
    FLOAT = lib.DKV_VALUE_FLOAT
    BYTE_ARRAY = lib.DKV_VALUE_BYTE_ARRAY
    BOOLEAN = lib.DKV_VALUE_BOOLEAN
    DOUBLE = lib.DKV_VALUE_DOUBLE
    LONG = lib.DKV_VALUE_LONG


class StoreType(IntEnum):
    """What kind of store to open. Fixed when it is created."""

    #: Every device has its own keys. The default.
    DEVICE_COLLABORATION = lib.DKV_STORE_DEVICE_COLLABORATION
    #: One set of keys.
    SINGLE_VERSION = lib.DKV_STORE_SINGLE_VERSION


class SecurityLevel(IntEnum):
    """How sensitive the data of a store is. A later opening may raise it, never lower it."""

    S1 = lib.DKV_SECURITY_S1
    S2 = lib.DKV_SECURITY_S2
    S3 = lib.DKV_SECURITY_S3
    S4 = lib.DKV_SECURITY_S4


class Durability(IntEnum):
    """When a write is acknowledged."""

    #: When it is on the disk. The default.
    DURABLE = lib.DKV_DURABILITY_DURABLE
    #: When it is applied; it is on the disk within a second, at a flush and at close.
    RELAXED = lib.DKV_DURABILITY_RELAXED


class SubscribeType(IntEnum):
    """Whose changes an observer is told."""

    LOCAL = lib.DKV_SUBSCRIBE_LOCAL
    REMOTE = lib.DKV_SUBSCRIBE_REMOTE
    ALL = lib.DKV_SUBSCRIBE_ALL


class SyncMode(IntEnum):
    """The direction of a synchronisation."""

    PULL_ONLY = lib.DKV_SYNC_PULL_ONLY
    PUSH_ONLY = lib.DKV_SYNC_PUSH_ONLY
    PUSH_PULL = lib.DKV_SYNC_PUSH_PULL


#: Longest key of a single-version store, in UTF-8 bytes after trimming.
MAX_KEY_LENGTH: int = lib.DKV_MAX_KEY_LENGTH
#: Longest key of a device store, in UTF-8 bytes after trimming.
MAX_KEY_LENGTH_DEVICE: int = lib.DKV_MAX_KEY_LENGTH_DEVICE
#: Longest str or bytes value, in (UTF-8) bytes.
MAX_VALUE_LENGTH: int = lib.DKV_MAX_VALUE_LENGTH
#: Longest store id, in bytes.
MAX_STORE_ID_LENGTH: int = lib.DKV_MAX_STORE_ID_LENGTH
#: Longest query text, in bytes.
MAX_QUERY_LENGTH: int = lib.DKV_MAX_QUERY_LENGTH
#: Entries of a batch that the reference documents. Larger batches are accepted.
MAX_BATCH_SIZE: int = lib.DKV_MAX_BATCH_SIZE
