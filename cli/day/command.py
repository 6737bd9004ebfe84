"""`switchhook simulate day`: a busy day against a suite of its own, reconciled at the end."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cli.day.account import Account
    from cli.day.script import Day

PARTS = ("simulator", "crm", "voice", "gateway")
"""What a day of calls needs of the suite."""

_EXAMPLES = """\
examples:
  switchhook simulate day
  switchhook simulate day --calls 40 --agents 8 --restarts 1 --speed 60
  switchhook simulate day --seed 11 --every-call
  switchhook simulate day --json > day.json
"""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = actions.add_parser(
        "day",
        help="play a busy day against a suite of its own and account for every call",
        description="Start a suite of its own as processes on free ports, create queues, a plan "
        "and agents over gRPC, let people call through signed webhooks, kill voice with -9 in the "
        "middle, and hold what the carrier saw against what voice says. Status 0 only if every "
        "call is accounted for and nothing is broken that must hold.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole: Mapping[str, tuple[int, str]] = {
        "calls": (200, "calls in all"),
        "agents": (12, "agents at work"),
        "seed": (7, "decides who calls when, and how everybody behaves"),
        "restarts": (2, "how often voice is killed"),
    }
    for name, (default, told) in whole.items():
        parser.add_argument(
            f"--{name}", type=int, default=default, help=f"{told} (default: %(default)s)"
        )
    parser.add_argument(
        "--speed",
        type=float,
        default=30.0,
        help="how many seconds of the day pass in one (default: %(default)g)",
    )
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="keep data and logs there (default: nowhere)"
    )
    parser.add_argument("--every-call", action="store_true", help="show a line for every call")
    parser.add_argument("--json", action="store_true", help="print the account as JSON")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Play the day; 0 when every call is accounted for and nothing that must hold is broken."""
    from chassis import logs
    from cli.day import report
    from cli.day.checks import checks
    from cli.day.script import day

    logs.configure("day", level="error")
    try:
        played = day(
            seed=arguments.seed,
            calls=arguments.calls,
            agents=arguments.agents,
            restarts=arguments.restarts,
        )
    except ValueError as error:
        print(error)
        return 2
    with tempfile.TemporaryDirectory(prefix="switchhook-day-") as passing:
        folder = arguments.data or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        account = asyncio.run(play(played, arguments.speed, folder))
    checked = checks(account)
    if arguments.json:
        print(json.dumps(report.as_json(account, checked), indent=2))
    else:
        print(report.table(account, checked, every_call=arguments.every_call))
    return 0 if all(each.good for each in checked) else 1


async def play(day: Day, speed: float, folder: Path) -> Account:
    """Play a day against a suite of its own, all data in `folder`."""
    import grpc.aio

    from cli.day.playing import Player
    from simulator.client import Control

    async with (
        suite_for(day, speed, folder) as running,
        grpc.aio.insecure_channel(f"127.0.0.1:{running.ports.voice}") as channel,
    ):
        control = Control(f"http://127.0.0.1:{running.ports.simulator}")
        return await Player(day, speed, control, channel, running.kill_voice).play()


class Running:
    """The suite a day is played against."""

    def __init__(self, ports: Any, processes: Mapping[str, Any]) -> None:
        self.ports = ports
        self._voice = processes["voice"]

    async def kill_voice(self) -> None:
        """Kill voice with -9, start it again and wait until it can be given work."""
        from cli import suite

        await asyncio.to_thread(self._voice.kill)
        self._voice.start()  # in this thread: the kernel ties the child to it
        await suite.until_ready(self._voice, self.ports.ready_urls()["voice"])


@asynccontextmanager
async def suite_for(day: Day, speed: float, folder: Path) -> AsyncIterator[Running]:
    """Run bus, carrier, gateway, voice and CRM for the block, each as a process of its own."""
    from cli import suite
    from cli.environment import Ports, development

    ports = Ports.free()
    environ = development(folder, ports) | environment(day, speed, folder)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(suite.bus(folder, ports))
        parts = suite.as_processes(environ, folder, ports.ready_urls(), only=PARTS)
        yield Running(ports, await stack.enter_async_context(parts))


def environment(day: Day, speed: float, folder: Path) -> dict[str, str]:
    """Return what this day's suite is set to beside what development is."""
    directory = folder / "contacts.json"
    directory.write_text(json.dumps(contacts(day)))
    return {
        "SWITCHHOOK_CRM_DIRECTORY": str(directory),
        "SWITCHHOOK_SIMULATOR_TIME_SCALE": str(1 / speed),
        "SWITCHHOOK_SIMULATOR_COMMAND_SCALE": "1",
    }


def contacts(day: Day) -> list[dict[str, object]]:
    """Return the directory the CRM knows on that day: its VIPs."""
    from cli.day.script import Temper

    return [
        {
            "contact_id": f"vip-{place}",
            "display_name": f"Important Person {place}",
            "phone_numbers": [caller.number],
            "is_vip": True,
        }
        for place, caller in enumerate(day.callers)
        if caller.temper is Temper.VIP
    ]
