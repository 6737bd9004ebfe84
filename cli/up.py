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

  try  python3 dev.py run simulate sms --from +13125550102 --text "hello"
       python3 dev.py run simulate call --from +13125550101
"""


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "up",
        help="start everything on this machine and keep it running",
        description="Start nats-server, the simulator and every service, play the welcome "
        "scenario through signed webhooks, and keep running until Ctrl-C.",
    )
    parser.add_argument("--data", type=Path, default=Path(".data"), help="folder for all data")
    parser.add_argument(
        "--processes", action="store_true", help="a process for each service, as in production"
    )
    parser.add_argument("--quiet", action="store_true", help="do not play the welcome scenario")
    parser.add_argument("--verbose", action="store_true", help="show every line of the logs")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the suite; the exit status is the process's own."""
    from chassis import lifecycle, logs

    ports = Ports()
    if taken := ports.taken():
        print(f"switchhook up: in use: port {', '.join(map(str, taken))}", file=sys.stderr)
        return 1
    logs.configure("up", level="info" if arguments.verbose else "warning")
    lifecycle.run(lambda: _running(arguments, ports))
    return 0


@asynccontextmanager
async def _running(arguments: argparse.Namespace, ports: Ports) -> AsyncIterator[None]:
    from cli import suite

    began = time.monotonic()
    folder = arguments.data.resolve()
    async with suite.running(folder, ports, processes=arguments.processes):
        print(f"up in {time.monotonic() - began:.1f} s, {_mebibytes()} MiB", end="")
        print(_PLACES.format(folder=folder, **vars(ports)), flush=True)
        if not arguments.quiet:
            # A thread that nobody waits for: Ctrl-C must not have to.
            threading.Thread(target=_welcome, args=(ports,), daemon=True).start()
        yield


def _welcome(ports: Ports) -> None:
    from cli.story import Story, summary
    from simulator.client import Control, ControlError, NotRunningError
    from simulator.scenarios import WELCOME, play

    control = Control(f"http://127.0.0.1:{ports.simulator}")
    try:
        results = play(control, WELCOME, Story().tell)
    except (NotRunningError, ControlError) as error:
        print(f"the welcome scenario ended early: {error}", file=sys.stderr)
        return
    print(f"{summary(results)}\nrunning; Ctrl-C stops everything", flush=True)


def _mebibytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
