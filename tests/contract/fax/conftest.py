"""A cupboard on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.keeping import Cupboard, cupboard


@pytest.fixture
async def kept(database_url: str, tmp_path: Path) -> AsyncIterator[Cupboard]:
    """An empty cupboard whose documents lie in a folder."""
    async with cupboard(database_url, str(tmp_path / "objects")) as opened:
        yield opened
