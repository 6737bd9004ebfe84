"""What each answer of the carrier means for a message."""

from datetime import UTC, datetime, timedelta
from typing import cast

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier import commands
from carrier.error_codes import RefusalKind
from carrier.outcomes import Accepted, NotSent, Refused, WhyInDoubt, WhyNotSent
from carrier.outcomes import InDoubt as CarrierInDoubt
from carrier.outcomes import Outcome as CarrierOutcome
from chassis.clock import FixedClock
from chassis.effects import Done, Doubtful, Failed, Outcome, RetryLater
from services.messaging.model import (
    Direction,
    Failure,
    FailureReason,
    Media,
    Message,
    Status,
)
from services.messaging.sending import sender
from services.messaging.sending.plan import Deferral
from services.messaging.sending.sender import MessageSender
from services.messaging.use_cases.releasing import Releasing
from services.messaging.use_cases.sending import Sending

MESSAGE = Message(
    message_id="m-1",
    direction=Direction.OUTBOUND,
    status=Status.QUEUED,
    create_time=datetime(2025, 6, 1, tzinfo=UTC),
    our_number="+12025550101",
    peer_number="+13125550103",
    text="héllo",
    media=(Media("https://example.com/a"),),
)
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
EFFECT = sender.render(MESSAGE)
CONNECTION = cast("AsyncConnection", None)


class ScriptedCarrier:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self, answer: CarrierOutcome) -> None:
        """Give the one answer."""
        self.answer = answer
        self.asked: list[tuple[commands.Request, str | None]] = []

    async def perform(
        self, request: commands.Request, *, idempotency_key: str | None = None
    ) -> CarrierOutcome:
        """Answer."""
        self.asked.append((request, idempotency_key))
        return self.answer


class Settled:
    """Stands for the use cases and remembers what was recorded."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.calls: list[tuple[object, ...]] = []
        self.clock = FixedClock(NOON)

    async def deferred(self, _connection: object, *call: object) -> None:
        """Remember a wait."""
        self.calls.append(("deferred", *call))

    async def pause(self, _connection: object, *call: object) -> None:
        """Remember that the sender was held back."""
        self.calls.append(("pause", *call))

    async def accepted(self, _connection: object, *call: object) -> None:
        """Remember an acceptance."""
        self.calls.append(("accepted", *call))

    async def refused(self, _connection: object, *call: object) -> None:
        """Remember a refusal."""
        self.calls.append(("refused", *call))

    async def given_up(self, _connection: object, *call: object) -> None:
        """Remember that it was given up."""
        self.calls.append(("given_up", *call))

    async def in_doubt(self, _connection: object, *call: object) -> None:
        """Remember a doubt."""
        self.calls.append(("in_doubt", *call))


def performer(carrier: ScriptedCarrier, told: Settled) -> MessageSender:
    """Return the performer between the two."""
    return MessageSender(carrier, cast("Sending", told), cast("Releasing", told))


async def performed(answer: CarrierOutcome) -> Outcome:
    """Return what becomes of the effect after this answer."""
    return await performer(ScriptedCarrier(answer), Settled()).perform(EFFECT)


async def settled(outcome: Outcome) -> list[tuple[object, ...]]:
    """Return what is recorded of an outcome."""
    told = Settled()
    carrier = ScriptedCarrier(Accepted(200, {}))
    await performer(carrier, told).settle(CONNECTION, EFFECT, outcome)
    return told.calls


def refused(kind: RefusalKind, code: str, wait: float | None = None) -> Refused:
    """Return a refusal; its detail repeats what nobody may log."""
    return Refused(400, code, "Title", kind, wait, "to +13125550103")


async def test_the_exact_bytes_go_out_under_the_messages_own_key() -> None:
    """The request is the one stored in the outbox, and the key is the message's id."""
    carrier = ScriptedCarrier(Accepted(200, {"data": {"id": "c-1"}}))
    sent = await performer(carrier, Settled()).perform(EFFECT)
    assert sent == Done("c-1")
    ((request, key),) = carrier.asked
    assert (request.method, request.path, request.body) == ("POST", "/messages", EFFECT.body)
    assert key == MESSAGE.message_id
    assert orjson.loads(request.body) == {
        "from": "+12025550101",
        "to": "+13125550103",
        "text": "héllo",
        "media_urls": ["https://example.com/a"],
    }


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": {"id": 7}}, {"data": {"id": ""}}])
async def test_an_acceptance_without_an_id_is_asked_for_again(body: dict[str, object]) -> None:
    """The same key repeats the answer, so a name we could not read is not lost."""
    assert isinstance(await performed(Accepted(200, body)), Doubtful)


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (refused(RefusalKind.RETRY, "40008"), 5),
        (refused(RefusalKind.RETRY, "10007", 7), 7),
        (refused(RefusalKind.SLOW_DOWN, "10011"), 60),
        (refused(RefusalKind.SLOW_DOWN, "10011", 3), 3),
        (refused(RefusalKind.HOLD, "40020"), 24 * 3600),
        (refused(RefusalKind.HOLD, "40320"), 3600),
        (NotSent(WhyNotSent.NOT_CONNECTED), 5),
    ],
)
async def test_what_is_tried_again(answer: CarrierOutcome, after: float) -> None:
    """A passing refusal and a request that never left are tried again, when the carrier says."""
    outcome = await performed(answer)
    assert isinstance(outcome, RetryLater)
    assert outcome.after == after


@pytest.mark.parametrize("why", list(WhyInDoubt))
async def test_what_is_in_doubt(why: WhyInDoubt) -> None:
    """A lost answer and a server's error leave a doubt, never a failure."""
    assert await performed(CarrierInDoubt(why)) == Doubtful(why.value)


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        (RefusalKind.OPTED_OUT, "40300", FailureReason.OPTED_OUT),
        (RefusalKind.PERMANENT, "40001", FailureReason.UNREACHABLE),
        (RefusalKind.CONFIGURATION, "40333", FailureReason.CONFIGURATION),
        (RefusalKind.BAD_REQUEST, "40302", FailureReason.BAD_REQUEST),
        (RefusalKind.NOT_FOUND, "10005", FailureReason.BAD_REQUEST),
        (RefusalKind.WRONG_STATE, "90034", FailureReason.BAD_REQUEST),
        (RefusalKind.GONE, "90018", FailureReason.BAD_REQUEST),
        (RefusalKind.KEY_REUSED, "10027", FailureReason.BAD_REQUEST),
        (RefusalKind.PERMANENT, "", FailureReason.UNREACHABLE),
    ],
)
async def test_what_fails_for_good(kind: RefusalKind, code: str, reason: FailureReason) -> None:
    """Every other refusal ends the message, with the carrier's code and title and no detail."""
    outcome = await performed(refused(kind, code))
    assert isinstance(outcome, Failed)
    assert "5550103" not in outcome.detail
    failure = Failure(reason, code, "Title")
    assert await settled(outcome) == [("refused", "m-1", failure)]


def test_every_kind_of_refusal_is_decided() -> None:
    """A kind the carrier's package adds must be decided here as well."""
    assert {kind.name for kind in RefusalKind} == {
        "RETRY",
        "SLOW_DOWN",
        "HOLD",
        "PERMANENT",
        "OPTED_OUT",
        "CONFIGURATION",
        "BAD_REQUEST",
        "NOT_FOUND",
        "WRONG_STATE",
        "GONE",
        "KEY_REUSED",
    }


@pytest.mark.parametrize(
    ("outcome", "recorded"),
    [
        (Done("c-1"), [("accepted", "m-1", "c-1")]),
        (Doubtful("NO_ANSWER"), [("in_doubt", "m-1")]),
        (RetryLater(5, "40008"), []),
        (
            RetryLater(60, "SLOW_DOWN 40002"),
            [("deferred", "m-1", Deferral.CARRIER_BUSY, NOON + timedelta(minutes=1))],
        ),
        (
            RetryLater(3, "SLOW_DOWN 40018"),
            [
                ("deferred", "m-1", Deferral.CARRIER_BUSY, NOON + timedelta(seconds=3)),
                ("pause", "m-1", NOON + timedelta(seconds=3)),
            ],
        ),
        (
            RetryLater(86400, "HOLD 40020"),
            [("deferred", "m-1", Deferral.CARRIER_HOLD, NOON + timedelta(days=1))],
        ),
        (Failed("OPTED_OUT"), [("given_up", "m-1", FailureReason.OPTED_OUT)]),
        (Failed("EXPIRED"), [("given_up", "m-1", FailureReason.EXPIRED)]),
        (
            Failed("ATTEMPTS_EXHAUSTED", "40008"),
            [("given_up", "m-1", FailureReason.RETRIES_EXHAUSTED)],
        ),
        (Failed("SOMETHING_ELSE"), [("given_up", "m-1", FailureReason.RETRIES_EXHAUSTED)]),
    ],
)
async def test_what_is_recorded(outcome: Outcome, recorded: list[tuple[object, ...]]) -> None:
    """Each outcome reaches the message as what it is."""
    assert await settled(outcome) == recorded
