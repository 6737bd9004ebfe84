"""CrmService over gRPC."""

from typing import Any

import grpc
from switchhook.crm.v1 import crm_service_pb2, crm_service_pb2_grpc

from services.crm import translate
from services.crm.ports import Directory

_DEFAULT_RESULTS = 10

Context = grpc.aio.ServicerContext[Any, Any]


class CrmServicer(crm_service_pb2_grpc.CrmServiceServicer):
    """Asks the adapter."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def FindContacts(
        self, request: crm_service_pb2.FindContactsRequest, _context: Context
    ) -> crm_service_pb2.FindContactsResponse:
        """Return the contacts that have a number."""
        limit = request.max_results or _DEFAULT_RESULTS
        return translate.found(await self._directory.find(request.phone_number, limit))
