"""CallService and TexmlService from outside."""

from urllib.parse import urlencode
from xml.etree import ElementTree

import aiohttp
import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from switchhook.crm.v1 import contact_pb2, crm_service_pb2
from switchhook.crm.v1.crm_service_pb2_grpc import (
    CrmServiceServicer,
    add_CrmServiceServicer_to_server,
)
from switchhook.voice.v1 import call_pb2, call_service_pb2, caller_pb2, texml_service_pb2

from chassis.grpc_server import Service
from services.voice.queues.model import carrier_queue
from tests.integration.voice.suite import Suite, crm_answering, voice, whole_suite
from tests.support.telnyx_calls import ADA, CALLED, Leg, fake_telnyx

FORM = {"CallSid": "v3:sid-1", "From": ADA, "To": CALLED, "CallStatus": "ringing"}


async def answered(suite: Suite, **parameters: str) -> ElementTree.Element:
    """Ask for a document and read it."""
    request = texml_service_pb2.AnswerTexmlRequest(
        app="main", parameters={**FORM, **parameters}, event_id="event-1"
    )
    answer = await suite.texml.AnswerTexml(request)
    return ElementTree.fromstring(answer.document)  # noqa: S314 - our own


def reasons(error: grpc.aio.AioRpcError) -> list[str]:
    """Return the reasons a status carries."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    return [info.reason for detail in status.details if detail.Unpack(info)]


async def test_an_unknown_call_is_not_found(nats_url: str, sqlite_database_url: str) -> None:
    """The status says why, in the contract's words."""
    async with whole_suite(nats_url, sqlite_database_url) as suite:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await suite.call("leg-1")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert reasons(caught.value) == ["CALL_NOT_FOUND"]


async def test_every_bad_field_of_a_list_is_named(nats_url: str, sqlite_database_url: str) -> None:
    """A request that breaks rules is refused with all of them."""
    request = call_service_pb2.ListCallsRequest(page_size=251, phone_number="555", state=99)  # type: ignore[arg-type]
    async with whole_suite(nats_url, sqlite_database_url) as suite:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await suite.calls.ListCalls(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    for field in ("page_size", "phone_number", "state"):
        assert field in (caught.value.details() or "")


async def test_calls_are_listed_page_by_page(nats_url: str, database_url: str) -> None:
    """Pages follow one another, filters hold, and a token belongs to its filter."""
    request = call_service_pb2.ListCallsRequest(page_size=2, phone_number=ADA)
    async with whole_suite(nats_url, database_url) as suite:
        for number in range(5):
            await suite.deliver(Leg(str(number)).initiated())
        await suite.deliver(Leg("other", caller="+13125550102").initiated())
        await suite.reaches("leg-other", call_pb2.CALL_STATE_INITIATED)
        seen: list[str] = []
        while True:
            page = await suite.calls.ListCalls(request)
            seen += [call.call_leg_id for call in page.calls]
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        assert sorted(seen) == [f"leg-{number}" for number in range(5)]
        request.direction = call_pb2.CALL_DIRECTION_INBOUND
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await suite.calls.ListCalls(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_caller_on_a_texml_number_walks_the_same_plan(
    nats_url: str, database_url: str
) -> None:
    """The document greets and queues, and the call is kept with its queue and its lookup."""
    async with whole_suite(nats_url, database_url) as suite:
        root = await answered(suite)
        call = await suite.call("v3:sid-1")
    assert [verb.tag for verb in root] == ["Say", "Enqueue"]
    assert root[1].text == carrier_queue("v3:sid-1")
    assert call.steering == call_pb2.CALL_STEERING_TEXML
    assert (call.texml_app, call.queue_name) == ("main", "support")
    assert call.lookup.display_name == "Ada Lovelace"
    assert list(call.commands) == []


async def test_a_call_to_an_unknown_texml_number_is_rejected(
    nats_url: str, sqlite_database_url: str
) -> None:
    """A number that is not ours is refused, and the call is recorded."""
    async with whole_suite(nats_url, sqlite_database_url) as suite:
        root = await answered(suite, To="+12025550199")
        call = await suite.call("v3:sid-1")
    assert [verb.tag for verb in root] == ["Reject"]
    assert not call.HasField("lookup")


async def test_the_events_of_a_texml_call_are_recorded(nats_url: str, database_url: str) -> None:
    """Progress is answered with an empty document and recorded when it comes over the bus."""
    progress = {
        **FORM,
        "CallbackSource": "call-progress-events",
        "CallStatus": "completed",
        "HangupCause": "normal_clearing",
        "SequenceNumber": "3",
    }
    async with whole_suite(nats_url, database_url) as suite:
        await suite.deliver_texml(urlencode(FORM).encode())
        await answered(suite)
        assert len(await answered(suite, **progress)) == 0
        await suite.deliver_texml(urlencode(progress).encode())
        call = await suite.reaches("v3:sid-1", call_pb2.CALL_STATE_HUNG_UP)
    assert (call.queue_name, call.hangup_cause) == ("support", "normal_clearing")
    assert suite.telnyx.posts == []


async def test_a_request_without_a_call_is_refused(nats_url: str, sqlite_database_url: str) -> None:
    """Parameters that name no call, or nothing at all, are invalid."""
    nameless = texml_service_pb2.AnswerTexmlRequest(app="main", parameters={"From": ADA})
    async with whole_suite(nats_url, sqlite_database_url) as suite:
        for request in (nameless, texml_service_pb2.AnswerTexmlRequest()):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await suite.texml.AnswerTexml(request)
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


class Trickster(CrmServiceServicer):
    """Knows one contact, whose name is markup."""

    async def FindContacts(  # noqa: N802 - the name is the contract's
        self,
        request: crm_service_pb2.FindContactsRequest,
        context: object,
    ) -> crm_service_pb2.FindContactsResponse:
        """Return the contact."""
        contact = contact_pb2.Contact(display_name="<Ada & Co>\x00", is_vip=True)
        match = crm_service_pb2.ContactMatch(contact=contact)
        return crm_service_pb2.FindContactsResponse(matches=[match])


async def test_a_name_from_the_crm_cannot_break_out(nats_url: str, database_url: str) -> None:
    """A proven caller is greeted by a name that is text, in documents and in commands."""
    descriptor = crm_service_pb2.DESCRIPTOR.services_by_name["CrmService"]
    service = Service(add_CrmServiceServicer_to_server, Trickster(), descriptor)
    leg = Leg()
    async with (
        fake_telnyx() as telnyx,
        crm_answering(service) as crm,
        voice(nats_url, database_url, telnyx, crm, VOICE_NAMED_GREETING="Hello {name}.") as suite,
    ):
        proven = {"ShakenStirAttestation": "A", "ShakenStirValidated": "true"}
        root = await answered(suite, **proven)
        started = leg.initiated(shaken_stir_attestation="A", shaken_stir_validated=True)
        await suite.deliver(started, leg.answered())
        await suite.commanded(leg, "answer", "speak")
        call = await suite.call(leg.leg_id)
    assert [verb.tag for verb in root] == ["Say", "Enqueue"]
    assert root[0].text == "Hello <Ada & Co>."
    assert telnyx.body(leg.control_id, "speak")["payload"] == "Hello <Ada & Co>."
    assert call.lookup.display_name == "<Ada & Co>"
    assert call.caller.kind == caller_pb2.CALLER_KIND_NUMBER


async def test_services_are_listed_only_when_told_to(
    nats_url: str, sqlite_database_url: str
) -> None:
    """Reflection is off unless a setting turns it on."""
    async with whole_suite(nats_url, sqlite_database_url) as suite:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await _listed(suite)
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    async with whole_suite(nats_url, sqlite_database_url, REFLECTION="on") as suite:
        names = await _listed(suite)
    assert {"switchhook.voice.v1.CallService", "switchhook.voice.v1.TexmlService"} <= set(names)


async def _listed(suite: Suite) -> list[str]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{suite.ports.grpc}") as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type]
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        async for answer in stub.ServerReflectionInfo(iter([asked])):  # type: ignore[operator]
            return [each.name for each in answer.list_services_response.service]
    return []


async def test_lookups_are_counted_and_readiness_told(
    nats_url: str, sqlite_database_url: str
) -> None:
    """The operator's port says that the service is ready and what lookups came to."""
    async with whole_suite(nats_url, sqlite_database_url) as suite:
        await answered(suite)
        assert '"ready":true' in await _page(suite, "readyz")
        metrics = await _page(suite, "metrics")
    assert 'switchhook_voice_lookups_total{outcome="FOUND"} 1.0' in metrics


async def _page(suite: Suite, name: str) -> str:
    url = f"http://127.0.0.1:{suite.ports.admin}/{name}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()
