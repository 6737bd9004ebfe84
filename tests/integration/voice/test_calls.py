"""Calls from the bus to the carrier, over real servers."""

import asyncio
import itertools
import random
from functools import partial
from typing import Any

import grpc
import pytest
from switchhook.crm.v1 import crm_service_pb2
from switchhook.crm.v1.crm_service_pb2_grpc import (
    CrmServiceServicer,
    add_CrmServiceServicer_to_server,
)
from switchhook.voice.v1 import call_command_pb2, call_pb2, caller_pb2

from chassis.grpc_server import Service
from chassis.streams import DEAD_LETTERS
from tests.integration.voice.suite import (
    MUSIC,
    NOBODY,
    Suite,
    crm_answering,
    crm_running,
    voice,
    whole_suite,
)
from tests.support.eventually import eventually
from tests.support.telnyx_calls import CALLED, Leg, fake_telnyx

ACCEPTED = call_command_pb2.CALL_COMMAND_STATE_ACCEPTED
HUNG_UP = call_pb2.CALL_STATE_HUNG_UP
GRACE = "+13125550102"
STRANGER = "+13125550177"


def command_states(call: call_pb2.Call) -> list[call_command_pb2.CallCommandState.ValueType]:
    """Return what became of a call's commands."""
    return [command.state for command in call.commands]


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        ("+13125550101", caller_pb2.LOOKUP_OUTCOME_FOUND),
        (STRANGER, caller_pb2.LOOKUP_OUTCOME_NOT_FOUND),
        ("anonymous", caller_pb2.LOOKUP_OUTCOME_UNSPECIFIED),
        ("sip:ada@example.com", caller_pb2.LOOKUP_OUTCOME_UNSPECIFIED),
        ("12;--", caller_pb2.LOOKUP_OUTCOME_UNSPECIFIED),
    ],
)
async def test_a_call_from_ringing_to_the_end(
    nats_url: str, database_url: str, number: str, outcome: caller_pb2.LookupOutcome.ValueType
) -> None:
    """Each event brings its command, whoever calls comes to wait with music, and all is shown."""
    leg = Leg(caller=number)
    async with whole_suite(nats_url, database_url) as suite:
        await suite.deliver(leg.initiated())
        await suite.commanded(leg, "answer")
        await suite.deliver(leg.answered())
        await suite.commanded(leg, "answer", "speak")
        await suite.deliver(leg.speak_started(), leg.speak_ended())
        await suite.commanded(leg, "answer", "speak", "playback_start")
        assert suite.telnyx.body(leg.control_id, "playback_start")["audio_url"] == MUSIC
        await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_QUEUED)
        await suite.deliver(leg.hung_up())
        call = await suite.reaches(leg.leg_id, HUNG_UP)
    assert command_states(call) == [ACCEPTED] * 3
    assert set(suite.telnyx.effects.values()) == {1}
    assert (call.queue_name, call.dequeue_reason) == ("support", call_pb2.DEQUEUE_REASON_HANGUP)
    assert call.lookup.outcome == outcome
    assert (call.hangup_cause, call.called_number) == ("normal_clearing", CALLED)


async def test_calls_in_any_order_with_duplicates(nats_url: str, database_url: str) -> None:
    """Twenty shuffled calls at once, each event twice, end alike and do nothing twice."""
    orders = random.Random(11).sample(list(itertools.permutations(range(5))), 20)
    legs = [Leg(str(number)) for number in range(len(orders))]
    async with whole_suite(nats_url, database_url) as suite:
        for leg, order in zip(legs, orders, strict=True):
            events = [
                leg.initiated(),
                leg.answered(),
                leg.speak_started(),
                leg.speak_ended(),
                leg.hung_up(),
            ]
            for index in order:
                await suite.deliver(events[index], events[index])
        for leg in legs:
            await suite.reaches(leg.leg_id, HUNG_UP)
            await eventually(partial(_settled, suite, leg))
    assert all(count == 1 for count in suite.telnyx.effects.values())


async def _settled(suite: Suite, leg: Leg) -> bool:
    """Say whether every event of a leg has been joined and every command has its outcome."""
    call = await suite.call(leg.leg_id)
    assert call.direction == call_pb2.CALL_DIRECTION_INBOUND
    assert call.state == HUNG_UP
    for time in ("initiate_time", "answer_time", "hangup_time"):
        assert call.HasField(time)
    return call_command_pb2.CALL_COMMAND_STATE_REQUESTED not in command_states(call)


@pytest.mark.parametrize("behaviour", ["lose", "fail", "busy"])
async def test_a_command_that_fails_is_sent_again_under_its_id(
    nats_url: str, database_url: str, behaviour: str
) -> None:
    """Lost answers, server errors and rate limits lead to one effect and one command id."""
    leg = Leg()
    async with whole_suite(nats_url, database_url) as suite:
        suite.telnyx.answer("answer", behaviour, behaviour)
        await suite.deliver(leg.initiated())
        await suite.commanded(leg, "answer", "answer", "answer")
        call = await eventually(lambda: _accepted(suite, leg))
    assert call
    assert suite.telnyx.effects == {f"{leg.control_id} answer": 1}
    assert len({body["command_id"] for _, _, body in suite.telnyx.posts}) == 1


async def _accepted(suite: Suite, leg: Leg) -> bool:
    return command_states(await suite.call(leg.leg_id)) == [ACCEPTED]


async def test_a_call_that_has_ended_is_no_failure(nats_url: str, database_url: str) -> None:
    """A command that meets a finished call is told so, once, and nothing follows."""
    leg = Leg()
    async with whole_suite(nats_url, database_url) as suite:
        suite.telnyx.answer("speak", "90018")
        await suite.deliver(leg.initiated(), leg.answered())
        await suite.commanded(leg, "answer", "speak")
        await suite.deliver(leg.hung_up())
        call = await suite.reaches(leg.leg_id, HUNG_UP)
        assert command_states(call)[1] == call_command_pb2.CALL_COMMAND_STATE_CALL_ENDED
    assert suite.telnyx.actions(leg.control_id) == ["answer", "speak"]


async def test_a_refused_greeting_leads_on_to_the_queue(nats_url: str, database_url: str) -> None:
    """A caller whose greeting the carrier refuses waits all the same, without music if need be."""
    leg = Leg()
    async with whole_suite(nats_url, database_url) as suite:
        suite.telnyx.answer("speak", "10015")
        suite.telnyx.answer("playback_start", "10015")
        await suite.deliver(leg.initiated(), leg.answered())
        await suite.commanded(leg, "answer", "speak", "playback_start")
        await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_QUEUED)


async def test_our_own_legs_and_unknown_numbers_are_left_alone(
    nats_url: str, database_url: str
) -> None:
    """They are recorded, and the carrier hears nothing of them."""
    outgoing = Leg("out", caller=CALLED, called=STRANGER, direction="outgoing")
    elsewhere = Leg("else", called="+12025550199")
    async with whole_suite(nats_url, database_url) as suite:
        for leg in (outgoing, elsewhere):
            await suite.deliver(leg.initiated(), leg.answered(), leg.hung_up())
        calls = [await suite.reaches(leg.leg_id, HUNG_UP) for leg in (outgoing, elsewhere)]
    assert suite.telnyx.posts == []
    assert [call.direction for call in calls] == [
        call_pb2.CALL_DIRECTION_OUTBOUND,
        call_pb2.CALL_DIRECTION_INBOUND,
    ]
    assert not any(call.HasField("lookup") for call in calls)


async def test_a_crm_that_is_away_makes_callers_unknown(nats_url: str, database_url: str) -> None:
    """Without a CRM a VIP is served like anybody, and the call says why."""
    leg = Leg()
    async with (
        fake_telnyx() as telnyx,
        voice(nats_url, database_url, telnyx, NOBODY) as suite,
    ):
        await suite.deliver(leg.initiated(), leg.answered(), leg.speak_ended())
        await suite.commanded(leg, "answer", "speak", "playback_start")
        call = await suite.call(leg.leg_id)
    assert call.lookup.outcome == caller_pb2.LOOKUP_OUTCOME_UNAVAILABLE


class SlowCrm(CrmServiceServicer):
    """Never answers."""

    async def FindContacts(  # noqa: N802 - the name is the contract's
        self,
        request: crm_service_pb2.FindContactsRequest,
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> crm_service_pb2.FindContactsResponse:
        """Wait for ever."""
        await asyncio.Event().wait()
        raise AssertionError("never reached")


async def test_a_crm_that_hangs_does_not_hold_up_the_call(
    nats_url: str, sqlite_database_url: str
) -> None:
    """After its deadline the lookup is given up, and the call goes on."""
    leg = Leg()
    descriptor = crm_service_pb2.DESCRIPTOR.services_by_name["CrmService"]
    slow = Service(add_CrmServiceServicer_to_server, SlowCrm(), descriptor)
    async with (
        fake_telnyx() as telnyx,
        crm_answering(slow) as crm,
        voice(nats_url, sqlite_database_url, telnyx, crm) as suite,
    ):
        await suite.deliver(leg.initiated())
        await suite.commanded(leg, "answer")
        call = await suite.call(leg.leg_id)
    assert call.lookup.outcome == caller_pb2.LOOKUP_OUTCOME_UNAVAILABLE


async def test_a_restart_in_the_middle_of_a_command(nats_url: str, database_url: str) -> None:
    """What was in doubt when the service stopped is sent again under its id, and acts once."""
    leg = Leg()
    async with fake_telnyx() as telnyx, crm_running() as crm:
        telnyx.answer("answer", *["lose"] * 40)
        async with voice(nats_url, database_url, telnyx, crm) as suite:
            await suite.deliver(leg.initiated())
            await eventually(lambda: telnyx.posts)
        telnyx.answer("answer")
        async with voice(nats_url, database_url, telnyx, crm) as suite:
            await eventually(lambda: _accepted(suite, leg))
    assert telnyx.effects == {f"{leg.control_id} answer": 1}


async def test_an_event_that_names_no_call_becomes_a_dead_letter(
    nats_url: str, sqlite_database_url: str
) -> None:
    """Nothing can be done with it, and it holds up nobody."""
    nameless, leg = Leg("nameless"), Leg()
    nameless.leg_id = nameless.control_id = ""
    async with whole_suite(nats_url, sqlite_database_url) as suite:
        await suite.deliver(nameless.answered(), leg.initiated())
        await suite.commanded(leg, "answer")
        await eventually(lambda: _has_letters(suite))
        letter = (await suite.bus.read(DEAD_LETTERS, 1, 1))[0]
    assert letter.headers["Switchhook-Reason"] == "CALL_UNIDENTIFIED"


async def _has_letters(suite: Suite) -> bool:
    return (await suite.bus.state(DEAD_LETTERS)).messages == 1
