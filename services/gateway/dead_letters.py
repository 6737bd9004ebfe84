"""What a service gave up on: looked at, sent back, or thrown away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from chassis import deadline
from chassis.errors import NotFound
from chassis.jetstream import Bus
from chassis.logs import get_logger
from chassis.streams import DEAD_LETTERS
from services.gateway import translate
from services.gateway.events import bus_faults
from services.gateway.model import Letter, LetterFilter

log = get_logger(__name__)

_READ = 250
"""Letters read at a time."""
_SPARE = 0.5
"""Seconds kept of a caller's deadline, to answer in time."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many letters were meant, and how many are done with."""

    matched: int
    done: int


class DeadLetters:
    """The stream of dead letters, oldest first. All methods raise Unavailable (BUS_UNAVAILABLE)."""

    def __init__(self, bus: Bus) -> None:
        """Read and write the streams of `bus`."""
        self._bus = bus

    async def get(self, number: int) -> Letter:
        """Return one letter. Raises NotFound (DEAD_LETTER_NOT_FOUND)."""
        with bus_faults():
            try:
                return translate.letter(await self._bus.get(DEAD_LETTERS, number))
            except NotFound:
                raise NotFound("DEAD_LETTER_NOT_FOUND", "no dead letter has this id") from None

    async def page(self, wanted: LetterFilter, after: int, size: int) -> list[Letter]:
        """Return up to `size` matching letters with numbers above `after`."""
        found: list[Letter] = []
        async for letter in self._letters(wanted, after):
            found.append(letter)
            if len(found) >= size:
                break
        return found

    async def redrive(
        self, wanted: LetterFilter, *, limit: int, rate: float, dry_run: bool
    ) -> Outcome:
        """Send up to `limit` letters back to who gave up on them, `rate` a second.

        Stops when the caller's deadline is near.
        """
        letters = await self.page(wanted, 0, limit)
        if dry_run:
            return Outcome(len(letters), 0)
        done = 0
        pace = _Pace(rate)
        for letter in letters:
            if not await pace.next():
                break
            await self._send_back(letter)
            done += 1
        log.info("dead_letters.redriven", matched=len(letters), done=done)
        return Outcome(len(letters), done)

    async def discard(self, wanted: LetterFilter, *, limit: int, dry_run: bool) -> Outcome:
        """Remove up to `limit` letters for good."""
        letters = await self.page(wanted, 0, limit)
        if dry_run:
            return Outcome(len(letters), 0)
        for letter in letters:
            await self._remove(letter)
        log.info("dead_letters.discarded", matched=len(letters))
        return Outcome(len(letters), len(letters))

    async def _send_back(self, letter: Letter) -> None:
        with bus_faults():
            await self._bus.publish(
                # Only the consumer that gave up listens here.
                f"redriven.v1.{letter.consumer}.{letter.subject}",
                letter.payload,
                # Made from the letter: sending it twice stores it once.
                message_id=f"redriven:{letter.number}:{letter.event_id}",
            )
        await self._remove(letter)

    async def _remove(self, letter: Letter) -> None:
        with bus_faults(), suppress(NotFound):
            await self._bus.delete(DEAD_LETTERS, letter.number)

    async def _letters(self, wanted: LetterFilter, after: int) -> AsyncIterator[Letter]:
        subject = f"dead.v1.{wanted.consumer or '>'}"
        while True:
            with bus_faults():
                stored = await self._bus.read(DEAD_LETTERS, after + 1, _READ, subject=subject)
            for letter in map(translate.letter, stored):
                if wanted.matches(letter):
                    yield letter
            if len(stored) < _READ:
                return
            after = stored[-1].sequence


class _Pace:
    """Lets one thing through at a time, so many a second, for as long as the deadline allows."""

    def __init__(self, rate: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._gap = 1 / rate
        self._due = self._loop.time()

    async def next(self) -> bool:
        """Wait for the next turn; False when there is no time for it."""
        wait = max(0.0, self._due - self._loop.time())
        left = deadline.remaining()
        if left is not None and left - wait < _SPARE:
            return False
        await asyncio.sleep(wait)
        self._due = max(self._due + self._gap, self._loop.time())
        return True
