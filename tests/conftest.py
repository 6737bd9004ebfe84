"""Fixtures every suite may use: a real nats-server, both databases, both stores of objects."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.nats import NatsServer
from tests.support.nats import nats_server as run_nats_server
from tests.support.postgres import (
    create_database,
    drop_database,
    empty_database,
    postgres_cluster,
)
from tests.support.s3 import S3Server
from tests.support.s3 import s3_server as run_s3_server

# Tests fork servers while gRPC's threads run; its fork handlers then abort the child now and then.
# Read when gRPC is first used, so before any test.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

# No test asserts how long something takes, and a busy machine takes its time.
settings.register_profile("switchhook", deadline=None)
settings.load_profile("switchhook")


@pytest.fixture
def nats_server() -> Iterator[NatsServer]:
    """A fresh nats-server of the test's own, with `sync_interval: always` and a monitor."""
    with run_nats_server() as server:
        yield server


@pytest.fixture
def nats_url(nats_server: NatsServer) -> str:
    """The address of a fresh nats-server of the test's own."""
    return nats_server.url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The maintenance database of one PostgreSQL server for the whole run."""
    with postgres_cluster() as url:
        yield url


@pytest.fixture
def sqlite_database_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'service.db'}"


@pytest.fixture(scope="session")
async def spare_databases(postgres_url: str) -> AsyncIterator[list[str]]:
    """Empty PostgreSQL databases nobody uses at the moment."""
    spare: list[str] = []
    yield spare
    for url in spare:
        await drop_database(postgres_url, url)


@pytest.fixture
async def postgres_database_url(
    postgres_url: str, spare_databases: list[str]
) -> AsyncIterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    url = spare_databases.pop() if spare_databases else await create_database(postgres_url)
    yield url
    await empty_database(url)
    spare_databases.append(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database; the test runs once on SQLite and once on PostgreSQL."""
    kind = "sqlite" if request.param == "sqlite" else "postgres"
    return str(request.getfixturevalue(f"{kind}_database_url"))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """One S3 server for the whole run."""
    with run_s3_server() as server:
        yield server


@pytest.fixture
def s3_url(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place in a bucket of a real S3 server, whose credentials are in the environment."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server.fresh_url()


@pytest.fixture(params=["folder", "s3"])
def objects_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where objects may be kept; the test runs once in a folder and once on S3."""
    if request.param == "folder":
        return str(tmp_path / "objects")
    return str(request.getfixturevalue("s3_url"))
