"""The simulator as a process of its own."""

import asyncio
import os
import sys

from aiohttp import ClientSession

from simulator.settings import Settings


async def test_it_starts_tells_its_address_and_stops() -> None:
    """`python -m simulator` prints address and public key, serves, and ends well on SIGTERM."""
    environ = {"SWITCHHOOK_SIMULATOR_ADDRESS": "127.0.0.1:0", "SWITCHHOOK_SIMULATOR_SEED": "5"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator",
        env={**os.environ, **environ},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        address = (await process.stdout.readline()).decode().split()[1]
        key = (await process.stdout.readline()).decode().strip()
        assert key == f"TELNYX_PUBLIC_KEY={Settings(seed=5).public_key()}"
        async with ClientSession() as session, session.get(f"{address}/healthz") as reply:
            assert reply.status == 200
        process.terminate()
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
