"""A caller's whole way from outside: documents and voicemails over gRPC."""

from xml.etree import ElementTree

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from switchhook.voice.v1 import (
    call_pb2,
    routing_plan_pb2,
    routing_prompt_pb2,
    routing_service_pb2,
    routing_step_pb2,
    texml_service_pb2,
    voicemail_pb2,
    voicemail_service_pb2,
)
from switchhook.voice.v1.routing_service_pb2_grpc import RoutingServiceStub
from switchhook.voice.v1.voicemail_service_pb2_grpc import VoicemailServiceStub

from tests.integration.voice.suite import Suite, whole_suite
from tests.support.telnyx_calls import ADA, Leg

LINE = "+12025550121"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
OPEN = voicemail_pb2.VOICEMAIL_STATE_OPEN


def night_line() -> routing_plan_pb2.RoutingPlan:
    """Return a plan that asks, and records who wants to leave a message."""
    prompt = routing_prompt_pb2.RoutingPrompt
    menu = routing_step_pb2.MenuStep(
        prompt=prompt(text="Press 1 to leave a message."),
        options=[routing_step_pb2.MenuOption(digits="1", next_step_id="message")],
        failure_step_id="bye",
    )
    message = routing_step_pb2.VoicemailStep(prompt=prompt(text="Speak."), mailbox="night")
    return routing_plan_pb2.RoutingPlan(
        plan_id="night",
        numbers=[LINE],
        entry_step_id="menu",
        steps=[
            routing_step_pb2.RoutingStep(step_id="menu", menu=menu),
            routing_step_pb2.RoutingStep(step_id="message", voicemail=message),
            routing_step_pb2.RoutingStep(
                step_id="bye",
                hang_up=routing_step_pb2.HangUpStep(prompt=prompt(text="Goodbye.")),
            ),
        ],
    )


async def ask(suite: Suite, step: str = "", **form: str) -> ElementTree.Element:
    """Ask for a document as the gateway does."""
    usual = {"CallSid": "v3:sid-1", "From": ADA, "To": LINE, "CallStatus": "in-progress"}
    request = texml_service_pb2.AnswerTexmlRequest(
        app="main", parameters={**usual, **form}, event_id="event-1", step=step
    )
    answer = await suite.texml.AnswerTexml(request)
    return ElementTree.fromstring(answer.document)  # noqa: S314 - our own


def key(root: ElementTree.Element, verb: str) -> str:
    """Return the step a verb's action leads to."""
    found = root.find(verb)
    assert found is not None, ElementTree.tostring(root)
    return found.get("action", "").rpartition("/texml/main/")[2]


async def test_a_message_is_left_listed_and_closed(nats_url: str, database_url: str) -> None:
    """A caller on a TeXML number chooses, speaks, and leaves a task that is closed once."""
    async with whole_suite(nats_url, database_url) as suite:
        plans, mail = RoutingServiceStub(suite.channel), VoicemailServiceStub(suite.channel)
        create = routing_service_pb2.CreatePlanRequest(request_id=UNKNOWN, plan=night_line())
        await plans.CreatePlan(create)
        asked = await ask(suite)
        spoken = await ask(suite, key(asked, "Gather"), Digits="1")
        recorded = {"RecordingSid": "rec-1", "RecordingDuration": "4"}
        over = await ask(suite, key(spoken, "Record"), **recorded)
        assert [verb.tag for verb in over] == ["Say", "Hangup"]
        wanted = voicemail_service_pb2.ListVoicemailsRequest(queue_id="night", page_size=1)
        (listed,) = (await mail.ListVoicemails(wanted)).voicemails
        assert (listed.state, listed.recording_id, listed.caller_number) == (OPEN, "rec-1", ADA)
        assert listed.length == Duration(seconds=4)
        close = voicemail_service_pb2.HandleVoicemailRequest(
            voicemail_id=listed.voicemail_id, handled_by="Grace"
        )
        first = (await mail.HandleVoicemail(close)).voicemail
        again = (await mail.HandleVoicemail(close)).voicemail
        get = voicemail_service_pb2.GetVoicemailRequest(voicemail_id=listed.voicemail_id)
        assert first == again == (await mail.GetVoicemail(get)).voicemail
        assert first.handled_by == "Grace"


async def test_a_voicemail_nobody_knows_is_not_found(
    nats_url: str, sqlite_database_url: str
) -> None:
    """Reading and closing it are refused with a reason."""
    async with whole_suite(nats_url, sqlite_database_url) as suite:
        mail = VoicemailServiceStub(suite.channel)
        get = voicemail_service_pb2.GetVoicemailRequest(voicemail_id=UNKNOWN)
        close = voicemail_service_pb2.HandleVoicemailRequest(
            voicemail_id=UNKNOWN, handled_by="Grace"
        )
        for refused in (mail.GetVoicemail(get), mail.HandleVoicemail(close)):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await refused
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_restart_in_a_queue_loses_nobody(nats_url: str, database_url: str) -> None:
    """A caller who waits when voice stops waits on when it is back, and is told nothing twice."""
    leg = Leg()
    async with whole_suite(nats_url, database_url) as suite:
        await suite.deliver(leg.initiated(), leg.answered(), leg.speak_ended())
        await suite.commanded(leg, "answer", "speak", "playback_start")
        await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_QUEUED)
    async with whole_suite(nats_url, database_url) as suite:
        call = await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_QUEUED)
        await suite.deliver(leg.answered())
        await suite.deliver(leg.hung_up())
        await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_HUNG_UP)
        assert suite.telnyx.posts == []
    assert call.queue_name == "support"
