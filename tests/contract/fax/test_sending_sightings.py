"""Whose attempt an event speaks of: told by our token, else by the transmission, else unknown."""

import base64

import pytest
from switchhook.event.v1 import event_pb2, fax_event_pb2, party_pb2

from chassis.metrics import Metrics
from services.fax.sending.ids import Tokens
from services.fax.sending.model import AttemptState
from services.fax.sending.sightings import Sightings
from tests.support.fax_jobs import FIRST, MINUTE, NOW, Desk, seen


def said(detail: str, state: bytes = b"", **facts: object) -> event_pb2.Event:
    """Return an event of the carrier about an outbound fax."""
    fax = fax_event_pb2.FaxEvent(
        fax_id="fax-1",
        direction=party_pb2.DIRECTION_OUTBOUND,
        client_state=base64.b64encode(state).decode(),
    )
    getattr(fax, detail).SetInParent()
    for name, value in facts.items():
        setattr(fax, name, value)
    event = event_pb2.Event(event_id="event-1", fax=fax)
    event.occur_time.FromDatetime(NOW + MINUTE)
    return event


class Ears:
    """Hears events, and counts whose they are."""

    def __init__(self, desk: Desk) -> None:
        """Hear for this desk."""
        self._desk = desk
        self._metrics = Metrics()
        self._sightings = Sightings(desk.following, desk.tokens, self._metrics)

    async def hear(self, event: event_pb2.Event) -> AttemptState:
        """Hear one event and return where the first attempt stands then."""
        async with self._desk.opened.transaction() as connection:
            await self._sightings.apply(connection, event)
        return (await self._desk.job()).attempts[0].state

    def counted(self, whose: str) -> float:
        """Return how many events were of somebody."""
        labels = {"whose": whose}
        return (
            self._metrics.registry.get_sample_value("switchhook_fax_client_states_total", labels)
            or 0.0
        )


@pytest.fixture
async def ears(desk: Desk) -> Ears:
    """Ears of a desk with one job."""
    await desk.take()
    return Ears(desk)


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("queued", AttemptState.ACCEPTED),
        ("media_processed", AttemptState.ACCEPTED),
        ("sending_started", AttemptState.TRANSMITTING),
        ("delivered", AttemptState.DELIVERED),
        ("failed", AttemptState.FAILED),
        ("received", AttemptState.HANDING_OVER),
    ],
)
async def test_our_token_names_the_attempt(
    desk: Desk, ears: Ears, detail: str, expected: AttemptState
) -> None:
    """Before anything else is known of the transmission; what is not about sending is not heard."""
    assert await ears.hear(said(detail, desk.tokens.write(FIRST))) is expected


@pytest.mark.parametrize("state", [Tokens(b"forged").write(FIRST), b"somebody else's", b"\xff"])
async def test_what_others_sign_says_nothing(ears: Ears, state: bytes) -> None:
    """A made-up or foreign token moves no job, and is counted."""
    assert await ears.hear(said("delivered", state)) is AttemptState.HANDING_OVER
    assert ears.counted("foreign") == 1


async def test_a_known_transmission_needs_no_token(desk: Desk, ears: Ears) -> None:
    """Also after the secret was changed: the attempt is known by its fax_id."""
    await desk.see(seen(AttemptState.ACCEPTED, fax_id="fax-1"))
    old = Tokens(b"before the change").write(FIRST)
    assert await ears.hear(said("sending_started")) is AttemptState.TRANSMITTING
    assert await ears.hear(said("delivered", old)) is AttemptState.DELIVERED


async def test_an_inbound_fax_is_none_of_ours(desk: Desk, ears: Ears) -> None:
    """Even with our token, as when we fax ourselves."""
    event = said("failed", desk.tokens.write(FIRST), direction=party_pb2.DIRECTION_INBOUND)
    assert await ears.hear(event) is AttemptState.HANDING_OVER


async def test_a_failure_brings_its_facts(desk: Desk, ears: Ears) -> None:
    """Reason, class, pages, length and time are those of the event."""
    event = said("failed", desk.tokens.write(FIRST), failure_reason="user_busy", page_count=1)
    event.fax.call_duration.FromTimedelta(MINUTE)
    await ears.hear(event)
    (attempt,) = (await desk.job()).attempts
    assert (attempt.reason, attempt.page_count, attempt.call_duration) == ("user_busy", 1, MINUTE)
    assert attempt.state_time == NOW + MINUTE
    assert ears.counted("ours") == 1
