"""What knows and commands legs, put together."""

from collections.abc import Collection
from dataclasses import dataclass

from carrier.api import TelnyxApi
from chassis.clock import Clock
from chassis.effects import Performers
from services.voice.calls.desk import Desk
from services.voice.calls.dial_store import SqlDials
from services.voice.calls.effects import COMMAND, DIAL, CommandEffects
from services.voice.calls.performers import CommandPerformer, DialPerformer
from services.voice.calls.state_token import StateTokens
from services.voice.calls.store import SqlCalls
from services.voice.calls.switchboard import Switchboard
from services.voice.calls.timeline import Timeline
from services.voice.tables import outbox


@dataclass(frozen=True)
class Telephony:
    """Legs: where they are kept, commanded and watched over."""

    calls: SqlCalls
    dials: SqlDials
    timeline: Timeline
    tokens: StateTokens
    desk: Desk
    switchboard: Switchboard

    def performers(self, carrier: TelnyxApi) -> Performers:
        """Return what carries out the effects of commands and dials."""
        return {
            COMMAND: CommandPerformer(carrier, self.switchboard),
            DIAL: DialPerformer(carrier, self.switchboard),
        }


def telephony(
    *, speech: str, state_secrets: tuple[str, ...], numbers: Collection[str], clock: Clock
) -> Telephony:
    """Return telephony whose listeners are still to be added, as lists of its switchboard."""
    calls, dials, timeline = SqlCalls(), SqlDials(), Timeline()
    tokens = StateTokens(state_secrets)
    desk = Desk(calls, dials, outbox, CommandEffects(speech, tokens), clock)
    switchboard = Switchboard(calls, dials, outbox, timeline, numbers, clock, [], [])
    return Telephony(calls, dials, timeline, tokens, desk, switchboard)
