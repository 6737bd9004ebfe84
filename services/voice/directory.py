"""Asking the CRM service who is calling."""

import grpc
from switchhook.crm.v1 import crm_service_pb2
from switchhook.crm.v1.crm_service_pb2_grpc import CrmServiceStub

from chassis import logs
from chassis.metrics import Metrics
from services.voice import translate
from services.voice.calls.model import Lookup, LookupOutcome

DEADLINE = 0.8
"""Seconds a caller may wait to be recognized."""

_log = logs.get_logger(__name__)


class CrmDirectory:
    """Looks callers up through `CrmService`; whatever goes wrong makes them unknown."""

    def __init__(self, stub: CrmServiceStub, metrics: Metrics) -> None:
        self._stub = stub
        outcomes = [outcome.name for outcome in LookupOutcome]
        self._lookups = metrics.counter(
            "voice_lookups", "Callers looked up.", {"outcome": outcomes}
        )

    async def find(self, phone_number: str) -> Lookup:
        """Return what the CRM knows of an E.164 number."""
        request = crm_service_pb2.FindContactsRequest(phone_number=phone_number)
        try:
            found = translate.lookup(await self._stub.FindContacts(request, timeout=DEADLINE))
        except grpc.aio.AioRpcError as error:
            _log.warning("lookup.failed", code=error.code().name)
            found = Lookup(LookupOutcome.UNAVAILABLE)
        self._lookups.at(found.outcome.name).inc()
        return found
