"""The line between a TeXML call and the switchboard: time passes, the leg is taken, or ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

from simulator.settings import Settings
from simulator.texml_client import TexmlCall

FOREVER = 14_400.0


class CallOver(Exception):  # noqa: N818 (it is how a call ends, not an error)
    """The document or the caller has ended the call."""


class DocumentOver(Exception):  # noqa: N818 (likewise)
    """The document that replaced another one has come to its end."""


class Dequeued(Exception):  # noqa: N818 (likewise)
    """The caller has left the queue; the argument says why, as in call.dequeued."""


class Switch(Protocol):
    """What the switchboard does for TeXML calls."""

    def enqueue(self, call: TexmlCall, queue: str, seconds: int) -> bool:
        """Put the caller into a queue; False when it takes nobody."""
        ...

    def leave(self, call: TexmlCall) -> None:
        """Take the caller out of the queue."""
        ...

    def occupy(self, call: TexmlCall, occupied: bool) -> None:
        """Say whether the caller hears or is asked something."""
        ...

    def over(self, call: TexmlCall) -> None:
        """End the leg, if it lives."""
        ...

    def rings(self, number: str) -> tuple[str, float]:
        """Return what a phone does that is called, and the seconds its owner would talk."""
        ...

    def record(self, call: TexmlCall, seconds: float) -> dict[str, str]:
        """Return the fields of a recording of so many seconds that has just ended."""
        ...


class Line:
    """One call's line."""

    def __init__(self, call: TexmlCall, switch: Switch, settings: Settings) -> None:
        self._call = call
        self._switch = switch
        self._settings = settings
        self._stirred = asyncio.Event()
        self._gone = False
        self._left = ""
        self._parted = False

    def happened(self, what: str, reason: str) -> None:
        """Take down what the switchboard says: call.hangup, call.dequeued or call.parted."""
        self._gone = self._gone or what == "call.hangup"
        self._parted = self._parted or what == "call.parted"
        if what == "call.dequeued":
            self._left = reason
        self._stirred.set()

    def check(self) -> None:
        """Raise CallOver when the caller has gone, Dequeued when they have left the queue."""
        if self._gone:
            raise CallOver
        if self._left:
            reason, self._left = self._left, ""
            raise Dequeued(reason)

    async def pass_time(
        self, seconds: float, *, occupied: bool = False, asked: bool = False
    ) -> None:
        """Let time pass, `asked` for by the document or not, unless something happens before."""
        scaled = seconds * self._settings.scale(asked=asked)
        self._switch.occupy(self._call, occupied)
        try:
            self.check()
            self._stirred.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), scaled)
            self._call.fetched = 0
            self.check()
        finally:
            self._switch.occupy(self._call, False)

    async def talk(self) -> None:
        """Wait until the conversation is over; CallOver when the caller has ended it."""
        while not self._parted:
            self.check()
            self._stirred.clear()
            await self._stirred.wait()
        self._parted = False
        self.check()
