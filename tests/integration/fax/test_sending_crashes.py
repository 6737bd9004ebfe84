"""A service that dies while it sends: the fax leaves once, and nothing is forgotten."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
from switchhook.fax.v1 import sending_service_pb2

from chassis.grpc_client import channel
from cli.children import die_with_parent
from simulator import world
from tests.integration.fax.suite import (
    API_KEY,
    QUICK,
    Suite,
    Surroundings,
    fax_service,
    suite_at,
    surroundings,
)
from tests.support.eventually import eventually
from tests.support.nats import NatsServer


async def test_an_attempt_cut_off_by_a_kill_is_made_once(
    nats_server: NatsServer, sqlite_database_url: str, tmp_path: Path
) -> None:
    """The carrier took what a killed process never heard of: it is found again, and delivered."""
    async with surroundings(nats_server, tmp_path) as around:
        async with process(around, sqlite_database_url, tmp_path) as (suite, killed):
            await suite.sim("faults", {"kind": "slow", "match": "POST /v2/faxes", "seconds": 1})
            job = await suite.send()
            await eventually(lambda: _struck(suite))
            killed.kill()
            killed.wait()
        async with fax_service(around, sqlite_database_url, tmp_path) as suite:
            ended = await suite.reaches(job.job_id, "DELIVERED")
            assert [each.number for each in ended.attempts] == [1]
            assert len(await suite.seen()) == 1


@asynccontextmanager
async def process(
    around: Surroundings, database_url: str, folder: Path
) -> AsyncIterator[tuple[Suite, subprocess.Popen[bytes]]]:
    """Run the fax service as a process of its own, which ends with the block at the latest."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    environ = {
        "SWITCHHOOK_FAX_GRPC_ADDRESS": f"127.0.0.1:{port}",
        "SWITCHHOOK_FAX_ADMIN_ADDRESS": "127.0.0.1:0",
        "SWITCHHOOK_FAX_DATABASE_URL": database_url,
        "SWITCHHOOK_FAX_DOCUMENTS_URL": str(folder / "documents"),
        "SWITCHHOOK_FAX_CONNECTION_ID": world.FAX_CONNECTION_ID,
        "SWITCHHOOK_FAX_FROM_NUMBER": world.FAX_NUMBER,
        "SWITCHHOOK_FAX_RETRIES": QUICK,
        "SWITCHHOOK_NATS_URL": around.server.url,
        "SWITCHHOOK_TELNYX_URL": around.carrier.api,
        "TELNYX_API_KEY": API_KEY,
    }
    child = _started(environ)
    try:
        async with channel(f"127.0.0.1:{port}", default_deadline=30) as target:
            suite = suite_at(around, target)
            await eventually(lambda: _answers(suite), timeout=30)
            yield suite, child
    finally:
        child.kill()
        child.wait()


def _started(environ: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "services.fax"],
        env={**os.environ, **environ},
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent(),
    )


async def _answers(suite: Suite) -> bool:
    try:
        await suite.sending.ListFaxJobs(sending_service_pb2.ListFaxJobsRequest(), timeout=1)
    except grpc.aio.AioRpcError:
        return False
    return True


async def _struck(suite: Suite) -> bool:
    """Say whether the fault has met its request."""
    return not (await asyncio.to_thread(suite.control.get, "/_sim/faults"))["faults"]


async def test_a_plan_outlives_the_service(
    nats_server: NatsServer, sqlite_database_url: str, tmp_path: Path
) -> None:
    """What is due when nobody runs is done by the next one who does."""
    async with surroundings(nats_server, tmp_path) as around:
        async with fax_service(around, sqlite_database_url, tmp_path) as suite:
            await suite.teach("a_word_of_tomorrow")
            job = await suite.send()

            async def failed() -> bool:
                return len(await suite.announced("events.v1.telnyx.fax.fax.failed")) == 1

            await eventually(failed)
        async with fax_service(around, sqlite_database_url, tmp_path) as suite:
            ended = await suite.reaches(job.job_id, "DELIVERED")
            assert len(ended.attempts) == 2
