"""A receiver that keeps count, and a performer that talks to it as told."""

from collections import Counter
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.effects import Done, Effect, Outcome

Script = Callable[[Effect, int], Outcome]
"""Says what becomes of an effect at its so manieth attempt."""


class ScriptedPerformer:
    """Perform as the script says and remember everything that happened."""

    def __init__(self, script: Script | None = None) -> None:
        """Take a script; without one everything is Done."""
        self.script = script or (lambda effect, _attempt: Done(f"ref-{effect.effect_id}"))
        self.attempts: Counter[str] = Counter()
        self.bodies: dict[str, set[bytes]] = {}
        self.performed: list[str] = []
        self.settled: list[tuple[str, Outcome]] = []
        self.refusals: dict[str, str] = {}

    async def admit(self, connection: AsyncConnection, effect: Effect, /) -> str | None:
        """Refuse what `refusals` names."""
        return self.refusals.get(effect.effect_id)

    async def perform(self, effect: Effect, /) -> Outcome:
        """Count the attempt and do what the script says."""
        self.attempts[effect.effect_id] += 1
        self.performed.append(effect.effect_id)
        self.bodies.setdefault(effect.effect_id, set()).add(effect.body)
        return self.script(effect, self.attempts[effect.effect_id])

    async def settle(
        self, connection: AsyncConnection, effect: Effect, outcome: Outcome, /
    ) -> None:
        """Remember the outcome."""
        self.settled.append((effect.effect_id, outcome))
