"""Commands as requests, and what their answers mean."""

from typing import Any

import orjson
import pytest

from carrier.commands import Request
from carrier.error_codes import RefusalKind, kind_of
from carrier.outcomes import Accepted, NotSent, Refused, WhyInDoubt, WhyNotSent
from carrier.outcomes import InDoubt as InDoubtAtCarrier
from carrier.outcomes import Outcome as CarrierOutcome
from chassis.effects import Done, Doubtful, Effect, Failed, InDoubt, Outcome, RetryLater
from services.voice.calls.commands import CommandEffects, CommandPerformer
from services.voice.calls.model import Step
from services.voice.calls.records import CommandState
from services.voice.policy import Answer, Command, Enqueue, HangUp, Speak, command_id
from tests.support import sightings as seen

EFFECTS = CommandEffects("AWS.Polly.Joanna")


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
    ("command", "action", "body"),
    [
        (Answer(), "answer", {}),
        (
            Speak('Hello <Ada & "Co">'),
            "speak",
            {"payload": 'Hello <Ada & "Co">', "voice": "AWS.Polly.Joanna"},
        ),
        (Enqueue("priority"), "enqueue", {"queue_name": "priority"}),
        (HangUp(), "hangup", {}),
    ],
)
def test_a_command_becomes_one_exact_request(
    command: Command, action: str, body: dict[str, str]
) -> None:
    """The path quotes the handle, the id is the effect's own, and the bytes never change."""
    effect = EFFECTS(seen.INITIATED, command)
    identity = command_id("leg-1", command.step)
    assert effect == EFFECTS(seen.INITIATED, command)
    assert (effect.effect_id, effect.method) == (identity, "POST")
    assert effect.path == f"/calls/v3%3Acontrol-1/actions/{action}"
    assert orjson.loads(effect.body) == {**body, "command_id": identity}


def test_a_command_in_doubt_is_sent_again_while_the_carrier_knows_its_id() -> None:
    """The window ends before the carrier's 60 seconds, and commands of a leg keep their order."""
    effect = EFFECTS(seen.INITIATED, Answer())
    assert (effect.in_doubt, effect.resend_window) == (InDoubt.RESEND, 50.0)
    assert effect.ordering_key == "leg-1"


@pytest.mark.parametrize(
    ("step", "answer", "outcome", "settled"),
    [
        (Step.ANSWER, Accepted(200, {}), Done(""), (CommandState.ACCEPTED, "")),
        (
            Step.ENQUEUE,
            refused("90018"),
            Done("", b"CALL_ENDED"),
            (CommandState.CALL_ENDED, ""),
        ),
        (Step.ENQUEUE, refused("90038"), Done("", b"90038"), (CommandState.ACCEPTED, "")),
        (
            Step.GREET,
            refused("90034"),
            Failed("90034", "title"),
            (CommandState.REFUSED, "90034"),
        ),
        (
            Step.GREET,
            Refused(404, "", "", RefusalKind.NOT_FOUND),
            Failed("HTTP_404", ""),
            (CommandState.REFUSED, "HTTP_404"),
        ),
        (Step.ANSWER, refused("10011", 3.0), RetryLater(3.0, "10011"), None),
        (Step.ANSWER, refused("10007"), RetryLater(1.0, "10007"), None),
        (
            Step.ANSWER,
            NotSent(WhyNotSent.NOT_CONNECTED),
            RetryLater(1.0, "NOT_CONNECTED"),
            None,
        ),
        (
            Step.ANSWER,
            InDoubtAtCarrier(WhyInDoubt.NO_ANSWER),
            Doubtful("NO_ANSWER"),
            (CommandState.IN_DOUBT, "NO_ANSWER"),
        ),
        (
            Step.ANSWER,
            InDoubtAtCarrier(WhyInDoubt.SERVER_ERROR),
            Doubtful("SERVER_ERROR"),
            (CommandState.IN_DOUBT, "SERVER_ERROR"),
        ),
    ],
)
async def test_answers(
    step: Step,
    answer: CarrierOutcome,
    outcome: Outcome,
    settled: tuple[CommandState, str] | None,
) -> None:
    """Every answer of the carrier has one meaning, and a call that is over is not an error."""
    effect = Effect("id", "telnyx.command", b"{}", "POST", "/calls/x", entity_key=f"leg/1/{step}")
    carrier, board = Carrier(answer), Board()
    given = await performer(carrier, board).perform(effect)
    assert given == outcome
    assert carrier.requests == [Request("POST", "/calls/x", b"{}")]
    await performer(carrier, board).settle(None, effect, given)  # type: ignore[arg-type]
    assert board.settled == ([("leg/1", step, *settled)] if settled else [])


async def test_a_command_to_a_call_that_is_over_is_not_sent() -> None:
    """Once the call has ended nothing is admitted, and that is not a refusal."""
    board = Board()
    guard = performer(Carrier(Accepted(200, {})), board)
    effect = EFFECTS(seen.INITIATED, Answer())
    assert await guard.admit(None, effect) is None  # type: ignore[arg-type]
    board.ended = True
    reason = await guard.admit(None, effect)  # type: ignore[arg-type]
    assert reason == "CALL_ENDED"
    await guard.settle(None, effect, Failed(reason))  # type: ignore[arg-type]
    assert board.settled == [("leg-1", Step.ANSWER, CommandState.CALL_ENDED, "CALL_ENDED")]
