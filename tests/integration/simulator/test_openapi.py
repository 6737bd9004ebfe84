"""What the simulator says fits the carrier's own OpenAPI document, where that is at hand."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from simulator import world
from tests.integration.simulator.conftest import API_KEY, Carrier, Sink
from tests.integration.simulator.openapi import OpenApi
from tests.support.eventually import eventually

ADA = world.ADA.number


@pytest.fixture(scope="module")
def document() -> OpenApi:
    """The carrier's OpenAPI document."""
    folder = os.environ.get("SWITCHHOOK_REFERENCE", "")
    path = Path(folder) / "telnyx" / "openapi.json"
    if not folder or not path.exists():
        pytest.skip("SWITCHHOOK_REFERENCE names no folder with telnyx/openapi.json")
    return OpenApi(path)


class _Checked:
    """REST calls whose every answer is held against the document."""

    def __init__(self, carrier: Carrier, document: OpenApi) -> None:
        self._carrier = carrier
        self._document = document

    async def __call__(
        self, operation: str, path: str, body: Any = None, *, status: int = 200
    ) -> Any:
        url = f"{self._carrier.addresses.api}{path}"
        headers = {"Authorization": f"Bearer {API_KEY}"}
        method = operation.split(" ")[0]
        session = self._carrier.session
        async with session.request(method, url, json=body, headers=headers) as reply:
            answer = await reply.json()
            assert reply.status == status, answer
        schema = self._document.reply(operation, status)
        assert list(self._document.faults(answer, schema)) == [], operation
        return answer


@pytest.fixture
def checked(carrier: Carrier, document: OpenApi) -> _Checked:
    """REST calls whose every answer is held against the document."""
    return _Checked(carrier, document)


async def test_messages(carrier: Carrier, checked: _Checked) -> None:
    """Messages, in both directions and in error, and opt-outs."""
    body = {"from": world.MESSAGING_NUMBER, "to": ADA, "text": "Hi"}
    sent = await checked("POST /messages", "/messages", body)
    await checked("GET /messages/{id}", f"/messages/{sent['data']['id']}")
    await checked("POST /messages", "/messages", {}, status=422)
    inbound = await carrier.sim("sms", {"from": ADA, "text": "STOP", "media": ["png"]})
    await checked("GET /messages/{id}", f"/messages/{inbound['message_id']}")
    await checked("POST /messages", "/messages", body, status=400)
    await checked("GET /messages/{id}", "/messages/none", status=404)
    await checked("GET /messaging_optouts", "/messaging_optouts")


async def test_calls(carrier: Carrier, checked: _Checked) -> None:
    """Dial, status, commands, refusals and queues."""
    dial = {"connection_id": "1", "from": world.VOICE_NUMBER, "to": ADA, "client_state": "YQ=="}
    dialed = await checked("POST /calls", "/calls", dial)
    await checked("POST /calls", "/calls", {}, status=422)
    await checked(
        "GET /calls/{call_control_id}", f"/calls/{quote(dialed['data']['call_control_id'])}"
    )
    call = quote((await carrier.sim("call", {"from": ADA}))["call_control_id"])
    command = "POST /calls/{call_control_id}/actions/"
    await checked(f"{command}speak", f"/calls/{call}/actions/speak", {}, status=422)
    await checked(f"{command}answer", f"/calls/{call}/actions/answer", {})
    queue = {"queue_name": "support"}
    await checked(f"{command}enqueue", f"/calls/{call}/actions/enqueue", queue)
    await checked("GET /queues", "/queues")
    await checked("GET /queues/{queue_name}", "/queues/support")
    await checked("GET /queues/{queue_name}/calls", "/queues/support/calls")
    await checked("GET /queues/{queue_name}", "/queues/none", status=404)
    await checked(f"{command}hangup", f"/calls/{call}/actions/hangup", {})
    await checked("GET /calls/{call_control_id}", f"/calls/{call}")


async def test_conversations(carrier: Carrier, sink: Sink, checked: _Checked) -> None:
    """Dial for a caller, bridge, transfer, gather, record, and the recordings."""
    caller = (await carrier.sim("call", {"from": ADA, "message": 0}))["call_control_id"]
    call, command = quote(caller), "POST /calls/{call_control_id}/actions/"
    await checked(f"{command}answer", f"/calls/{call}/actions/answer", {})
    dial = {"connection_id": "1", "from": world.VOICE_NUMBER, "to": ADA, "link_to": caller}
    dialed = await checked("POST /calls", "/calls", dial)
    await sink.event("call.answered")
    answers: tuple[tuple[str, dict[str, object]], ...] = (
        ("gather", {"maximum_digits": 1}),
        ("gather_stop", {}),
        ("gather_using_audio", {"media_name": "menu"}),
        ("send_dtmf", {"digits": "1"}),
        ("transcription_start", {}),
        ("transcription_stop", {}),
        ("record_start", {"format": "wav", "channels": "dual"}),
        ("record_stop", {}),
        ("transfer", {"to": world.GRACE.number}),
    )
    for action, body in answers:
        await checked(f"{command}{action}", f"/calls/{call}/actions/{action}", body)
    agent = {"call_control_id": dialed["data"]["call_control_id"], "park_after_unbridge": "self"}
    await eventually(lambda: len(sink.events("call.answered")) == 3)
    await checked(f"{command}bridge", f"/calls/{call}/actions/bridge", agent)
    await sink.event("call.recording.saved")
    listed = await checked("GET /recordings", f"/recordings?filter[call_control_id]={call}")
    (recording,) = listed["data"]
    await checked("GET /recordings/{recording_id}", f"/recordings/{recording['id']}")
    await checked("GET /recordings/{recording_id}", "/recordings/none", status=404)


async def test_faxes(carrier: Carrier, sink: Sink, checked: _Checked) -> None:
    """Faxes in both directions, their list and refresh."""
    body = {
        "connection_id": "1",
        "from": world.FAX_NUMBER,
        "to": ADA,
        "media_url": "https://files.example.com/a.pdf",
    }
    sent = await checked("POST /faxes", "/faxes", body, status=202)
    cancel = f"/faxes/{sent['data']['id']}/actions/cancel"
    await checked("POST /faxes/{id}/actions/cancel", cancel, {}, status=202)
    await checked("POST /faxes/{id}/actions/cancel", cancel, {}, status=422)
    await checked("POST /faxes", "/faxes", {}, status=422)
    fax = await carrier.sim("fax", {"from": ADA})
    await sink.event("fax.received")
    await checked("GET /faxes/{id}", f"/faxes/{fax['fax_id']}")
    await checked("POST /faxes/{id}/actions/refresh", f"/faxes/{fax['fax_id']}/actions/refresh")
    await checked("GET /faxes", "/faxes?page[size]=1")
    await checked("GET /faxes/{id}", "/faxes/none", status=404)


async def test_the_rest(carrier: Carrier, sink: Sink, checked: _Checked) -> None:
    """Number lookup and the delivery log."""
    number = quote(ADA)
    for kind in ("carrier", "caller-name"):
        await checked("GET /number_lookup/{phone_number}", f"/number_lookup/{number}?type={kind}")
    await checked("GET /number_lookup/{phone_number}", "/number_lookup/nobody", status=422)
    sink.answers = [500]
    await carrier.sim("sms", {"from": ADA, "text": "Hi"})
    await eventually(lambda: len(sink.received) == 2)
    await checked("GET /webhook_deliveries", "/webhook_deliveries")


_SEEN_IN_REAL_DELIVERIES = {"$.data.payload.client_state is NoneType, not string"}
"""What the document rules out and real deliveries contain all the same."""


async def test_webhooks(carrier: Carrier, sink: Sink, document: OpenApi) -> None:
    """Every webhook of a type the document describes fits its schema."""
    schemas = document.webhooks()
    await _let_everything_happen(carrier, sink)
    checked = set()
    for request in sink.received:
        event_type = request.data["event_type"]
        if event_type in schemas:
            body = {"data": request.data, "meta": request.meta}
            faults = set(document.faults(body, schemas[event_type])) - _SEEN_IN_REAL_DELIVERIES
            assert not faults, event_type
            checked.add(event_type)
    seen = {"message.received", "call.initiated", "call.hangup", "fax.delivered"}
    assert seen | {"call.recording.saved", "call.transcription", "call.bridged"} <= checked


async def _let_everything_happen(carrier: Carrier, sink: Sink) -> None:
    await carrier.sim("sms", {"from": ADA, "text": "Hi", "media": ["png"]})
    await carrier.sdk.messages.send(from_=world.MESSAGING_NUMBER, to=ADA, text="Hi")
    await carrier.sdk.faxes.create(
        connection_id="1", from_=world.FAX_NUMBER, to=ADA, media_name="letter"
    )
    patient = {"from": ADA, "message": 0}
    calls = [(await carrier.sim("call", patient))["call_control_id"] for _ in range(2)]
    actions = carrier.sdk.calls.actions
    for call in calls:
        await actions.answer(call)
    await actions.start_playback(calls[0], audio_url="https://media.example.com/a.wav")
    await actions.gather_using_speak(calls[0], payload="Number?", voice="x", maximum_digits=1)
    await carrier.sim(f"call/{quote(calls[0])}/press", {"digits": "7"})
    await actions.speak(calls[0], payload="Thank you.", voice="x")
    await actions.start_transcription(calls[0])
    await carrier.sim(f"call/{quote(calls[0])}/say", {"words": "hello"})
    await actions.start_recording(calls[0], channels="dual", format="mp3")
    await actions.enqueue(calls[0], queue_name="support")
    await actions.bridge(calls[1], call_control_id_to_bridge_with=calls[0])
    await actions.hangup(calls[0])
    for event_type in ("fax.delivered", "message.finalized", "call.hangup", "call.dequeued"):
        await sink.event(event_type)
    await sink.event("call.recording.saved")
