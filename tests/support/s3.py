"""A real S3 server in an environment of its own, on a free port of this machine."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from cli.children import die_with_parent

_PYTHON = (
    Path(__file__).parents[2] / ".venv-s3" / ("Scripts" if os.name == "nt" else "bin") / "python"
)
_BUCKET = "switchhook-test"

# Says where it listens in one line, and ends when it is told to.
_PROGRAM = """
import json, threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(json.dumps(server.get_host_and_port()), flush=True)
threading.Event().wait()
"""


@dataclass(frozen=True)
class S3Server:
    """A running server with one empty bucket."""

    address: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What a client of this server finds in its environment, as every AWS client reads it."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "NO_PROXY": "127.0.0.1",
        }

    def fresh_url(self) -> str:
        """Return a place in the bucket that nobody has used."""
        return f"s3://{_BUCKET}/{uuid.uuid4().hex}"


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run a server for the block; `python3 dev.py test` has installed it."""
    if not _PYTHON.exists():
        raise RuntimeError("the S3 server is not installed; python3 dev.py test installs it")
    process = subprocess.Popen(
        [str(_PYTHON), "-c", _PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent(),
    )
    try:
        assert process.stdout is not None
        host, port = json.loads(process.stdout.readline())
        server = S3Server(f"http://{host}:{port}")
        _make_bucket(server)
        yield server
    finally:
        process.kill()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


def _make_bucket(server: S3Server) -> None:
    """Ask directly: whatever proxy the environment names would look for the address elsewhere."""
    asked = Request(f"{server.address}/{_BUCKET}", method="PUT")  # noqa: S310 - always http
    with build_opener(ProxyHandler({})).open(asked, timeout=20):
        pass
