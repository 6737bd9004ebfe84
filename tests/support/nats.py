"""A real nats-server with a store of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.nats_server import NatsServer

__all__ = ["NatsServer", "nats_server"]


@contextmanager
def nats_server(*, sync_always: bool = True) -> Iterator[NatsServer]:
    """Run a server for the block, with a store of its own that is deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="switchhook-nats-"))
    server = NatsServer(folder, sync_always=sync_always)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
