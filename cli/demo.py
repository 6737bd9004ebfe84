"""`switchhook demo`: the welcome scenario, headless, with every effect checked."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cli.environment import Ports

if TYPE_CHECKING:
    from argparse import _SubParsersAction


# Speech and ringing pass ten times as fast as in life; nothing of ours is scaled.
_TIME_SCALE = "0.1"
_INTERRUPTED = 128 + signal.SIGINT  # as shells say it


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "demo",
        help="play the welcome scenario headless and check every effect",
        description="Start a suite of its own on free ports with fresh data, play the welcome "
        "scenario through signed webhooks, print a line for each event and each effect, and exit "
        "0 only if the carrier saw every expected effect, and none twice, and the services hold "
        "what they should.",
    )
    parser.add_argument(
        "--processes", action="store_true", help="a process for each service, as in production"
    )
    parser.add_argument(
        "--patience",
        type=float,
        metavar="SECONDS",
        help="how long each step may take to show what is expected of it (default: 20)",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="show every line of the logs, not only errors"
    )
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Play the scenario; 0 when everything expected was seen."""
    from chassis import logs

    logs.configure("demo", level="info" if arguments.verbose else "error")
    os.environ.setdefault("SWITCHHOOK_SIMULATOR_TIME_SCALE", _TIME_SCALE)
    with tempfile.TemporaryDirectory(prefix="switchhook-demo-") as folder:
        try:
            good = asyncio.run(_play(arguments, Path(folder)))
        except KeyboardInterrupt:
            return _INTERRUPTED
    return 0 if good else 1


async def _play(arguments: argparse.Namespace, folder: Path) -> bool:
    from cli import centre_findings, centre_tour, outgoing, suite
    from cli.findings import findings
    from cli.story import Story, summary
    from simulator.playing import play
    from simulator.scenarios import WELCOME

    ports, story = Ports.free(), Story()
    tour = (*WELCOME, *outgoing.STEPS, *centre_tour.STEPS)
    steps = [replace(step, seconds=arguments.patience or step.seconds) for step in tour]
    async with suite.running(folder, ports, processes=arguments.processes):
        local = "127.0.0.1"
        control = centre_tour.TourControl(
            f"http://{local}:{ports.simulator}", f"{local}:{ports.fax}", f"{local}:{ports.voice}"
        )
        results = await asyncio.to_thread(play, control, steps, story.tell, begin=story.begin)
        found = [*await findings(ports), *await centre_findings.findings(ports)]
    story.found(found)
    print(summary(results))
    return all(each.good for each in found) and not any(result.unmet for result in results)
