"""The library's log arrives in Python's logging."""

from __future__ import annotations

import logging
import time

import pytest

import dkv


def test_a_line_of_the_library_reaches_the_logger(
    manager: dkv.Manager, store: dkv.KvStore, caplog: pytest.LogCaptureFixture
) -> None:
    dkv.log_to(logging.getLogger("library"))
    try:
        with caplog.at_level(logging.INFO, "library"):
            # Another application's id closes nothing, and the library says so.
            manager.close_store("store", app_id="com.example.other")
            deadline = time.monotonic() + 30
            while "was not closed" not in caplog.text and time.monotonic() < deadline:
                time.sleep(0.01)
        record = next(record for record in caplog.records if "was not closed" in record.getMessage())
        assert (record.name, record.levelno) == ("library", logging.WARNING)
    finally:
        dkv.log_to(None)
