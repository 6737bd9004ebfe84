"""What we do ourselves in the welcome scenario: asked of the services, seen at the carrier."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import grpc
from switchhook.fax.v1 import cover_page_pb2, sending_service_pb2, sending_service_pb2_grpc

from simulator import documents, world
from simulator.client import Control
from simulator.playing import Expectation, Step

SEND_FAX = "suite:send_fax"
"""A step's path that is no path of the simulator: the fax service is asked."""

_CHUNK = 64 * 1024
_DEADLINE = 30.0  # seconds for the document to be made ready

STEPS: Sequence[Step] = (
    Step(
        "We fax Ada two pages behind a cover page; her line is busy at first",
        SEND_FAX,
        {"to": world.ADA.number, "pages": 2, "to_name": world.ADA.name},
        (
            Expectation("fax.accepted", {"to": world.ADA.number, "pages": 3}, times=2),
            Expectation("fax.failed", {"status": 200}, attempts=True),
            Expectation("fax.delivered", {"status": 200}, attempts=True),
        ),
        before=((f"/_sim/fax_machines/{world.ADA.number}", {"outcomes": ["user_busy"]}),),
    ),
)


class SuiteControl(Control):
    """The control API of a simulator, and the services of the suite it belongs to."""

    def __init__(self, url: str, fax_address: str) -> None:
        """Talk to the simulator at `url` and to the fax service at host:port."""
        super().__init__(url)
        self._fax_address = fax_address

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a step asks for: at a service, or at the simulator."""
        if path != SEND_FAX:
            return super().post(path, body)
        # The stub's types know only asyncio, which this thread does without.
        made: Any = sending_service_pb2_grpc.FaxSendingServiceStub
        with grpc.insecure_channel(self._fax_address) as channel:
            reply = made(channel).SendFax(_requests(body), timeout=_DEADLINE)
        return {"job_id": reply.job.job_id}


def _requests(body: Mapping[str, Any]) -> Iterator[sending_service_pb2.SendFaxRequest]:
    content = documents.pdf(body["pages"], "Example")
    upload = sending_service_pb2.UploadedDocument(size_bytes=len(content))
    yield sending_service_pb2.SendFaxRequest(
        request_id=str(uuid.uuid4()),
        order=sending_service_pb2.FaxOrder(
            to_number=body["to"],
            documents=[sending_service_pb2.DocumentSource(upload=upload)],
            cover_page=cover_page_pb2.CoverPage(
                to_name=body["to_name"], from_company="Example", subject="Two pages for you"
            ),
            # The tour may be taken again within ten minutes.
            allow_duplicate=True,
        ),
    )
    for start in range(0, len(content), _CHUNK):
        yield sending_service_pb2.SendFaxRequest(chunk=content[start : start + _CHUNK])
