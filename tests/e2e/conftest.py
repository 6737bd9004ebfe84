"""The suite that most tests look at from outside, started once."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.command import Up, up


@pytest.fixture(scope="package")
async def suite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    """Everything in one process, without the welcome scenario, ten times as fast as in life."""
    folder = tmp_path_factory.mktemp("suite")
    async with up(folder, "--quiet", SWITCHHOOK_SIMULATOR_TIME_SCALE="0.1") as running:
        yield running
