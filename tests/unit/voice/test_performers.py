"""What the answers to commands and dials mean."""

from datetime import timedelta
from typing import Any

import pytest

from carrier.commands import Request
from carrier.error_codes import RefusalKind, kind_of
from carrier.outcomes import Accepted, NotSent, Refused, WhyInDoubt, WhyNotSent
from carrier.outcomes import InDoubt as InDoubtAtCarrier
from carrier.outcomes import Outcome as CarrierOutcome
from chassis.effects import Done, Doubtful, Effect, Failed, Outcome, RetryLater
from services.voice.calls.command import Answer, Dial
from services.voice.calls.effects import CommandEffects
from services.voice.calls.facts import Direction, Role, Steering
from services.voice.calls.model import Call
from services.voice.calls.performers import CommandPerformer, DialPerformer
from services.voice.calls.records import CommandState
from services.voice.calls.state_token import StateTokens
from tests.support import sightings as seen
from tests.support.sightings import OURS

EFFECTS = CommandEffects("AWS.Polly.Joanna", StateTokens(("a secret",)))


class Carrier:
    """Answers every command in one way and keeps what it was asked."""

    def __init__(self, answer: CarrierOutcome) -> None:
        self.answer = answer
        self.requests: list[Request] = []

    async def perform(self, request: Request, *, deadline: float = 0) -> CarrierOutcome:
        """Give the answer."""
        assert deadline > 0
        self.requests.append(request)
        return self.answer


class Board:
    """Keeps what is settled."""

    def __init__(self) -> None:
        self.settled: list[tuple[Any, ...]] = []
        self.ended = False

    async def settle(self, _connection: object, *what: object) -> None:
        """Note what is settled."""
        self.settled.append(what)

    async def dialled(self, _connection: object, *what: object) -> None:
        """Note a leg."""
        self.settled.append(("dialled", *what))

    async def undialled(self, _connection: object, *what: object) -> None:
        """Note that there is no leg."""
        self.settled.append(("undialled", *what))

    async def is_late(self, _connection: object, dial_id: str, limit: timedelta) -> bool:
        """Say whether a dial is late."""
        assert (dial_id, limit) == (DIAL.effect_id, timedelta(seconds=60))
        return self.ended

    async def has_ended(self, _connection: object, _leg_id: str) -> bool:
        """Say whether the call is over."""
        return self.ended


def performer(carrier: Carrier, board: Board) -> CommandPerformer:
    """Return a performer between the two."""
    return CommandPerformer(carrier, board)  # type: ignore[arg-type]


def refused(code: str, retry_after: float | None = None) -> Refused:
    """Return a refusal as the carrier's client gives it."""
    return Refused(422, code, "title", kind_of(code, 422), retry_after)


@pytest.mark.parametrize(
    ("action", "answer", "outcome", "settled"),
    [
        ("answer", Accepted(200, {}), Done(""), (CommandState.ACCEPTED, "")),
        (
            "enqueue",
            refused("90018"),
            Done("", b"CALL_ENDED"),
            (CommandState.CALL_ENDED, ""),
        ),
        ("enqueue", refused("90038"), Done("", b"90038"), (CommandState.ACCEPTED, "")),
        ("leave_queue", refused("90035"), Done("", b"90035"), (CommandState.ACCEPTED, "")),
        # One of the two calls is over, and the carrier does not say which.
        ("bridge", refused("90018"), Failed("90018", "title"), (CommandState.REFUSED, "90018")),
        (
            "speak",
            refused("90034"),
            Failed("90034", "title"),
            (CommandState.REFUSED, "90034"),
        ),
        (
            "speak",
            Refused(404, "", "", RefusalKind.NOT_FOUND),
            Failed("HTTP_404", ""),
            (CommandState.REFUSED, "HTTP_404"),
        ),
        ("answer", refused("10011", 3.0), RetryLater(3.0, "10011"), None),
        ("answer", refused("10007"), RetryLater(1.0, "10007"), None),
        (
            "answer",
            NotSent(WhyNotSent.NOT_CONNECTED),
            RetryLater(1.0, "NOT_CONNECTED"),
            None,
        ),
        (
            "answer",
            InDoubtAtCarrier(WhyInDoubt.NO_ANSWER),
            Doubtful("NO_ANSWER"),
            (CommandState.IN_DOUBT, "NO_ANSWER"),
        ),
        (
            "answer",
            InDoubtAtCarrier(WhyInDoubt.SERVER_ERROR),
            Doubtful("SERVER_ERROR"),
            (CommandState.IN_DOUBT, "SERVER_ERROR"),
        ),
    ],
)
async def test_answers(
    action: str,
    answer: CarrierOutcome,
    outcome: Outcome,
    settled: tuple[CommandState, str] | None,
) -> None:
    """Every answer of the carrier has one meaning, and a call that is over is not an error."""
    path = f"/calls/x/actions/{action}"
    effect = Effect("id", "telnyx.command", b"{}", "POST", path, entity_key="leg/1\n1/key")
    carrier, board = Carrier(answer), Board()
    given = await performer(carrier, board).perform(effect)
    assert given == outcome
    assert carrier.requests == [Request("POST", path, b"{}")]
    await performer(carrier, board).settle(None, effect, given)  # type: ignore[arg-type]
    assert board.settled == ([("leg/1", "1/key", *settled)] if settled else [])


async def test_a_command_to_a_call_that_is_over_is_not_sent() -> None:
    """Once the call has ended nothing is admitted, and that is not a refusal."""
    board = Board()
    guard = performer(Carrier(Accepted(200, {})), board)
    effect = EFFECTS.command(seen.INITIATED, "answer", Answer())
    assert await guard.admit(None, effect) is None  # type: ignore[arg-type]
    board.ended = True
    reason = await guard.admit(None, effect)  # type: ignore[arg-type]
    assert reason == "CALL_ENDED"
    await guard.settle(None, effect, Failed(reason))  # type: ignore[arg-type]
    assert board.settled == [("leg-1", "answer", CommandState.CALL_ENDED, "CALL_ENDED")]


async def test_a_command_of_the_version_before_is_still_settled() -> None:
    """A command that was in the outbox when the service was replaced finds its leg."""
    board = Board()
    effect = Effect("id", "telnyx.command", b"{}", "POST", "/x", entity_key="leg-1/ANSWER")
    await performer(Carrier(Accepted(200, {})), board).settle(None, effect, Done(""))  # type: ignore[arg-type]
    assert board.settled == [("leg-1", "ANSWER", CommandState.ACCEPTED, "")]


DIAL = EFFECTS.dial(Dial("+13125550199", OURS, "123", Role.AGENT, "offer-1"))
IDS = {"call_leg_id": "leg-9", "call_control_id": "v3:9", "call_session_id": "s-9"}
LEG = Call(
    leg_id="leg-9",
    control_id="v3:9",
    session_id="s-9",
    connection_id="123",
    direction=Direction.OUTBOUND,
    steering=Steering.COMMANDS,
    role=Role.AGENT,
    subject="offer-1",
    dial_id=DIAL.effect_id,
)


async def dialled(answer: CarrierOutcome) -> list[tuple[Any, ...]]:
    """Dial once and return what the switchboard is told."""
    board = Board()
    dialling = DialPerformer(Carrier(answer), board)  # type: ignore[arg-type]
    outcome = await dialling.perform(DIAL)
    await dialling.settle(None, DIAL, outcome)  # type: ignore[arg-type]
    return board.settled


async def test_a_dial_that_is_taken_tells_its_leg() -> None:
    """The carrier's answer names the leg before any event does."""
    assert await dialled(Accepted(200, {"data": IDS})) == [("dialled", DIAL.effect_id, LEG)]


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (Accepted(200, {}), CommandState.ACCEPTED, ""),
        (Accepted(200, {"data": {"call_leg_id": 7}}), CommandState.ACCEPTED, ""),
        (refused("10016"), CommandState.REFUSED, "10016"),
        (refused("90018"), CommandState.REFUSED, "90018"),
        (InDoubtAtCarrier(WhyInDoubt.NO_ANSWER), CommandState.IN_DOUBT, "NO_ANSWER"),
    ],
)
async def test_a_dial_without_a_leg(
    answer: CarrierOutcome, state: CommandState, reason: str
) -> None:
    """A refusal, doubt and an answer that names no leg are told as what they are."""
    told = ("undialled", DIAL.effect_id, Role.AGENT, "offer-1", state, reason)
    assert await dialled(answer) == [told]


async def test_a_dial_nobody_expects_any_more_is_not_sent() -> None:
    """A phone does not ring minutes after somebody wanted it to."""
    board = Board()
    dialling = DialPerformer(Carrier(Accepted(200, {})), board)  # type: ignore[arg-type]
    assert await dialling.admit(None, DIAL) is None  # type: ignore[arg-type]
    board.ended = True
    reason = await dialling.admit(None, DIAL)  # type: ignore[arg-type]
    assert reason == "TOO_LATE"
    await dialling.settle(None, DIAL, Failed(reason))  # type: ignore[arg-type]
    refused = (CommandState.REFUSED, "TOO_LATE")
    assert board.settled == [("undialled", DIAL.effect_id, Role.AGENT, "offer-1", *refused)]


async def test_a_dial_that_could_not_be_sent_is_tried_again() -> None:
    """What never left us is nobody's outcome yet; too many dials a second pass by."""
    assert await dialled(NotSent(WhyNotSent.NOT_CONNECTED)) == []
    assert await dialled(refused("90103")) == []
