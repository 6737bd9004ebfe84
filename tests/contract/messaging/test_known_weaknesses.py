"""What goes wrong in demonstrations of texting, one test for each.

The weaknesses are those found by reading a carrier's published demonstration; those that concern
calls are in tests/contract/voice/centre/test_known_weaknesses.py.
"""

from datetime import timedelta

import pytest

from carrier.normalize import normalize
from services.messaging import events
from services.messaging.consent.decision import ConsentState
from services.messaging.model import Status
from tests.contract.messaging.conftest import NOON, OURS, PEER, Bench, inbound
from tests.support import telnyx_bodies


async def consent(bench: Bench) -> ConsentState:
    """Return whether PEER wants to hear from OURS."""
    async with bench.transaction() as connection:
        decision, _ = await bench.consents.read(connection, OURS, PEER)
    return decision.state


async def test_an_opt_out_is_confirmed_once(bench: Bench) -> None:
    """7a: where the carrier has answered STOP, the sender hears nothing more from us."""
    await bench.receive(inbound("STOP", answered_by_carrier=True))
    assert await bench.replies() == []
    assert await consent(bench) is ConsentState.REVOKED


@pytest.mark.parametrize("text", ["yes", "Yes!", "yes please", "ok"])
async def test_yes_does_not_subscribe_anybody(bench: Bench, text: str) -> None:
    """7b: a "yes" within a conversation opts nobody in again who has opted out."""
    await bench.receive(inbound("STOP"))
    await bench.receive(inbound(text, create_time=NOON + timedelta(minutes=1)))
    assert await consent(bench) is ConsentState.REVOKED


@pytest.mark.parametrize(
    ("told", "status"),
    [("delivered", Status.DELIVERED), ("sending_failed", Status.FAILED)],
)
async def test_delivery_is_what_finalized_says(bench: Bench, told: str, status: Status) -> None:
    """8: what became of a message is each recipient's status in `message.finalized`."""
    body = telnyx_bodies.message(
        "message.finalized",
        id="c-1",
        direction="outbound",
        **{"from": {"phone_number": OURS}, "to": [{"phone_number": PEER, "status": told}]},
    )
    await bench.report(events.reported(normalize(body, receive_time=NOON)))
    known = await bench.message("c-1")
    assert known is not None
    assert known.status is status
    assert [each.status for each in known.recipients] == [status]
