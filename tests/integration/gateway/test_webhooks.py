"""Webhooks in over HTTP, events on a real stream."""

import asyncio
from pathlib import Path

import orjson
import pytest
from nacl.signing import SigningKey

from carrier.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER
from tests.integration.gateway.door import (
    JSON,
    WEBHOOKS,
    all_of,
    gateway,
    identity,
    signed,
    stream,
    webhook,
)
from tests.integration.gateway.http import connected, post, request
from tests.support.nats import NatsServer


async def test_a_signed_webhook_is_on_the_stream_once_it_is_answered(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """200 with nothing in it, and the event under its own id on the subject of its type."""
    body = webhook("call.initiated", direction="incoming")
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        answer = await door.deliver(body)
        assert (answer.status, answer.body) == (200, b"")
        (message,) = await stored.messages()
        assert message.subject == "events.v1.telnyx.call.call.initiated"
        assert message.headers["Nats-Msg-Id"] == identity(body)
        (event,) = await stored.events()
        assert (event.event_id, event.type) == (identity(body), "call.initiated")
        assert event.raw == orjson.dumps(body)


async def test_a_hundred_deliveries_at_once_are_one_event(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """Concurrent and later repetitions are all answered 200 and stored once."""
    body = webhook()
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        answers = await all_of(*(door.deliver(body) for _ in range(100)))
        answers.append(await door.deliver(body))
        assert {answer.status for answer in answers} == {200}
        assert await stored.ids() == [identity(body)]


async def test_many_events_at_once_are_each_stored_once(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """A burst, with duplicates among it, loses nothing and doubles nothing."""
    bodies = [webhook() for _ in range(150)]
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        answers = await all_of(*(door.deliver(body) for body in bodies + bodies[:30]))
        assert {answer.status for answer in answers} == {200}
        assert sorted(await stored.ids()) == sorted(identity(body) for body in bodies)


async def test_two_gateways_share_one_memory(nats_server: NatsServer, tmp_path: Path) -> None:
    """What reached the primary and the failover gateway is one event."""
    body = webhook()
    async with (
        gateway(nats_server, tmp_path / "one") as one,
        gateway(nats_server, tmp_path / "two") as two,
        stream(nats_server) as stored,
    ):
        answers = await all_of(*(door.deliver(body) for door in [one, two] * 10))
        assert {answer.status for answer in answers} == {200}
        assert await stored.ids() == [identity(body)]


def _tampered(name: str, raw: bytes) -> tuple[bytes, list[tuple[str, str]]]:
    """Return a body and headers that must not verify."""
    (_, signature), (_, timestamp) = headers = signed(raw)
    flipped = bytes([raw[0] ^ 1]) + raw[1:]
    other = "A" if signature[0] != "A" else "B"
    cases: dict[str, tuple[bytes, list[tuple[str, str]]]] = {
        "no headers": (raw, []),
        "no signature": (raw, headers[1:]),
        "no timestamp": (raw, headers[:1]),
        "another key": (raw, signed(raw, key=SigningKey(b"k" * 32))),
        "a flipped bit of the body": (flipped, headers),
        "a flipped bit of the signature": (
            raw,
            [(SIGNATURE_HEADER, other + signature[1:]), headers[1]],
        ),
        "another timestamp": (raw, [headers[0], (TIMESTAMP_HEADER, str(int(timestamp) + 1))]),
        "stale": (raw, signed(raw, at=int(timestamp) - 302)),
        "from the future": (raw, signed(raw, at=int(timestamp) + 330)),
        "a repeated signature": (raw, [headers[0], *headers]),
        "a repeated timestamp": (raw, [*headers, headers[1]]),
        "two different signatures": (
            raw,
            [*headers, (SIGNATURE_HEADER, signed(raw, key=SigningKey(b"k" * 32))[0][1])],
        ),
        "a joined signature": (raw, [(SIGNATURE_HEADER, f"{signature},{signature}"), headers[1]]),
        "no base64": (raw, [(SIGNATURE_HEADER, "***" + signature[3:]), headers[1]]),
        "junk after the signature": (raw, [(SIGNATURE_HEADER, signature + "$$"), headers[1]]),
        "a short signature": (raw, [(SIGNATURE_HEADER, "AAAA"), headers[1]]),
        "an empty signature": (raw, [(SIGNATURE_HEADER, ""), headers[1]]),
        "a timestamp in words": (raw, [headers[0], (TIMESTAMP_HEADER, "now")]),
        "a signed timestamp": (raw, [headers[0], (TIMESTAMP_HEADER, f"+{timestamp}")]),
        "a huge timestamp": (raw, [headers[0], (TIMESTAMP_HEADER, "9" * 400)]),
        "a fraction": (raw, [headers[0], (TIMESTAMP_HEADER, f"{timestamp}.0")]),
        "letters beyond ASCII": (raw, [(SIGNATURE_HEADER, "\xe9" * 88), headers[1]]),
        "an empty body": (b"", headers),
        "a longer body": (raw + b" ", headers),
    }
    return cases[name]


@pytest.mark.parametrize(
    "case",
    [
        *("no headers", "no signature", "no timestamp", "another key"),
        *("a flipped bit of the body", "a flipped bit of the signature", "another timestamp"),
        *("stale", "from the future", "a repeated signature", "a repeated timestamp"),
        *("two different signatures", "a joined signature", "no base64"),
        *("junk after the signature", "a short signature", "an empty signature"),
        *("a timestamp in words", "a signed timestamp", "a huge timestamp", "a fraction"),
        *("letters beyond ASCII", "an empty body", "a longer body"),
    ],
)
async def test_what_does_not_verify_is_401_and_leaves_nothing(
    case: str, nats_server: NatsServer, tmp_path: Path
) -> None:
    """Every failure of the proof has one answer, stores nothing, and harms nobody else."""
    good = webhook()
    body, headers = _tampered(case, orjson.dumps(webhook()))
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        answer = await post(door.addresses.http, WEBHOOKS, body, [JSON, *headers])
        assert (answer.status, answer.body) == (401, b"The signature does not verify.\n")
        assert (await door.deliver(good)).status == 200
        assert await stored.ids() == [identity(good)]


async def test_a_next_key_is_believed_while_keys_are_rotated(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """With two public keys in the settings both senders are believed."""
    from carrier.signature import public_key_text
    from tests.integration.gateway.door import KEY

    fresh = SigningKey(b"n" * 32)
    keys = f"{public_key_text(KEY)},{public_key_text(fresh)}"
    raw = orjson.dumps(webhook())
    async with gateway(nats_server, tmp_path, TELNYX_PUBLIC_KEY=keys) as door:
        answer = await post(door.addresses.http, WEBHOOKS, raw, [JSON, *signed(raw, key=fresh)])
        assert answer.status == 200
        assert (await door.deliver(webhook())).status == 200


_V1_CALL = b'{"event_type":"call_initiated","created_at":"2026-03-02T10:00:00Z","payload":{}}'
_V1_MESSAGE = (
    b'{"sms_id":"834f3d53-8a3c-4aa0-a733-7f2d682a72df","direction":"inbound",'
    b'"from":"+13125550100","to":"+12025550101","body":"Hello"}'
)


@pytest.mark.parametrize("body", [_V1_CALL, _V1_MESSAGE])
@pytest.mark.parametrize("header", [[], [("X-Telnyx-Signature", "t=1767225600,h=AAAA")]])
async def test_a_v1_webhook_is_told_which_setting_to_change(
    body: bytes, header: list[tuple[str, str]], nats_server: NatsServer, tmp_path: Path
) -> None:
    """Who configured API v1 finds in the delivery log what to do; nothing is stored."""
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        answer = await post(door.addresses.http, WEBHOOKS, body, [JSON, *header])
        assert answer.status == 401
        assert b"webhook_api_version" in answer.body
        assert await stored.ids() == []


_DEEP = b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
_VERIFIED_ODDITIES = {
    "nothing": b"",
    "no JSON": b"hello",
    "invalid UTF-8": b'{"data":{"id":"\xff\xfe","event_type":"call.initiated"}}',
    "deep JSON": _DEEP,
    "an array": b"[]",
    "a number": b"12345678901234567890123456789012345678901234567890",
    "null": b"null",
    "NaN": b'{"data":{"id":"nan-1","event_type":"call.cost","payload":{"x":NaN}}}',
    "infinity": b'{"data":{"id":"inf-1","event_type":"call.cost","payload":{"x":1e999}}}',
    "duplicate keys": (
        b'{"data":{"id":"d-1","id":"d-2","event_type":"call.answered",'
        b'"event_type":"call.hangup","payload":{}}}'
    ),
    "data null": b'{"data":null}',
    "data empty": b'{"data":{}}',
    "wrong types": (
        b'{"data":{"id":7,"event_type":["x"],"occurred_at":{},"payload":"text"},'
        b'"meta":{"attempt":"many","delivered_to":5}}'
    ),
    "wrong types inside": (
        b'{"data":{"id":"w-1","event_type":"message.received","occurred_at":"never","payload":'
        b'{"from":7,"to":{"a":1},"text":["a"],"media":"x","parts":"two","errors":{},"tags":1}}}'
    ),
    "a v1 body": _V1_CALL,
    "lone surrogates": b'{"data":{"id":"s-1","event_type":"call.x","payload":{"a":"\\ud800"}}}',
    "a zero byte": b'{"data":{"id":"z\\u0000-1","event_type":"call.\\u0000x","payload":{}}}',
    "a type with spaces": b'{"data":{"id":"t-1","event_type":"a b.* > \\u00e9","payload":{}}}',
    "a very long type": b'{"data":{"id":"l-1","event_type":"%s","payload":{}}}' % (b"x" * 60_000),
    "a very long id": b'{"data":{"id":"%s","event_type":"call.x","payload":{}}}' % (b"x" * 60_000),
    "a type of dots": b'{"data":{"id":"t-2","event_type":"...","payload":{}}}',
    "an empty type": b'{"data":{"id":"t-3","event_type":"","payload":{}}}',
    "an id with a line break": b'{"data":{"id":"a\\r\\nb","event_type":"call.x","payload":{}}}',
    "an id beyond ASCII": b'{"data":{"id":"\\u00e9\\u4e2d","event_type":"call.x","payload":{}}}',
    "as large as allowed": b'{"data":{"id":"big","event_type":"call.x","payload":{"a":"%s"}}}'
    % (b"x" * (256 * 1024 - 63)),
}


@pytest.mark.parametrize("case", _VERIFIED_ODDITIES)
async def test_everything_that_verifies_is_kept(
    case: str, nats_server: NatsServer, tmp_path: Path
) -> None:
    """However odd, a signed body is answered 200 and its bytes are on the stream."""
    raw = _VERIFIED_ODDITIES[case]
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        assert (await door.deliver(raw)).status == 200
        assert (await door.deliver(raw)).status == 200
        (event,) = await stored.events()
        assert event.raw == raw
        assert event.event_id


async def test_a_verified_body_over_the_limit_is_413(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """The limit holds for the carrier too, and is counted in bytes of the body."""
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        assert (await door.deliver(b"x" * (256 * 1024 + 1))).status == 413
        assert (await door.deliver(b"x" * (256 * 1024))).status == 200
        assert len(await stored.ids()) == 1


async def test_get_deliveries_are_refused(nats_server: NatsServer, tmp_path: Path) -> None:
    """A GET carries its payload in the query, which no signature covers."""
    async with gateway(nats_server, tmp_path) as door, connected(door.addresses.http) as client:
        await client.send(request("GET", f"{WEBHOOKS}?data=1", b"", signed(b"")))
        assert (await client.answer()).status == 405


async def test_a_flood_of_unsigned_requests_does_not_touch_the_stream(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """Strangers are turned away while the carrier is served."""
    good = [webhook() for _ in range(20)]
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        strangers = [
            asyncio.create_task(post(door.addresses.http, WEBHOOKS, b"{}", [JSON]))
            for _ in range(200)
        ]
        answers = await all_of(*(door.deliver(body) for body in good))
        assert {answer.status for answer in answers} == {200}
        assert {(await each).status for each in strangers} == {401}
        assert sorted(await stored.ids()) == sorted(map(identity, good))
