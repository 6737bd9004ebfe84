"""Ask voice for TeXML documents."""

from collections.abc import Mapping

import grpc.aio
from switchhook.voice.v1.texml_service_pb2 import AnswerTexmlRequest
from switchhook.voice.v1.texml_service_pb2_grpc import TexmlServiceStub

from chassis.errors import Fault, Unavailable
from chassis.grpc_status import as_faults

DEADLINE = 1.0
"""Seconds voice has; with the event being kept meanwhile, the answer stays within its budget."""


class VoiceDocuments:
    """Documents written by switchhook.voice.v1.TexmlService."""

    def __init__(self, channel: grpc.aio.Channel, *, deadline: float = DEADLINE) -> None:
        """Call voice over `channel`; give it `deadline` seconds."""
        self._voice = TexmlServiceStub(channel)
        self._deadline = deadline

    async def answer(
        self, app: str, parameters: Mapping[str, str], event_id: str, step: str = ""
    ) -> str:
        """Return the document; raise Fault when voice has none in time."""
        request = AnswerTexmlRequest(app=app, parameters=parameters, event_id=event_id, step=step)
        try:
            with as_faults():
                answer = await self._voice.AnswerTexml(request, timeout=self._deadline)
        except Fault:
            raise
        except grpc.aio.AioRpcError as error:
            raise Unavailable("VOICE_FAILED", f"voice answered {error.code().name}") from error
        if not answer.document:
            raise Unavailable("VOICE_FAILED", "voice answered without a document")
        return answer.document
