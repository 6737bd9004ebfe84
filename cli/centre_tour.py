"""The contact centre in the welcome scenario: who is served first, by whom, and what else is done.

Agents come and go over gRPC, as their desktops would let them; people call through the simulator.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from switchhook.voice.v1 import (
    agent_pb2,
    agent_service_pb2,
    agent_service_pb2_grpc,
    agent_view_pb2,
    queue_pb2,
    queue_service_pb2,
    queue_service_pb2_grpc,
    routing_plan_pb2,
    routing_prompt_pb2,
    routing_queueing_pb2,
    routing_service_pb2,
    routing_service_pb2_grpc,
    routing_step_pb2,
)

from cli.outgoing import SuiteControl
from simulator import world
from simulator.playing import Expectation, Step

HIRE = "suite:hire"
PRESENT = "suite:present"
HANG_UP = "suite:hang_up"
"""Paths of steps that are no paths of the simulator: voice is asked, or a person found."""

CENTRE_NUMBER = "+12025550111"
SALES_NUMBER = "+12025550112"
CALLBACK_NUMBER = "+12025550113"
"""Lines of ours with plans of their own; the number of the welcome keeps the default plan."""

FIRST, SECOND = ("alan", world.ALAN.number), ("mary", world.MARY.number)
"""Two agents and their phones."""
QUEUE, EMPTY_QUEUE, CALLBACK_QUEUE = "tour-support", "tour-sales", "tour-callbacks"

_DEADLINE = 10.0
_PATIENT = 600
_CALLED_BACK = "call back you asked for"


def _calls(caller: world.Person, to: str = CENTRE_NUMBER, **more: object) -> dict[str, object]:
    return {"from": caller.number, "to": to, "patience": _PATIENT, **more}


def _waits(caller: world.Person) -> Iterator[Expectation]:
    for kind in ("call.answer", "call.speak", "call.playback_start"):
        yield Expectation(kind, {"from": caller.number, "call_control_id": "$call_control_id"})


def _rings(agent: tuple[str, str], times: int = 1) -> Expectation:
    return Expectation("call.dial", {"to": agent[1]}, times)


def _talks(caller: world.Person, times: int = 1) -> Expectation:
    return Expectation("call.bridge", {"from": caller.number}, times)


def _is(agent: tuple[str, str], presence: str) -> tuple[str, Mapping[str, object]]:
    return PRESENT, {"agent_id": agent[0], "presence": presence}


def _ends(caller: world.Person) -> tuple[str, Mapping[str, object]]:
    return HANG_UP, {"from": caller.number}


STEPS: Sequence[Step] = (
    Step("A queue, a plan for our line and two agents are set up over gRPC", HIRE, {}, ()),
    Step(
        "Nobody is at work yet. Grace calls and waits",
        "/_sim/call",
        _calls(world.GRACE),
        (*_waits(world.GRACE), _rings(FIRST, 0)),
    ),
    Step(
        "Ada, a VIP, calls after her and waits as well",
        "/_sim/call",
        _calls(world.ADA),
        (*_waits(world.ADA), _rings(FIRST, 0)),
    ),
    Step(
        "PRIORITY: Alan comes to work, and Ada is first though Grace has waited longer",
        *_is(FIRST, "AVAILABLE"),
        (_rings(FIRST), _talks(world.ADA), _talks(world.GRACE, 0)),
    ),
    Step(
        "Ada hangs up, and when Alan has done the paperwork Grace is next",
        *_ends(world.ADA),
        (_rings(FIRST), _talks(world.GRACE)),
    ),
    Step(
        "STICKY: Mary has come to work; Grace calls again and gets Alan, whom she knows",
        "/_sim/call",
        _calls(world.GRACE),
        (_rings(FIRST), _rings(SECOND, 0), _talks(world.GRACE)),
        before=(_is(SECOND, "AVAILABLE"), _ends(world.GRACE)),
    ),
    Step(
        "CALLBACK: everybody is away; Grace would rather be called back and hangs up",
        "/_sim/call",
        _calls(world.GRACE, CALLBACK_NUMBER, press={"rather be called back": "1"}),
        (
            Expectation("call.hangup", {"call_control_id": "$call_control_id"}),
            _rings(FIRST, 0),
            _rings(SECOND, 0),
        ),
        before=(_is(FIRST, "AWAY"), _is(SECOND, "AWAY"), _ends(world.GRACE)),
    ),
    Step(
        "Mary is back: her phone rings, then Grace's, who presses 1, and they talk",
        *_is(SECOND, "AVAILABLE"),
        (
            _rings(SECOND),
            Expectation("call.dial", {"to": world.GRACE.number}),
            Expectation("call.bridge"),
        ),
        before=((f"/_sim/phones/{world.GRACE.number}", {"press": {_CALLED_BACK: "1"}}),),
    ),
    Step(
        "OVERFLOW: somebody calls sales, where nobody works; in a second support takes over",
        "/_sim/call",
        _calls(world.UNKNOWN, SALES_NUMBER),
        (_rings(FIRST), _talks(world.UNKNOWN)),
        before=(_is(FIRST, "AVAILABLE"),),
    ),
)
"""A tour of the contact centre, after the welcome."""


class TourControl(SuiteControl):
    """The simulator's control API and the services, voice among them."""

    def __init__(self, url: str, fax_address: str, voice_address: str) -> None:
        """Talk to the simulator at `url`, and to fax and voice at host:port."""
        super().__init__(url, fax_address)
        self._voice_address = voice_address
        self._own: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
            HIRE: self._hire,
            PRESENT: self._present,
            HANG_UP: self._hang_up,
        }

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a step asks for: at voice, or where else it belongs."""
        if path not in self._own:
            return super().post(path, body)
        self._own[path](body)
        return {}

    def _ask(self, stub: Any, method: str, request: Any) -> Any:
        with grpc.insecure_channel(self._voice_address) as channel:
            return getattr(stub(channel), method)(request, timeout=_DEADLINE)

    def _hire(self, body: Mapping[str, Any]) -> None:
        del body
        for queue_id in (QUEUE, EMPTY_QUEUE, CALLBACK_QUEUE):
            self._ask(queue_service_pb2_grpc.QueueServiceStub, "CreateQueue", _queue(queue_id))
        for plan in _plans():
            request = routing_service_pb2.CreatePlanRequest(request_id=_new(), plan=plan)
            self._ask(routing_service_pb2_grpc.RoutingServiceStub, "CreatePlan", request)
        for agent_id, number in (FIRST, SECOND):
            made = agent_service_pb2.CreateAgentRequest(
                request_id=_new(),
                agent_id=agent_id,
                address=number,
                queues=agent_service_pb2.AgentQueues(queue_ids=[QUEUE, CALLBACK_QUEUE]),
            )
            self._ask(agent_service_pb2_grpc.AgentServiceStub, "CreateAgent", made)

    def _present(self, body: Mapping[str, Any]) -> None:
        request = agent_view_pb2.SetPresenceRequest(
            request_id=_new(),
            agent_id=body["agent_id"],
            presence=agent_pb2.AgentPresence.Value(f"AGENT_PRESENCE_{body['presence']}"),
        )
        self._ask(agent_service_pb2_grpc.AgentServiceStub, "SetPresence", request)

    def _hang_up(self, body: Mapping[str, Any]) -> None:
        """Let somebody hang up every call they have with the lines of the tour."""
        for call in self.get("/_sim/calls")["calls"]:
            ours = call["to"] in (CENTRE_NUMBER, SALES_NUMBER, CALLBACK_NUMBER)
            if ours and call["from"] == body["from"] and call["end_time"] is None:
                super().post(f"/_sim/call/{call['call_control_id']}/hangup", {})


def _new() -> str:
    return str(uuid.uuid4())


def _seconds(value: float) -> Duration:
    return Duration(seconds=int(value), nanos=int(value % 1 * 10**9))


def _queue(queue_id: str) -> queue_service_pb2.CreateQueueRequest:
    settings = queue_pb2.QueueSettings(
        wrap_up=_seconds(0.5),
        ring_time=_seconds(5),
        max_wait=_seconds(120),
        hold_music_url="https://media.example.com/hold.mp3",
        announce_first=_seconds(60),
        sticky_wait=_seconds(5),
        short_talk=_seconds(0.1),
    )
    if queue_id == CALLBACK_QUEUE:
        settings.callbacks.CopyFrom(
            queue_pb2.QueueCallbacks(
                wait=_seconds(1), expected_wait=_seconds(3600), attempts=2, spacing=_seconds(1)
            )
        )
    return queue_service_pb2.CreateQueueRequest(
        request_id=_new(), queue_id=queue_id, settings=settings
    )


def _plans() -> Iterator[routing_plan_pb2.RoutingPlan]:
    for plan_id, number, queue_id in (
        ("tour", CENTRE_NUMBER, QUEUE),
        ("tour-sales", SALES_NUMBER, EMPTY_QUEUE),
        ("tour-callbacks", CALLBACK_NUMBER, CALLBACK_QUEUE),
    ):
        wait = routing_queueing_pb2.EnqueueStep(
            queue_id=queue_id,
            full_step_id="sorry",
            closed_step_id="sorry",
            max_wait_step_id="sorry",
        )
        if queue_id == EMPTY_QUEUE:
            wait.targets.add(after=_seconds(1), queue_id=QUEUE)
        yield routing_plan_pb2.RoutingPlan(
            plan_id=plan_id,
            numbers=[number],
            entry_step_id="greeting",
            steps=[
                routing_step_pb2.RoutingStep(
                    step_id="greeting",
                    say=routing_step_pb2.SayStep(
                        prompt=_prompt("Welcome to Example."), next_step_id="wait"
                    ),
                ),
                routing_step_pb2.RoutingStep(step_id="wait", enqueue=wait),
                routing_step_pb2.RoutingStep(
                    step_id="sorry",
                    hang_up=routing_step_pb2.HangUpStep(prompt=_prompt("Please try again later.")),
                ),
            ],
        )


def _prompt(text: str) -> routing_prompt_pb2.RoutingPrompt:
    return routing_prompt_pb2.RoutingPrompt(text=text)
