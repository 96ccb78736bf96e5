"""What fails, and how it says so."""

from __future__ import annotations

from typing import Dict, NoReturn, Type

from ._library import ffi, lib
from .constants import ErrorCode


class Error(Exception):
    """A failure of the store. Every failure of this package is one.

    `code` is the number that it has in every language (`dkv.ErrorCode` names them), `message` the sentence that says
    what was wrong, with the limit and the actual size where there is one. Some failures are of a built-in kind as well:
    `NotFoundError` is a `KeyError`, `InvalidArgumentError` a `ValueError`, `InvalidTypeError` a `TypeError`.
    """

    code: int
    message: str

    def __init__(self, code: int, message: str) -> None:
        # A plain number: what is printed and pickled should not depend on an enum.
        super().__init__(int(code), message)
        self.code = int(code)
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} ({self.name}, {self.code})"

    @property
    def name(self) -> str:
        """The name of the code in the C header, such as `DKV_ERR_NOT_FOUND`."""
        name: bytes = ffi.string(lib.dkv_status_name(self.code))
        return name.decode()


class NotFoundError(Error, KeyError):
    """No such key, store, device or backup (15100004)."""


class InvalidArgumentError(Error, ValueError):
    """An argument, key, value, name or option that the API does not accept (401, 15100000)."""


class InvalidTypeError(Error, TypeError):
    """An argument of a type that the API does not accept (401)."""


class ClosedError(Error):
    """The store, the manager or the result set was closed (15100005)."""


class CorruptedError(Error):
    """Stored data is damaged, or the key does not fit. Every file was left as it is (15100003)."""


class KeyUnavailableError(Error):
    """The root key of an encrypted store cannot be had (15100006)."""


class OverLimitsError(Error):
    """A count is at its limit, such as 16 open stores (15100001)."""


class OptionsChangedError(Error):
    """A store was opened with options that contradict the recorded ones (15100002)."""


class PermissionDeniedError(Error):
    """A call for system applications, made by another application (202)."""


class NotSupportedError(Error):
    """The feature does not exist for this store, or not in this version (27459601)."""


class DatabaseError(Error):
    """The database refused or failed; nothing was written (27459594)."""


class CannotOpenError(Error):
    """The store cannot be opened: another process has it, permissions, the folder, a newer format (27459626)."""


class OutcomeUnknownError(Error):
    """Whether the write happened is not known (-3)."""


_CLASSES: Dict[int, Type[Error]] = {
    ErrorCode.NOT_FOUND: NotFoundError,
    ErrorCode.INVALID_ARGUMENT: InvalidArgumentError,
    ErrorCode.PARAMETER: InvalidArgumentError,
    ErrorCode.CLOSED: ClosedError,
    ErrorCode.CORRUPTED: CorruptedError,
    ErrorCode.KEY_UNAVAILABLE: KeyUnavailableError,
    ErrorCode.OVER_LIMITS: OverLimitsError,
    ErrorCode.OPTIONS_CHANGED: OptionsChangedError,
    ErrorCode.PERMISSION_DENIED: PermissionDeniedError,
    ErrorCode.NOT_SUPPORTED: NotSupportedError,
    ErrorCode.DATABASE: DatabaseError,
    ErrorCode.CANNOT_OPEN: CannotOpenError,
    ErrorCode.OUTCOME_UNKNOWN: OutcomeUnknownError,
}


def error_of(code: int, message: str) -> Error:
    """The failure with this code, of the class that stands for it."""
    return _CLASSES.get(code, Error)(code, message)


def invalid_argument(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(ErrorCode.INVALID_ARGUMENT, f"Parameter error: {message}")


def invalid_type(what: str, wanted: str, given: object) -> InvalidTypeError:
    message = f"Parameter error: the {what} is {wanted}, not {type(given).__name__}."
    return InvalidTypeError(ErrorCode.INVALID_ARGUMENT, message)


def not_found(key: str) -> NotFoundError:
    return NotFoundError(ErrorCode.NOT_FOUND, f"Not found: {key!r}.")


def closed(noun: str) -> ClosedError:
    return ClosedError(ErrorCode.CLOSED, f"The {noun} was closed.")


def last_error() -> Error:
    """The failure of this thread's last call that was refused."""
    error = lib.dkv_last_error()
    message: bytes = ffi.buffer(error.message, error.message_length)[:]
    return error_of(error.code, message.decode())


def raise_last_error() -> NoReturn:
    raise last_error()


def check(status: int) -> None:
    """Raises what a call has returned, unless it was a success."""
    if status:
        raise last_error()
