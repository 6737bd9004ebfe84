"""Voice without the bus, on each database."""

from collections.abc import AsyncIterator

import pytest

from tests.support.travellers import World
from tests.support.travellers import world as open_world


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """Open voice with the default plan."""
    async with open_world(database_url) as opened:
        yield opened
