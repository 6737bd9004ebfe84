"""switchhook.fax.v1.AuditService: translate in, call, translate out."""

from __future__ import annotations

from typing import Any

import grpc.aio
from switchhook.fax.v1 import audit_pb2 as pb
from switchhook.fax.v1 import audit_service_pb2_grpc

from chassis import chain_walk, pages
from chassis.chain import Flaw
from chassis.clock import Clock
from chassis.database import Database
from services.fax.keeping import translate
from services.fax.keeping.audit_store import AuditStore

Context = grpc.aio.ServicerContext[Any, Any]


class AuditServicer(audit_service_pb2_grpc.AuditServiceServicer):
    """Shows the audit log and checks it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Answer from the database."""
        self._database = database
        self._clock = clock
        self._log = AuditStore()

    async def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, context: Context
    ) -> pb.ListAuditEntriesResponse:
        """Return one page of entries, last recorded first."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        position = pages.decode(request.page_token, bound)
        async with self._database.reading() as connection:
            found = await self._log.newest(
                connection,
                translate.audit_filters(request),
                limit=size + 1,
                before=int(position[0]) if position else None,
            )
        page = found[:size]
        token = pages.encode([page[-1].sequence], bound) if len(found) > size else ""
        return pb.ListAuditEntriesResponse(
            entries=[translate.audit_entry(each) for each in page], next_page_token=token
        )

    async def VerifyAudit(
        self, request: pb.VerifyAuditRequest, context: Context
    ) -> pb.VerifyAuditResponse:
        """Recompute the chain."""
        answer = pb.VerifyAuditResponse()
        try:
            head = await chain_walk.verify(self._database, self._log)
        except Flaw as flaw:
            answer.verified_entries = max(flaw.sequence - 1, 0)
            answer.broken_sequence, answer.flaw = flaw.sequence, flaw.what
        else:
            answer.intact, answer.verified_entries = True, head.sequence
            answer.head_hash = head.hash
        answer.verify_time.FromDatetime(self._clock.now())
        return answer
