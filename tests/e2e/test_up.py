"""`switchhook up`: what a person at a terminal may rely on.

- It prints where everything is, and everything is there.
- Ctrl-C and SIGTERM stop it in good order with status 0, also while the scenario plays.
- Killed with -9 it leaves no process behind, and what it had accepted is there the next time.
- With `--processes` each part is a process of its own; none outlives it.
- A port or a folder in use is said in one line, with status 1.
"""

import signal
import socket
import sys
from contextlib import ExitStack, suppress
from http import HTTPStatus
from pathlib import Path

import aiohttp
import pytest

from tests.e2e import curl
from tests.e2e.command import Child, Command, Up, up
from tests.support.eventually import eventually

LIST_MESSAGES = "switchhook.messaging.v1.MessageService/ListMessages"
ADA = "+13125550101"
CRM_ADMIN = 9154  # the last of the usual ports


async def test_everything_is_where_it_says(suite: Up) -> None:
    """The page, the gateway's health and its webhooks answer at the printed addresses."""
    ports = suite.ports
    local = "http://127.0.0.1"
    assert await _status("GET", f"{local}:{ports['simulator']}/") == HTTPStatus.OK
    assert await _status("GET", f"{local}:{ports['metrics']}/readyz") == HTTPStatus.OK
    unsigned = await _status("POST", f"{local}:{ports['webhooks']}/webhooks/telnyx")
    assert unsigned == HTTPStatus.UNAUTHORIZED
    assert str(suite.data) in suite.output


async def test_data_outlive_a_kill(tmp_path: Path) -> None:
    """A text listed before kill -9 is listed after; SIGTERM stops with status 0."""
    async with up(tmp_path / "first", "--quiet") as first:
        first.control.post("/_sim/sms", {"from": ADA, "text": "Remember me"})
        await eventually(lambda: _texts(first))
        children = first.children()
        assert children
        await first.end(signal.SIGKILL)
        await eventually(lambda: _gone(children))
    async with up(tmp_path / "first", "--quiet") as second:
        assert "Remember me" in await _texts(second)
        children = second.children()
        assert await second.end(signal.SIGTERM) == 0
        assert _gone(children)
        assert second.errors == ""


async def test_interrupt_while_the_scenario_plays(tmp_path: Path) -> None:
    """Ctrl-C in the middle of the scenario ends with status 0 and without a complaint."""
    async with up(tmp_path) as running:
        await running.printed("effect <-")
        children = running.children()
        assert await running.end(signal.SIGINT) == 0
        assert _gone(children)
        assert running.errors == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills children with their parent")
async def test_no_process_outlives_it(tmp_path: Path) -> None:
    """With --processes six parts and the bus run beside it, and kill -9 ends them all."""
    async with up(tmp_path, "--quiet", "--processes") as running:
        children = running.children()
        assert len(children) == 7
        await running.end(signal.SIGKILL)
        await eventually(lambda: _gone(children))


async def test_taken_port_is_said(tmp_path: Path) -> None:
    """A usual port that somebody holds is named, and how to do without."""
    with ExitStack() as stack:
        with suppress(OSError):  # whoever holds it already does as well
            stack.enter_context(socket.create_server(("127.0.0.1", CRM_ADMIN)))
        command = Command(tmp_path, "up", "--data", str(tmp_path / "data"))
        stack.callback(command.clear_away)
        assert await command.status() == 1
    assert str(CRM_ADMIN) in command.errors
    assert "--free-ports" in command.errors
    assert len(command.errors.splitlines()) == 1


async def test_folder_in_use_is_said(suite: Up, tmp_path: Path) -> None:
    """Two suites never share their data; the second says whose folder it is."""
    second = Command(tmp_path, "up", "--free-ports", "--data", str(suite.data))
    try:
        assert await second.status() == 1
    finally:
        second.clear_away()
    assert f"{suite.data} is in use" in second.errors
    assert len(second.errors.splitlines()) == 1


async def _texts(running: Up) -> list[str]:
    answer = await curl.call(running.ports["messaging"], LIST_MESSAGES, {"pageSize": 50})
    assert answer.code == ""
    return [message["text"] for message in answer.message.get("messages", ())]


async def _status(method: str, url: str) -> int:
    async with aiohttp.request(method, url, headers={"Content-Type": "application/json"}) as reply:
        return reply.status


def _gone(children: list[Child]) -> bool:
    return not any(child.alive for child in children)
