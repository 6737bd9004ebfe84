"""Voice with everything around it, once for the tests that only look at legs of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.voice.suite import Suite, whole_suite
from tests.support.nats import nats_server


@pytest.fixture(scope="package")
async def shared_suite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Suite]:
    """Run voice on SQLite; legs that nobody is long over are asked about after a moment."""
    folder: Path = tmp_path_factory.mktemp("voice")
    more = {
        "VOICE_RECORDINGS_URL": str(folder / "recordings"),
        "VOICE_CONNECTION_ID": "1234567890123456789",
    }
    database_url = f"sqlite+aiosqlite:///{folder / 'voice.db'}"
    with nats_server() as server:
        async with whole_suite(server.url, database_url, **more) as suite:
            yield suite
