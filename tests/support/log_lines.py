"""The lines a test's subject writes to the log, through the real pipeline."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
import structlog

from chassis import logs

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def log_set_up() -> Iterator[None]:
    """Put the logging of the process back after the test."""
    root = logging.getLogger()
    level, handlers, configuration = root.level, list(root.handlers), structlog.get_config()
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    structlog.configure(**configuration)
    logging.captureWarnings(capture=False)


@pytest.fixture
def lines(log_set_up: None, capsys: pytest.CaptureFixture[str]) -> Lines:
    """Write JSON lines and return those written since the last call, all to standard error."""
    logs.configure("shop", json=True)

    def read() -> list[dict[str, Any]]:
        captured = capsys.readouterr()
        assert captured.out == ""
        return [orjson.loads(line) for line in captured.err.splitlines()]

    return read
