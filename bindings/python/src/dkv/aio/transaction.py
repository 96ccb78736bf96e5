"""The transaction of a store, as an asynchronous context manager."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Type, TypeVar

from .._handle import Handle
from ..errors import Error

if TYPE_CHECKING:
    from .store import KvStore

S = TypeVar("S", bound="KvStore")


class Transaction(Handle, Generic[S]):
    """Commits when the block ends, rolls back when it raises or its task is cancelled."""

    def __init__(self, store: S) -> None:
        self._store = store

    async def __aenter__(self) -> S:
        started = self._store.start_transaction()
        try:
            await started
        except BaseException:
            if started.cancelled():
                # It begins all the same, and nobody will end it.
                self._store.rollback().add_done_callback(_forget)
            raise
        return self._store

    async def __aexit__(
        self, kind: Type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            await self._store.commit()
            return
        try:
            await self._store.rollback()
        except Error:
            # It ended inside the block, or with its store. What the block raised says more.
            pass


def _forget(ended: asyncio.Future[None]) -> None:
    """Takes notice of a failure that nobody waits for."""
    if not ended.cancelled():
        ended.exception()
