"""`switchhook demo`: the welcome scenario, headless, with every effect checked."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.environment import Ports

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from simulator.scenarios import Result

# Speech and ringing pass ten times as fast as in life; nothing of ours is scaled.
_TIME_SCALE = "0.1"


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "demo",
        help="play the welcome scenario headless and check every effect",
        description="Start a suite of its own on free ports with fresh data, play the welcome "
        "scenario through signed webhooks, print a line for each event and each effect, and exit "
        "0 only if the carrier saw every expected effect, and none twice.",
    )
    parser.add_argument(
        "--processes", action="store_true", help="a process for each service, as in production"
    )
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Play the scenario; 0 when everything expected was seen."""
    from chassis import logs

    logs.configure("demo", level="warning")
    os.environ.setdefault("SWITCHHOOK_SIMULATOR_TIME_SCALE", _TIME_SCALE)
    with tempfile.TemporaryDirectory(prefix="switchhook-demo-") as folder:
        results = asyncio.run(_play(Path(folder), processes=arguments.processes))
    return 0 if all(not result.unmet for result in results) else 1


async def _play(folder: Path, *, processes: bool) -> Sequence[Result]:
    from cli import suite
    from cli.story import Story, summary
    from simulator.client import Control
    from simulator.scenarios import WELCOME, play

    ports = Ports.free()
    async with suite.running(folder, ports, processes=processes):
        control = Control(f"http://127.0.0.1:{ports.simulator}")
        results = await asyncio.to_thread(play, control, WELCOME, Story().tell)
    print(summary(results))
    return results
