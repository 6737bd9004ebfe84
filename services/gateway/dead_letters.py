"""What a service gave up on: looked at, sent back, or thrown away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from chassis import dead_letters, deadline
from chassis.dead_letters import DeadLetter
from chassis.errors import NotFound
from chassis.jetstream import Bus
from chassis.logs import get_logger
from services.gateway import translate
from services.gateway.events import PAGE_BYTES, bus_faults
from services.gateway.model import LetterFilter

log = get_logger(__name__)

_READ = 50
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

    async def get(self, number: int) -> DeadLetter:
        """Return one letter. Raises NotFound (DEAD_LETTER_NOT_FOUND)."""
        with bus_faults():
            return await dead_letters.get_dead_letter(self._bus, number)

    async def page(
        self, wanted: LetterFilter, after: int, size: int
    ) -> tuple[list[DeadLetter], bool]:
        """Return up to `size` matching letters with numbers above `after`, and if more follow."""
        found: list[DeadLetter] = []
        room = PAGE_BYTES
        async for letter in self._letters(wanted, after):
            room -= len(letter.payload)
            if len(found) >= size or (found and room < 0):
                return found, True
            found.append(letter)
        return found, False

    async def redrive(
        self, wanted: LetterFilter, *, limit: int, rate: float, dry_run: bool
    ) -> Outcome:
        """Send up to `limit` letters back to who gave up on them, `rate` a second.

        Stops when the caller's deadline is near.
        """
        numbers = await self._numbers(wanted, limit)
        if dry_run:
            return Outcome(len(numbers), 0)
        done = 0
        pace = _Pace(rate)
        for number in numbers:
            if not await pace.next():
                break
            # Somebody else may have been quicker.
            with bus_faults(), suppress(NotFound):
                await dead_letters.redrive(self._bus, number)
                done += 1
        log.info("dead_letters.redriven", matched=len(numbers), done=done)
        return Outcome(len(numbers), done)

    async def discard(self, wanted: LetterFilter, *, limit: int, dry_run: bool) -> Outcome:
        """Remove up to `limit` letters for good."""
        numbers = await self._numbers(wanted, limit)
        if dry_run:
            return Outcome(len(numbers), 0)
        done = 0
        for number in numbers:
            with bus_faults(), suppress(NotFound):
                await dead_letters.discard(self._bus, number)
                done += 1
        log.info("dead_letters.discarded", matched=len(numbers), done=done)
        return Outcome(len(numbers), done)

    async def _numbers(self, wanted: LetterFilter, limit: int) -> list[int]:
        numbers: list[int] = []
        async for letter in self._letters(wanted, 0):
            numbers.append(letter.sequence)
            if len(numbers) >= limit:
                break
        return numbers

    async def _letters(self, wanted: LetterFilter, after: int) -> AsyncIterator[DeadLetter]:
        while True:
            with bus_faults():
                letters = await dead_letters.list_dead_letters(
                    self._bus, consumer=wanted.consumer, start_sequence=after + 1, limit=_READ
                )
            for letter in letters:
                if _matches(letter, wanted):
                    yield letter
            if len(letters) < _READ:
                return
            after = letters[-1].sequence


def _matches(letter: DeadLetter, wanted: LetterFilter) -> bool:
    event = translate.event(letter.payload)
    return wanted.matches(
        number=letter.sequence,
        consumer=letter.consumer,
        reason=letter.reason,
        type=event.type if event else "",
    )


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
