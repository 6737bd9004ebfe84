"""REST v2 as the official SDK sees it."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest
import telnyx
from telnyx import AsyncTelnyx

from simulator import world
from tests.integration.simulator.conftest import API_KEY, Carrier, Sink
from tests.support.eventually import eventually

ADA = world.ADA.number


def _code(error: telnyx.APIStatusError) -> str:
    body: Any = error.body
    return str(body["errors"][0]["code"])


async def _send(carrier: Carrier, **more: Any) -> Any:
    body = {"from_": world.MESSAGING_NUMBER, "to": ADA, "text": "Hello"} | more
    return await carrier.sdk.messages.send(**body)


async def _incoming(carrier: Carrier, **more: Any) -> str:
    reply = await carrier.sim("call", {"from": ADA} | more)
    return str(reply["call_control_id"])


async def _answered(carrier: Carrier) -> str:
    call = await _incoming(carrier)
    await carrier.sdk.calls.actions.answer(call)
    return call


async def test_a_wrong_key_is_refused(carrier: Carrier) -> None:
    """Another bearer token is 401 with 10009."""
    async with AsyncTelnyx(
        api_key="KEY-other", base_url=carrier.addresses.api, max_retries=0
    ) as sdk:
        with pytest.raises(telnyx.AuthenticationError) as refused:
            await sdk.messages.send(from_=world.MESSAGING_NUMBER, to=ADA, text="Hello")
    assert _code(refused.value) == "10009"


async def test_a_message_is_sent_and_can_be_read(carrier: Carrier, sink: Sink) -> None:
    """A message is accepted as queued, sent, delivered, and then read back as delivered."""
    sent = await _send(carrier)
    assert sent.data.to[0].status == "queued"
    final = await sink.event("message.finalized")
    assert final.data["payload"]["id"] == sent.data.id
    read = await carrier.sdk.messages.retrieve(sent.data.id)
    assert read.data.to[0].status == "delivered"
    assert (await carrier.sim(f"phones/{quote(ADA)}/inbox"))["messages"][0]["text"] == "Hello"


async def test_a_message_can_have_a_webhook_of_its_own(carrier: Carrier, sink: Sink) -> None:
    """The webhook_url of a message comes before that of the profile."""
    await _send(carrier, webhook_url=f"{sink.url}/own")
    assert (await sink.event("message.sent")).path == "/own"


async def test_a_key_makes_a_retry_harmless(carrier: Carrier) -> None:
    """The same request under the same key gives the same message and one effect."""
    first = await _send(carrier, idempotency_key="k-1")
    raw = await carrier.sdk.messages.with_raw_response.send(
        from_=world.MESSAGING_NUMBER, to=ADA, text="Hello", idempotency_key="k-1"
    )
    assert raw.headers["IdempotentReplayed"] == "true"
    assert (await raw.parse()).data.id == first.data.id
    assert len(await carrier.effects("message.accepted")) == 1
    assert len(await carrier.effects("message.replayed")) == 1


async def test_a_key_with_another_message_is_a_mistake(carrier: Carrier) -> None:
    """Another body under the same key is 422 with 10027."""
    await _send(carrier, idempotency_key="k-2")
    with pytest.raises(telnyx.UnprocessableEntityError) as refused:
        await _send(carrier, text="Other", idempotency_key="k-2")
    assert _code(refused.value) == "10027"


async def test_a_key_in_progress_is_a_conflict(carrier: Carrier) -> None:
    """While the first request runs, the second under its key is 409."""
    await carrier.sim("faults", {"kind": "slow", "seconds": 60})
    first = asyncio.create_task(_send(carrier, idempotency_key="k-3"))
    await eventually(lambda: _no_faults(carrier))
    with pytest.raises(telnyx.ConflictError) as refused:
        await _send(carrier, idempotency_key="k-3")
    assert _code(refused.value) == "10036"
    async with carrier.session.delete(f"{carrier.addresses.http}/_sim/faults") as reply:
        assert reply.status == 200
    assert (await first).data.to[0].status == "queued"


async def _no_faults(carrier: Carrier) -> bool:
    return not (await carrier.sim("faults"))["faults"]


async def test_a_malformed_key_is_a_bad_request(carrier: Carrier) -> None:
    """A key with a space in it is 400 with 10015."""
    with pytest.raises(telnyx.BadRequestError) as refused:
        await _send(carrier, idempotency_key="no good")
    assert _code(refused.value) == "10015"


async def test_a_failure_is_not_stored_under_a_key(carrier: Carrier) -> None:
    """After a 500 the same key sends the message."""
    await carrier.sim("faults", {"kind": "error"})
    with pytest.raises(telnyx.InternalServerError):
        await _send(carrier, idempotency_key="k-4")
    await _send(carrier, idempotency_key="k-4")
    assert len(await carrier.effects("message.accepted")) == 1


async def test_a_lost_reply_is_replayed(carrier: Carrier) -> None:
    """A dropped reply looks like a broken connection; the key then finds the message."""
    await carrier.sim("faults", {"kind": "drop_reply", "match": "POST /v2/messages"})
    with pytest.raises(telnyx.APIConnectionError):
        await _send(carrier, idempotency_key="k-5")
    await _send(carrier, idempotency_key="k-5")
    assert len(await carrier.effects("message.accepted")) == 1


async def test_an_error_after_acceptance_sends_twice(carrier: Carrier) -> None:
    """Accepted but answered 503: nothing is stored, so the same key sends a second message."""
    await carrier.sim("faults", {"kind": "error_after_accept", "status": 503})
    with pytest.raises(telnyx.InternalServerError):
        await _send(carrier, idempotency_key="k-6")
    await _send(carrier, idempotency_key="k-6")
    assert len(await carrier.effects("message.accepted")) == 2


async def test_too_many_requests(carrier: Carrier) -> None:
    """A rate limit is 429 with 10011 and says when to come back."""
    await carrier.sim("faults", {"kind": "rate_limit", "seconds": 7})
    with pytest.raises(telnyx.RateLimitError) as refused:
        await _send(carrier)
    assert _code(refused.value) == "10011"
    assert refused.value.response.headers["retry-after"] == "7"
    assert refused.value.response.headers["x-ratelimit-reset"] == "7"


async def test_stop_is_answered_and_blocks(carrier: Carrier, sink: Sink) -> None:
    """Telnyx answers STOP, marks the webhook, lists the opt-out and refuses the next message."""
    await carrier.sim("sms", {"from": ADA, "text": "STOP"})
    received = await sink.event("message.received")
    assert received.data["payload"]["autoresponse_type"] == "STOP"
    with pytest.raises(telnyx.BadRequestError) as refused:
        await _send(carrier)
    assert _code(refused.value) == "40300"
    page = await carrier.sdk.messaging_optouts.list()
    assert [(row.from_, row.to, row.keyword) for row in page.data or []] == [
        (world.MESSAGING_NUMBER, ADA, "STOP")
    ]
    await carrier.sim("sms", {"from": ADA, "text": "START"})
    await _send(carrier)


async def test_a_profile_without_autoresponder(carrier: Carrier, sink: Sink) -> None:
    """Switched off, STOP arrives unmarked and nobody is blocked until it is done by hand."""
    await carrier.sim("profile", {"autoresponder": False})
    await carrier.sim("sms", {"from": ADA, "text": "STOP"})
    received = await sink.event("message.received")
    assert received.data["payload"]["autoresponse_type"] is None
    await _send(carrier)
    await carrier.sim("blocks", {"number": ADA})
    with pytest.raises(telnyx.BadRequestError):
        await _send(carrier)


async def test_a_call_from_ring_to_queue(carrier: Carrier, sink: Sink) -> None:
    """Answer, speak and enqueue lead to their events, and the queue shows the caller."""
    call = await _incoming(carrier)
    assert (await sink.event("call.initiated")).data["payload"]["call_control_id"] == call
    actions = carrier.sdk.calls.actions
    assert (await actions.answer(call)).data.result == "ok"
    await sink.event("call.answered")
    await actions.speak(call, payload="Welcome.", voice="female")
    await sink.event("call.speak.ended")
    await actions.enqueue(call, queue_name="support")
    await sink.event("call.enqueued")
    queue = await carrier.sdk.queues.retrieve("support")
    assert (queue.data.current_size, queue.data.max_size) == (1, 100)
    listed = [each.name async for each in carrier.sdk.queues.list()]
    assert listed == ["support"]
    waiting = [each async for each in carrier.sdk.queues.calls.list("support")]
    assert [(each.call_control_id, each.queue_position) for each in waiting] == [(call, 1)]
    status = await carrier.sdk.calls.retrieve_status(call)
    assert status.data.is_alive
    await actions.leave_queue(call)
    assert (await sink.event("call.dequeued")).data["payload"]["reason"] == "leave"
    await actions.hangup(call)
    assert (await sink.event("call.hangup")).data["payload"]["hangup_source"] == "callee"


async def test_every_other_command(carrier: Carrier, sink: Sink) -> None:
    """Reject, playback, gather, client state and bridge work through the SDK as well."""
    actions = carrier.sdk.calls.actions
    await actions.reject(await _incoming(carrier), cause="USER_BUSY")
    assert (await sink.event("call.hangup")).data["payload"]["hangup_cause"] == "user_busy"
    first, second = await _answered(carrier), await _answered(carrier)
    await actions.start_playback(first, media_name="hold", loop="infinity")
    await actions.stop_playback(first)
    assert (await sink.event("call.playback.ended")).data["payload"]["status"] == "cancelled"
    await actions.update_client_state(first, client_state="YWJj")
    await actions.gather_using_speak(first, payload="Number?", voice="x", maximum_digits=1)
    await carrier.sim(f"call/{quote(first)}/press", {"digits": "7"})
    gathered = (await sink.event("call.gather.ended")).data["payload"]
    assert (gathered["digits"], gathered["client_state"]) == ("7", "YWJj")
    await actions.bridge(first, call_control_id_to_bridge_with=second)
    await eventually(lambda: len(sink.events("call.bridged")) == 2)
    await actions.hangup(first)
    with pytest.raises(telnyx.UnprocessableEntityError) as refused:
        await actions.speak(second, payload="Hello?", voice="x")
    assert _code(refused.value) == "90018"


async def test_a_repeated_command_has_one_effect(carrier: Carrier) -> None:
    """The same command_id is accepted twice and carried out once."""
    call = await _answered(carrier)
    for _ in range(2):
        await carrier.sdk.calls.actions.enqueue(call, queue_name="support", command_id="c-1")
    assert len(await carrier.effects("call.enqueue")) == 1
    assert len(await carrier.effects("call.repeated")) == 1


async def test_a_dial_is_answered(carrier: Carrier, sink: Sink) -> None:
    """A dialed phone picks up; the reply says that the call is not alive yet."""
    body = {
        "connection_id": world.VOICE_CONNECTION_ID,
        "from_": world.VOICE_NUMBER,
        "to": ADA,
        "command_id": "d-1",
    }
    first = await carrier.sdk.calls.dial(**body)
    second = await carrier.sdk.calls.dial(**body)
    assert first.data.is_alive is False
    assert second.data.call_control_id == first.data.call_control_id
    initiated = (await sink.event("call.initiated")).data["payload"]
    assert (initiated["direction"], initiated["state"]) == ("outgoing", "bridging")
    await sink.event("call.answered")
    assert len(await carrier.effects("call.dial")) == 1


async def test_a_busy_phone(carrier: Carrier, sink: Sink) -> None:
    """A phone told to be busy ends the dialed call as user_busy."""
    await carrier.sim(f"phones/{quote(ADA)}", {"calls": "busy"})
    await carrier.sim("dial", {"to": ADA})
    assert (await sink.event("call.hangup")).data["payload"]["hangup_cause"] == "user_busy"


async def test_a_fax_arrives_with_its_document(carrier: Carrier, sink: Sink) -> None:
    """A received fax has a link that gives the document without a key."""
    fax = await carrier.sim("fax", {"from": ADA, "pages": 2})
    received = (await sink.event("fax.received")).data["payload"]
    assert (received["fax_id"], received["page_count"]) == (fax["fax_id"], 2)
    async with carrier.session.get(received["media_url"]) as reply:
        assert reply.content_type == "application/pdf"
        assert (await reply.read()).startswith(b"%PDF")
    assert (await carrier.effects("media.downloaded"))[0]["authorized"] is False
    read = await carrier.sdk.faxes.retrieve(fax["fax_id"])
    assert (read.data.direction, read.data.status) == ("inbound", "received")


async def test_a_dead_link_is_renewed(carrier: Carrier, sink: Sink) -> None:
    """A link with another expiry is refused as S3 does; refresh gives a new one."""
    fax = await carrier.sim("fax", {"from": ADA})
    url = (await sink.event("fax.received")).data["payload"]["media_url"]
    async with carrier.session.get(url.replace("Expires=600", "Expires=601")) as reply:
        assert reply.status == 403
    await carrier.sdk.faxes.actions.refresh(fax["fax_id"])
    fresh = (await carrier.sdk.faxes.retrieve(fax["fax_id"])).data.to_dict()["media_url"]
    async with carrier.session.get(str(fresh)) as reply:
        assert reply.status == 200


async def test_a_fax_is_sent(carrier: Carrier, sink: Sink) -> None:
    """An outbound fax is queued and delivered, and is found by its direction."""
    sent = await carrier.sdk.faxes.create(
        connection_id=world.FAX_CONNECTION_ID,
        from_=world.FAX_NUMBER,
        to=ADA,
        media_url="https://files.example.com/a.pdf",
        client_state="YWJj",
    )
    delivered = (await sink.event("fax.delivered")).data["payload"]
    assert (delivered["fax_id"], delivered["client_state"]) == (sent.data.id, "YWJj")
    found = [
        fax.id async for fax in carrier.sdk.faxes.list(filter={"direction": {"eq": "outbound"}})
    ]
    assert found == [sent.data.id]


async def test_a_number_is_looked_up(carrier: Carrier) -> None:
    """A lookup gives carrier or name, as asked."""
    by_name = await carrier.sdk.number_lookup.retrieve(ADA, type="caller-name")
    assert by_name.data.caller_name.caller_name == "Ada Lovelace"
    by_carrier = await carrier.sdk.number_lookup.retrieve(ADA, type="carrier")
    assert (by_carrier.data.country_code, by_carrier.data.carrier.type) == ("US", "mobile")
    with pytest.raises(telnyx.UnprocessableEntityError):
        await carrier.sdk.number_lookup.retrieve("nobody")


async def test_pages(carrier: Carrier) -> None:
    """Lists come in pages, and a page that is too large is refused."""
    for number in range(3):
        await carrier.sim("blocks", {"number": f"+1312555010{number}"})
    page = await carrier.sdk.messaging_optouts.list(page_number=2, page_size=2)
    assert len(page.data or []) == 1
    assert page.meta is not None
    assert (page.meta.total_results, page.meta.total_pages) == (3, 2)
    with pytest.raises(telnyx.UnprocessableEntityError):
        await carrier.sdk.messaging_optouts.list(page_size=251)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nowhere", None, 404, "10005"),
        ("DELETE", "/messages", None, 405, "10030"),
        ("POST", "/messages", b"not json", 400, "10015"),
        ("POST", "/messages", b"[]", 400, "10015"),
        ("GET", "/messages/none", None, 404, "40303"),
        ("GET", "/calls/v3:none", None, 404, "10005"),
        ("POST", "/calls/v3:none/actions/answer", b"{}", 422, "90015"),
        ("GET", "/queues/none", None, 404, "10005"),
        ("GET", "/faxes/none", None, 404, "10005"),
        ("GET", "/faxes?filter[created_at][gte]=noon", None, 200, ""),
    ],
)
async def test_what_is_not_there(
    carrier: Carrier, method: str, path: str, body: bytes | None, status: int, code: str
) -> None:
    """Unknown things and bodies that are no JSON object get Telnyx's errors."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    url = f"{carrier.addresses.api}{path}"
    async with carrier.session.request(method, url, data=body, headers=headers) as reply:
        answer = await reply.json()
        assert reply.status == status
        assert [error["code"] for error in answer.get("errors", [])] == ([code] if code else [])
