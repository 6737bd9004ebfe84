"""Queues, a plan and agents for the day: what is asked of voice before the first call."""

from __future__ import annotations

import uuid
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from switchhook.voice.v1 import (
    agent_service_pb2,
    agent_service_pb2_grpc,
    opening_hours_pb2,
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

from cli.day.script import Day, Wish, Worker
from simulator import world

VIP_AHEAD = 300.0
"""Seconds of the day a VIP is given ahead."""
WRAP_UP = 30.0
RING_TIME = 30.0
SHORT_ABANDON = 5.0
SERVICE_LEVEL = 20.0
QUEUES = ("helpdesk", "sales", "backup")
CLOSED_QUEUE = "billing"
SALES_NEED = 3

WELCOME = "Welcome to Example. For support press 1, for sales press 2, for billing press 3."
OFFERED_CALLBACK = "rather be called back"
"""Words of the offer to be called back, and of the call back itself."""
CALLED_BACK = "call back you asked for"


class Setup:
    """Asks voice for everything the day needs; `speed` is how much faster than life it is."""

    def __init__(self, day: Day, speed: float) -> None:
        self._day = day
        self._speed = speed

    def span(self, seconds: float) -> Duration:
        """Return seconds of the day as they pass in the suite, never less than 10 ms."""
        span = Duration()
        span.FromTimedelta(max(timedelta(seconds=seconds / self._speed), _LEAST))
        return span

    async def queues(self, stub: queue_service_pb2_grpc.QueueServiceStub) -> None:
        """Create the queues: support and sales, a backup for both, and one that is closed."""
        for queue_id in (*QUEUES, CLOSED_QUEUE):
            request = queue_service_pb2.CreateQueueRequest(
                request_id=str(uuid.uuid4()), queue_id=queue_id, settings=self._queue(queue_id)
            )
            await stub.CreateQueue(request, timeout=_DEADLINE)

    def _queue(self, queue_id: str) -> queue_pb2.QueueSettings:
        settings = queue_pb2.QueueSettings(
            scoring=queue_pb2.QueueScoring(
                vip=self.span(VIP_AHEAD),
                escalated=self.span(180),
                credit_window=self.span(1800),
                credit_cap=self.span(600),
            ),
            ring_time=self.span(RING_TIME),
            wrap_up=self.span(WRAP_UP),
            max_wait=self.span(300),
            max_size=200,
            hold_music_url="https://media.example.com/hold.mp3",
            announce_first=self.span(30),
            announce_every=self.span(90),
            callbacks=queue_pb2.QueueCallbacks(
                wait=self.span(60),
                expected_wait=self.span(120),
                attempts=2,
                spacing=self.span(60),
            ),
            short_abandon=self.span(SHORT_ABANDON),
            service_level=self.span(SERVICE_LEVEL),
            relax_after=self.span(60),
            relax_every=self.span(30),
            sticky_wait=self.span(15),
            short_talk=self.span(5),
        )
        if queue_id == CLOSED_QUEUE:
            settings.hours.CopyFrom(
                opening_hours_pb2.OpeningHours(
                    time_zone="America/Chicago",
                    emergency_closure=opening_hours_pb2.EmergencyClosure(note="moving house"),
                )
            )
        return settings

    async def plan(self, stub: routing_service_pb2_grpc.RoutingServiceStub) -> None:
        """Create the plan of both numbers."""
        plan = routing_plan_pb2.RoutingPlan(
            plan_id="busy-day",
            numbers=[world.VOICE_NUMBER, world.TEXML_NUMBER],
            texml_apps=["main"],
            entry_step_id="welcome",
            steps=[
                self._menu(),
                self._enqueue("support", "helpdesk"),
                self._enqueue("sales", "sales"),
                self._enqueue("billing", CLOSED_QUEUE),
                routing_step_pb2.RoutingStep(
                    step_id="message",
                    voicemail=routing_step_pb2.VoicemailStep(
                        prompt=_prompt("Please leave a message after the tone.")
                    ),
                ),
            ],
        )
        request = routing_service_pb2.CreatePlanRequest(request_id=str(uuid.uuid4()), plan=plan)
        await stub.CreatePlan(request, timeout=_DEADLINE)

    def _menu(self) -> routing_step_pb2.RoutingStep:
        ways = ((Wish.SUPPORT, "support"), (Wish.SALES, "sales"), (Wish.MESSAGE, "billing"))
        menu = routing_step_pb2.MenuStep(
            prompt=_prompt(WELCOME),
            options=[
                routing_step_pb2.MenuOption(digits=wish, next_step_id=step) for wish, step in ways
            ],
            max_tries=2,
            answer_timeout=self.span(6),
            human_step_id="support",
            failure_step_id="support",
        )
        return routing_step_pb2.RoutingStep(step_id="welcome", menu=menu)

    def _enqueue(self, step_id: str, queue_id: str) -> routing_step_pb2.RoutingStep:
        step = routing_queueing_pb2.EnqueueStep(
            queue_id=queue_id,
            full_step_id="message",
            closed_step_id="message",
            max_wait_step_id="message",
            offers_failed_step_id="message",
            max_offers=4,
        )
        if queue_id == "sales":
            step.skills.add(skill="sales", level=SALES_NEED)
        if queue_id != CLOSED_QUEUE:
            step.targets.add(
                after=self.span(150), queue_id="backup", skills=routing_queueing_pb2.SkillSet()
            )
        return routing_step_pb2.RoutingStep(step_id=step_id, enqueue=step)

    async def agents(self, stub: agent_service_pb2_grpc.AgentServiceStub) -> None:
        """Create the agents, who are offline at first."""
        for worker in self._day.workers:
            await stub.CreateAgent(_agent(worker), timeout=_DEADLINE)


_DEADLINE = 10.0
_LEAST = timedelta(milliseconds=10)


def _prompt(text: str) -> routing_prompt_pb2.RoutingPrompt:
    return routing_prompt_pb2.RoutingPrompt(text=text)


def _agent(worker: Worker) -> agent_service_pb2.CreateAgentRequest:
    return agent_service_pb2.CreateAgentRequest(
        request_id=str(uuid.uuid4()),
        agent_id=worker.agent_id,
        address=worker.number,
        skills=agent_service_pb2.AgentSkills(levels=worker.skills),
        queues=agent_service_pb2.AgentQueues(queue_ids=worker.queues),
    )
