"""The doors for people: control API, page, command line and scenarios."""

import argparse
import asyncio
import json

import pytest
from aiohttp import ClientSession

from cli import simulate
from simulator import world
from simulator.client import Control, ControlError, NotRunningError
from simulator.playing import Expectation, Result, Step, play
from tests.integration.simulator.conftest import Carrier, Sink
from tests.support.eventually import eventually

ADA = world.ADA.number


async def test_only_this_machine_gets_in(carrier: Carrier) -> None:
    """A foreign host name or a form of another page is turned away."""
    url = f"{carrier.addresses.http}/_sim/reset"
    foreign = {"Host": "evil.example.com"}
    async with carrier.session.post(url, json={}, headers=foreign) as reply:
        assert reply.status == 403
    async with carrier.session.post(
        url, data="{}", headers={"Content-Type": "text/plain"}
    ) as reply:
        assert reply.status == 415


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sms", {"text": "Hi"}),
        ("sms", {"from": ADA}),
        ("sms", {"from": "ada", "text": "Hi"}),
        ("sms", {"from": ADA, "media": ["gif"]}),
        ("sms", {"from": ADA, "media": 3}),
        ("sms", {"from": ADA, "media": [{"base64": "!"}]}),
        ("call", {"from": ADA, "patience": "long"}),
        ("fax", {"from": ADA, "pages": 0}),
        ("fax", {"from": ADA, "kind": "stone"}),
        ("event", {}),
        ("event", {"event_type": "x", "forge": "badly"}),
        ("event", {"data": []}),
        ("faults", {"kind": "sloth"}),
        ("call/none/hangup", {}),
        ("profile", {"autoresponder": "on"}),
        ("phones/%2B13125550101", {"calls": "sing"}),
    ],
)
async def test_a_wrong_wish_is_explained(
    carrier: Carrier, path: str, body: dict[str, object]
) -> None:
    """A faulty request to the control API is 400 and says what is wrong."""
    async with carrier.session.post(f"{carrier.addresses.http}/_sim/{path}", json=body) as reply:
        assert reply.status == 400
        assert (await reply.json())["error"]


async def test_the_page_shows_what_happens(carrier: Carrier, sink: Sink) -> None:
    """The page has its forms, and its live part shows phones, queues and effects, escaped."""
    call = await carrier.sim("call", {"from": ADA})
    await carrier.sdk.calls.actions.answer(call["call_control_id"])
    await carrier.sdk.calls.actions.enqueue(call["call_control_id"], queue_name="<vip>")
    await carrier.sim("texml_call", {"from": ADA})
    await sink.event("call.enqueued")
    async with carrier.session.get(f"{carrier.addresses.http}/") as reply:
        page = await reply.text()
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert page.count("<form") == 3
    async with carrier.session.get(f"{carrier.addresses.http}/live") as reply:
        live = await reply.text()
    assert "Ada Lovelace" in live
    assert "&lt;vip&gt;" in live
    assert "<vip>" not in live
    assert "call.enqueue" in live


async def test_health(carrier: Carrier) -> None:
    """The simulator says that it runs."""
    async with carrier.session.get(f"{carrier.addresses.http}/healthz") as reply:
        assert reply.status == 200


async def test_waiting_for_an_effect(carrier: Carrier) -> None:
    """A reader of the journal is woken by the next effect and gives up after its time."""
    url = f"{carrier.addresses.http}/_sim/effects"
    async with carrier.session.get(url, params={"after": 0, "wait": 0.05}) as reply:
        assert (await reply.json())["effects"] == []
    waiting = asyncio.create_task(_next_effect(carrier.session, url))
    await carrier.sdk.messages.send(from_=world.MESSAGING_NUMBER, to=ADA, text="Hi")
    assert (await waiting)["effects"][0]["kind"] == "message.accepted"


async def _next_effect(session: ClientSession, url: str) -> dict[str, list[dict[str, object]]]:
    async with session.get(url, params={"after": 0, "wait": 30}) as reply:
        return dict(await reply.json())


async def _run(carrier: Carrier, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    simulate.add_parser(parser.add_subparsers())
    chosen = parser.parse_args(["simulate", *arguments, "--url", carrier.addresses.http])
    return int(await asyncio.to_thread(chosen.func, chosen))


@pytest.mark.parametrize(
    ("arguments", "event_type"),
    [
        (["sms", "--text", "Hi", "--media", "png"], "message.received"),
        (["call", "--from", "grace"], "call.initiated"),
        (["fax", "--from", "+13125550177", "--kind", "tiff"], "fax.received"),
        (["event", "call.cost", "--payload", '{"total_cost": "0.1"}'], "call.cost"),
    ],
)
async def test_the_command_line(
    carrier: Carrier, sink: Sink, arguments: list[str], event_type: str
) -> None:
    """Each command makes its event happen."""
    assert await _run(carrier, *arguments, "--watch", "0") == 0
    await sink.event(event_type)


async def test_the_command_line_shows_effects(
    carrier: Carrier, capsys: pytest.CaptureFixture[str]
) -> None:
    """What follows is printed, one line per effect."""
    assert await _run(carrier, "call", "--texml", "--watch", "0.5") == 0
    printed = capsys.readouterr().out.splitlines()
    assert "call_sid" in json.loads(printed[0])
    assert "texml.failed" in printed[1]


async def test_the_command_line_explains_itself(
    carrier: Carrier, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refusal, a payload that is no JSON, and nobody listening each get a clear message."""
    assert await _run(carrier, "sms", "--from", "nobody", "--text", "Hi") == 1
    assert "+E.164" in capsys.readouterr().err
    assert await _run(carrier, "event", "x", "--payload", "{") == 1
    assert "not JSON" in capsys.readouterr().err
    parser = argparse.ArgumentParser()
    simulate.add_parser(parser.add_subparsers())
    chosen = parser.parse_args(["simulate", "sms", "--text", "x", "--url", "http://127.0.0.1:9"])
    assert chosen.func(chosen) == 1
    assert "switchhook up" in capsys.readouterr().err


async def test_a_scenario_tells_what_is_missing(carrier: Carrier) -> None:
    """A step whose effects come is met; one whose effects do not is named."""
    scenario = (
        Step(
            "the carrier answers STOP",
            "/_sim/sms",
            {"from": ADA, "text": "STOP"},
            (
                Expectation("autoresponder.replied", {"to": ADA}),
                Expectation("message.received", {"status": 200}, attempts=True),
                Expectation("message.accepted", times=0),
            ),
        ),
        Step(
            "nobody answers this call",
            "/_sim/call",
            {"from": ADA},
            (Expectation("call.answer", {"call_control_id": "$call_control_id"}),),
            seconds=0.1,
        ),
    )
    reported: list[Result] = []
    control = Control(carrier.addresses.http)
    results = await asyncio.to_thread(play, control, scenario, reported.append)
    assert reported == list(results)
    assert [len(result.unmet) for result in results] == [0, 1]
    names = [each.name for each in results[0].timeline]
    assert sorted(names) == ["autoresponder.replied", "message.received"]
    assert str(results[1].unmet[0]) == "one call.answer"


async def test_the_client_says_what_went_wrong(carrier: Carrier) -> None:
    """Refusals and silence are different errors."""
    with pytest.raises(ControlError, match="text or media"):
        await asyncio.to_thread(Control(carrier.addresses.http).post, "/_sim/sms", {})
    with pytest.raises(NotRunningError):
        await asyncio.to_thread(Control("http://127.0.0.1:9").get, "/_sim/effects")


async def test_a_fault_is_spent(carrier: Carrier) -> None:
    """Faults are listed until they have struck."""
    await carrier.sim("faults", {"kind": "slow", "seconds": 0, "count": 1})
    assert len((await carrier.sim("faults"))["faults"]) == 1
    await carrier.sdk.messages.send(from_=world.MESSAGING_NUMBER, to=ADA, text="Hi")

    async def spent() -> bool:
        return not (await carrier.sim("faults"))["faults"]

    await eventually(spent)
