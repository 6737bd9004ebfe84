"""Calling a customer back, decided as a pure function of the two legs and the place in line.

The agent is on the line first; then the customer is called, and connected only after pressing 1:
an answering machine presses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.voice.calls.command import Bridge, Command, Gather, HangUp, Speak
from services.voice.calls.model import Call
from services.voice.journeys import wording
from services.voice.queues.model import Entry, EntryState, Kind, Outcome

RING = timedelta(seconds=30)
"""How long the customer's phone may ring."""
_GRACE = timedelta(seconds=15)
_THINK = timedelta(seconds=8)
_LAST_WORD = timedelta(seconds=30)
_ASKS = 2
_YES = "1"
_CONNECTED = "bridge"


@dataclass(frozen=True, slots=True)
class CallingBack:
    """Everything a look at a call back rests on."""

    now: datetime
    offer_id: str
    """The agent's offer that this attempt belongs to."""
    entry: Entry | None
    agent: Call | None
    customer: Call | None
    dialled: datetime | None = None
    """When the customer's phone was called; None before."""
    dial_failed: bool = False

    @property
    def wanted(self) -> bool:
        """Say whether the agent of this attempt is still there for the customer."""
        entry = self.entry
        return (
            entry is not None
            and entry.kind is Kind.CALLBACK
            and entry.state is EntryState.CONNECTED
            and entry.offer_id == self.offer_id
        )


@dataclass(frozen=True, slots=True)
class DialCustomer:
    """Call the customer."""


@dataclass(frozen=True, slots=True)
class ToCustomer:
    """Command the customer's leg."""

    key: str
    command: Command


@dataclass(frozen=True, slots=True)
class ToAgent:
    """Command the agent's leg."""

    key: str
    command: Command


@dataclass(frozen=True, slots=True)
class Missed:
    """The customer was not reached."""


@dataclass(frozen=True, slots=True)
class Done:
    """The customer has talked and is gone."""


CallbackAction = DialCustomer | ToCustomer | ToAgent | Missed | Done


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is to be done about a call back now, and when to look again."""

    actions: Sequence[CallbackAction] = ()
    look: datetime | None = None


def attend(at: CallingBack) -> Attempt:
    """Look at a call back; asking again gives the same commands under the same keys."""
    if not at.wanted:
        return _unwanted(at)
    if at.customer is None:
        return _dialling(at)
    if at.customer.hung_up is not None:
        return Attempt((Done(),) if _is_connected(at.customer) else (Missed(),))
    if _is_connected(at.customer):
        return _connected(at, at.customer)
    if at.customer.answered is None:
        return _ringing(at)
    return _asking(at, at.customer, at.customer.answered)


def _dialling(at: CallingBack) -> Attempt:
    if at.dial_failed:
        return Attempt((Missed(),))
    word = ToAgent(f"callback/{at.offer_id}/word", Speak(wording.AGENT_WAIT))
    return _until_ring_is_over(at, (word, DialCustomer()))


def _ringing(at: CallingBack) -> Attempt:
    return _until_ring_is_over(at, ())


def _until_ring_is_over(at: CallingBack, actions: Sequence[CallbackAction]) -> Attempt:
    latest = (at.dialled or at.now) + RING + _GRACE
    if at.now >= latest:
        return Attempt((ToCustomer("hang_up", HangUp()), Missed()))
    return Attempt(actions, latest)


def _asking(at: CallingBack, customer: Call, answered: datetime) -> Attempt:
    """Ask for the key, once more after silence; a machine is hung up on."""
    longest = timedelta(seconds=len(wording.CUSTOMER_PROMPT) * 0.12) + _THINK + _GRACE
    for number in range(1, _ASKS + 1):
        key, latest = f"ask.{number}", answered + number * longest
        result = customer.result(key)
        if result is not None and result.digits.strip("#") == _YES:
            return _connected(at, customer)
        if result is None and customer.refusal(key) is None and at.now < latest:
            return Attempt((ToCustomer(key, _question()),), latest)
    return Attempt((ToCustomer("hang_up", HangUp()), Missed()))


def _connected(at: CallingBack, customer: Call) -> Attempt:
    if customer.refusal(_CONNECTED) is not None or at.agent is None or at.agent.hung_up:
        # The agent is gone; the centre hears of it by the agent's own leg.
        return _goodbye(at, customer, wording.SORRY)
    return Attempt((ToCustomer(_CONNECTED, Bridge(control_id=at.agent.control_id)),))


def _is_connected(customer: Call) -> bool:
    asked = (customer.result(f"ask.{number}") for number in range(1, _ASKS + 1))
    return any(each is not None and each.digits.strip("#") == _YES for each in asked)


def _unwanted(at: CallingBack) -> Attempt:
    """Let a customer go whose agent is not there any more."""
    if at.customer is None or at.customer.hung_up is not None:
        return Attempt()
    if at.customer.answered is None:
        return Attempt((ToCustomer("hang_up", HangUp()),))
    talked = at.entry is not None and at.entry.outcome is Outcome.HANDLED
    return _goodbye(at, at.customer, wording.GOODBYE if talked else wording.SORRY)


def _goodbye(at: CallingBack, customer: Call, text: str) -> Attempt:
    """Say the last word, then hang up; a word whose end is never told is over after a while."""
    word, latest = ToCustomer("goodbye", Speak(text)), _since(at, customer) + _LAST_WORD
    heard = customer.result("goodbye") or customer.refusal("goodbye")
    if heard is not None or at.now >= latest:
        return Attempt((word, ToCustomer("hang_up", HangUp())))
    return Attempt((word,), latest)


def _since(at: CallingBack, customer: Call) -> datetime:
    """Return since when the customer is alone."""
    talk = at.entry.talk if at.entry is not None else None
    left = at.entry.left_time if at.entry is not None else None
    return left or (talk.end_time if talk is not None else None) or customer.answered or at.now


def _question() -> Gather:
    return Gather(
        text=wording.CUSTOMER_PROMPT, valid_digits=_YES, timeout=_THINK, inter_digit=_THINK
    )
