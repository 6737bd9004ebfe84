"""A headless Chromium driven over its DevTools protocol, with real keys."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from cli.children import die_with_parent
from tests.support.eventually import eventually

_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--remote-debugging-port=0"),
)
_KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "ArrowDown": (40, "")}


def chromium() -> str | None:
    """Return the browser to use: what SWITCHHOOK_CHROMIUM says, or the system's."""
    return os.environ.get("SWITCHHOOK_CHROMIUM") or shutil.which("chromium")


class Page:
    """One page of the browser; `problems` are errors its console has shown."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.problems: list[str] = []

    async def read(self) -> None:
        """Take what the browser says until it goes away."""
        async for frame in self._socket:
            message = frame.json()
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
            elif message["method"] == "Runtime.exceptionThrown":
                self.problems.append(str(message["params"]["exceptionDetails"]))
            elif message["method"] == "Log.entryAdded":
                self.problems.append(str(message["params"]["entry"]))

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the protocol and return its result."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        message = await asyncio.wait_for(answer, 30)
        assert "error" not in message, message
        return dict(message["result"])

    async def open(self, url: str) -> None:
        """Go to a page and wait until it can be used."""
        for domain in ("Runtime", "Log", "Page"):
            await self.ask(f"{domain}.enable")
        await self.ask("Page.navigate", url=url)
        await eventually(lambda: self.value(f"location.href === {url!r} && document.readyState"))
        await eventually(lambda: self.value("document.readyState === 'complete'"))

    async def value(self, expression: str) -> Any:
        """Evaluate JavaScript in the page and return the value."""
        result = await self.ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def text(self, selector: str) -> str:
        """Return the text of an element as it is shown."""
        return str(await self.value(f"document.querySelector({selector!r}).innerText"))

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            code, text = _KEYS[key]
            named = {"key": key, "code": key, "windowsVirtualKeyCode": code}
            down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
            await self.ask("Input.dispatchKeyEvent", **named, **down)
            await self.ask("Input.dispatchKeyEvent", type="keyUp", **named)

    async def write(self, text: str) -> None:
        """Write into what has the focus, over what is selected there."""
        await self.ask("Input.insertText", text=text)

    async def resize(self, width: int, height: int) -> None:
        """Give the page another size."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def prefer(self, scheme: str) -> None:
        """Prefer a colour scheme: light or dark."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.ask("Emulation.setEmulatedMedia", features=[feature])


@asynccontextmanager
async def browsing(program: str, folder: Path, url: str) -> AsyncIterator[Page]:
    """Run a browser of our own for the block, with the page at `url`."""
    process = _start(program, folder)
    try:
        port = await eventually(lambda: _port(folder), timeout=60)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(await _address(session, port), max_msg_size=0) as socket,
        ):
            page = Page(socket)
            reading = asyncio.create_task(page.read())
            await page.open(url)
            yield page
            await page.ask("Browser.close")
            await reading
    finally:
        process.terminate()
        process.wait()


def _start(program: str, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [program, *_OPTIONS, f"--user-data-dir={folder}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent(),
    )


def _port(folder: Path) -> str:
    written = folder / "DevToolsActivePort"
    return written.read_text().split("\n")[0] if written.exists() else ""


async def _address(session: aiohttp.ClientSession, port: str) -> str:
    async def first() -> str:
        async with session.get(f"http://127.0.0.1:{port}/json/list") as reply:
            pages = [each for each in await reply.json() if each["type"] == "page"]
            return str(pages[0]["webSocketDebuggerUrl"]) if pages else ""

    return await eventually(first)
