"""A pytest plugin that prints a line for each test, which is how `cargo xtask test` counts them."""

from __future__ import annotations

import pytest


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    name = report.nodeid.replace("\n", " ")
    if report.failed:
        print(f"not ok - {name}\n{report.longreprtext}", flush=True)
    elif report.when == "call":
        # A test that is skipped has checked nothing.
        print(f"{'not ok' if report.skipped else 'ok'} - {name}", flush=True)
    elif report.skipped:
        print(f"not ok - {name}: skipped", flush=True)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        print(f"not ok - {report.nodeid}\n{report.longreprtext}", flush=True)
