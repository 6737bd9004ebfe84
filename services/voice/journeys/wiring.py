"""Journeys, put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from switchhook.voice.v1 import (
    texml_service_pb2,
    texml_service_pb2_grpc,
    voicemail_service_pb2,
    voicemail_service_pb2_grpc,
)

from chassis.clock import Clock
from chassis.database import Database
from chassis.grpc_server import Service
from chassis.timers import Handler
from services.voice.calls.wiring import Telephony
from services.voice.documents import Documents
from services.voice.journeys import calling_back as back
from services.voice.journeys.calling_back import CallingBackCustomers
from services.voice.journeys.deeds import Deeds
from services.voice.journeys.guide import LOOK, NUDGE, Guide
from services.voice.journeys.ports import Centre, Queues
from services.voice.journeys.servicer import TexmlServicer, VoicemailServicer
from services.voice.journeys.texml_answers import TexmlAnswers
from services.voice.journeys.travels import Questions, Travels
from services.voice.queues.ports import EntryListener
from services.voice.routing.wiring import Routing
from services.voice.settings import Settings
from services.voice.tables import timers


@dataclass(frozen=True)
class Walking:
    """Whoever walks callers through plans, and calls customers back."""

    travels: Travels
    questions: Questions
    calling_back: CallingBackCustomers
    answers: TexmlAnswers

    @property
    def entry_listeners(self) -> Sequence[EntryListener]:
        """Return who must hear of places in line."""
        return (self.travels, self.calling_back)

    def handlers(self) -> Mapping[str, Handler]:
        """Return what looks at journeys when it is time."""
        return {
            LOOK: self.travels.revisit,
            NUDGE: self.travels.revisit,
            back.ATTEMPT: self.calling_back.revisit,
            back.NUDGE: self.calling_back.revisit,
        }

    def services(self, opened: Database, clock: Clock) -> Sequence[Service]:
        """Return TexmlService and VoicemailService."""
        voicemails = VoicemailServicer(opened, self.travels.guide.deeds.voicemails, clock)
        return [
            Service(
                texml_service_pb2_grpc.add_TexmlServiceServicer_to_server,
                TexmlServicer(self.answers, clock),
                texml_service_pb2.DESCRIPTOR.services_by_name["TexmlService"],
            ),
            Service(
                voicemail_service_pb2_grpc.add_VoicemailServiceServicer_to_server,
                voicemails,
                voicemail_service_pb2.DESCRIPTOR.services_by_name["VoicemailService"],
            ),
        ]


def walking(
    settings: Settings,
    opened: Database,
    legs: Telephony,
    routing: Routing,
    centre: Centre,
    queues: Queues,
) -> Walking:
    """Wire journeys, and let them hear of legs and of dials that fail."""
    guide = Guide(
        calls=legs.calls,
        desk=legs.desk,
        timeline=legs.timeline,
        timers=timers,
        plans=routing.plans,
        inquiry=routing.inquiry,
        deeds=Deeds(centre, queues, routing.decisions),
        numbers=settings.numbers,
        music_url=settings.hold_music_url,
    )
    questions = Questions(opened, guide, routing.inquiry)
    documents = Documents(settings.speech, settings.texml_url)
    answers = TexmlAnswers(opened, legs.switchboard, guide, questions, documents)
    calling_back = CallingBackCustomers(
        legs.calls, legs.dials, legs.desk, centre, timers, settings.connection_id
    )
    travels = Travels(guide, timers)
    legs.switchboard.listeners.extend((travels, calling_back))
    legs.switchboard.dial_listeners.append(calling_back)
    legs.archive.listeners.append(guide.deeds.voicemails)
    return Walking(travels, questions, calling_back, answers)
