"""Readiness: whether this process may be given work now, and if not, what is missing.

Liveness needs no code: whoever gets an answer from the event loop has it. One `Health` belongs to
one service and feeds its gRPC health service and the HTTP `/readyz`.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

Check = Callable[[], Awaitable[bool] | bool]
_PATIENCE = 1.0  # seconds a probe may take before it counts as failed


class Health:
    """A set of named probes; ready when all of them say yes."""

    def __init__(self) -> None:
        self._probes: dict[str, Check] = {}

    def probe(self, name: str, check: Check) -> None:
        """Add a probe; False, an exception or more than a second without answer means not ready.

        A second probe of the same name takes the place of the first.
        """
        self._probes[name] = check

    async def check(self) -> dict[str, bool]:
        """Ask every probe, all at once, and return the answers by name."""
        names = list(self._probes)
        answers = await asyncio.gather(*(_ask(self._probes[name]) for name in names))
        return dict(zip(names, answers, strict=True))

    async def ready(self) -> bool:
        """Say whether every probe says yes."""
        return all((await self.check()).values())


async def _ask(check: Check) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            answer = check()
            return bool(await answer if inspect.isawaitable(answer) else answer)
    except Exception:
        return False
