"""Run the simulator alone: python -m simulator."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from simulator.app import running
from simulator.settings import Settings


async def _main() -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with running(Settings.from_environment(os.environ)) as addresses:
        sys.stdout.write(f"simulator {addresses.http}\nTELNYX_PUBLIC_KEY={addresses.public_key}\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(_main())
