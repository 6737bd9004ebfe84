"""A contact centre on each database."""

from collections.abc import AsyncIterator

import pytest

from tests.support.floor import Floor
from tests.support.floor import floor as open_floor


@pytest.fixture
async def floor(database_url: str) -> AsyncIterator[Floor]:
    """A contact centre with a support queue."""
    async with open_floor(database_url) as opened:
        yield opened
