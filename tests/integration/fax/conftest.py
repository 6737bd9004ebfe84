"""A running fax service on each database; and, where documents matter, on each store of objects."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.fax_world import World, fax_world
from tests.support.nats import NatsServer


@pytest.fixture
async def world(nats_server: NatsServer, database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A service whose documents lie in a folder."""
    async with fax_world(nats_server.url, database_url, str(tmp_path / "documents")) as running:
        yield running


@pytest.fixture
async def everywhere(
    nats_server: NatsServer, database_url: str, objects_url: str
) -> AsyncIterator[World]:
    """A service whose documents lie in a folder, and one whose documents lie on S3."""
    async with fax_world(nats_server.url, database_url, objects_url) as running:
        yield running
