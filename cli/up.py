"""`switchhook up`: everything on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import resource
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.environment import Ports

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_PLACES = """
  simulator       http://127.0.0.1:{simulator}        virtual phones, a page and the carrier's REST
  webhooks        http://127.0.0.1:{webhooks}/webhooks/telnyx
  gRPC            gateway {gateway}, voice {voice}, messaging {messaging}, fax {fax}, crm {crm}
  nats            nats://127.0.0.1:{nats}
  health, metrics http://127.0.0.1:{gateway_admin}/readyz (gateway), the others beside it
  data            {folder}

  try  python3 dev.py run simulate sms --from ada --text STOP{url}
       python3 dev.py run simulate call --from grace{url}
       python3 dev.py run simulate --help
"""


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "up",
        help="start everything on this machine and keep it running",
        description="Start nats-server, the simulator and every service, play the welcome "
        "scenario through signed webhooks, and keep running until Ctrl-C. What it holds in its "
        "folder is there again the next time.",
    )
    parser.add_argument("--data", type=Path, default=Path(".data"), help="folder for all data")
    parser.add_argument(
        "--processes", action="store_true", help="a process for each service, as in production"
    )
    parser.add_argument(
        "--free-ports",
        action="store_true",
        help="take ports that are free instead of the usual ones, to run beside another suite",
    )
    parser.add_argument("--quiet", action="store_true", help="do not play the welcome scenario")
    parser.add_argument(
        "--verbose", action="store_true", help="show every line of the logs, not only errors"
    )
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the suite; the exit status is the process's own."""
    from chassis import lifecycle, logs
    from cli import suite

    ports = Ports.free() if arguments.free_ports else Ports()
    folder = arguments.data.resolve()
    if taken := ports.taken():
        return _refuse(f"port {', '.join(map(str, taken))} in use; --free-ports takes others")
    logs.configure("up", level="info" if arguments.verbose else "error")
    try:
        with suite.claimed(folder):
            lifecycle.run(lambda: _running(arguments, folder, ports))
    except suite.FolderError as error:
        return _refuse(str(error))
    return 0


def _refuse(why: str) -> int:
    print(f"switchhook up: {why}", file=sys.stderr)
    return 1


@asynccontextmanager
async def _running(
    arguments: argparse.Namespace, folder: Path, ports: Ports
) -> AsyncIterator[None]:
    from cli import suite

    began, leaving = time.monotonic(), threading.Event()
    async with suite.running(folder, ports, processes=arguments.processes):
        memory = "" if arguments.processes else f", {_mebibytes()} MiB"
        print(f"up in {time.monotonic() - began:.1f} s{memory}")
        print(_places(folder, ports), flush=True)
        if not arguments.quiet:
            # A thread that nobody waits for: Ctrl-C must not have to.
            threading.Thread(target=_welcome, args=(ports, leaving), daemon=True).start()
        yield
        leaving.set()


def _places(folder: Path, ports: Ports) -> str:
    usual = ports.simulator == Ports.simulator
    url = "" if usual else f" --url http://127.0.0.1:{ports.simulator}"
    return _PLACES.format(folder=folder, url=url, **vars(ports))


def _welcome(ports: Ports, leaving: threading.Event) -> None:
    import grpc

    from cli import outgoing
    from cli.story import Story, summary
    from simulator.client import ControlError, NotRunningError
    from simulator.playing import play
    from simulator.scenarios import WELCOME

    local, story = "127.0.0.1", Story()
    control = outgoing.SuiteControl(f"http://{local}:{ports.simulator}", f"{local}:{ports.fax}")
    try:
        results = play(control, (*WELCOME, *outgoing.STEPS), story.tell, begin=story.begin)
    except (NotRunningError, ControlError, grpc.RpcError) as error:
        if not leaving.is_set():
            print(f"the welcome scenario ended early: {error}", file=sys.stderr)
        return
    print(f"{summary(results)}\nrunning; Ctrl-C stops everything", flush=True)


def _mebibytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
