"""switchhook.fax.v1.RetentionService: translate in, call, translate out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc.aio
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.fax.v1 import legal_hold_pb2 as holds
from switchhook.fax.v1 import retention_pb2 as pb
from switchhook.fax.v1 import retention_service_pb2_grpc

from chassis import pages
from chassis.caller import named_caller
from chassis.database import Database
from chassis.requests import Requests
from services.fax.keeping import translate
from services.fax.keeping.retention import Retention
from services.fax.use_cases import FaxUseCases

Context = grpc.aio.ServicerContext[Any, Any]


class RetentionServicer(retention_service_pb2_grpc.RetentionServiceServicer):
    """Keeps retention policies and legal holds."""

    def __init__(
        self, database: Database, retention: Retention, faxes: FaxUseCases, requests: Requests
    ) -> None:
        """Answer from the database."""
        self._database = database
        self._retention = retention
        self._faxes = faxes
        self._requests = requests

    async def PutRetentionPolicy(
        self, request: pb.PutRetentionPolicyRequest, context: Context
    ) -> pb.PutRetentionPolicyResponse:
        """Make or replace a policy."""
        caller = named_caller(context)
        policy = translate.policy_of(request.policy, self._retention.clock.now())

        async def act(connection: AsyncConnection) -> Message:
            kept = await self._retention.put_policy(connection, caller, policy)
            return pb.PutRetentionPolicyResponse(policy=translate.policy(kept))

        answer = await self._once("PutRetentionPolicy", request.request_id, request, act)
        return pb.PutRetentionPolicyResponse.FromString(answer)

    async def EstimateRetention(
        self, request: pb.EstimateRetentionRequest, context: Context
    ) -> pb.EstimateRetentionResponse:
        """Say what a policy would erase at once."""
        policy = translate.policy_of(request.policy, self._retention.clock.now())
        async with self._database.reading() as connection:
            found = await self._retention.estimate(connection, policy)
        return pb.EstimateRetentionResponse(
            document_count=found.documents,
            document_bytes=found.size,
            record_count=found.records,
            held_count=found.held,
        )

    async def DeleteRetentionPolicy(
        self, request: pb.DeleteRetentionPolicyRequest, context: Context
    ) -> pb.DeleteRetentionPolicyResponse:
        """Take a policy away."""
        caller = named_caller(context)

        async def act(connection: AsyncConnection) -> Message:
            await self._retention.delete_policy(connection, caller, request.policy_id)
            return pb.DeleteRetentionPolicyResponse()

        await self._once("DeleteRetentionPolicy", request.request_id, request, act)
        return pb.DeleteRetentionPolicyResponse()

    async def GetRetentionPolicy(
        self, request: pb.GetRetentionPolicyRequest, context: Context
    ) -> pb.GetRetentionPolicyResponse:
        """Return one policy."""
        async with self._database.reading() as connection:
            policy = await self._retention.policy(connection, request.policy_id)
        return pb.GetRetentionPolicyResponse(policy=translate.policy(policy))

    async def ListRetentionPolicies(
        self, request: pb.ListRetentionPoliciesRequest, context: Context
    ) -> pb.ListRetentionPoliciesResponse:
        """Return one page of policies, by ascending id."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        position = pages.decode(request.page_token, bound)
        after = str(position[0]) if position else ""
        async with self._database.reading() as connection:
            found = await self._retention.policies.list(connection, after=after, limit=size + 1)
        page = found[:size]
        token = pages.encode([page[-1].policy_id], bound) if len(found) > size else ""
        return pb.ListRetentionPoliciesResponse(
            policies=[translate.policy(each) for each in page], next_page_token=token
        )

    async def ExplainRetention(
        self, request: pb.ExplainRetentionRequest, context: Context
    ) -> pb.ExplainRetentionResponse:
        """Say why a fax is kept, and until when."""
        async with self._database.reading() as connection:
            fax = await self._faxes.get(connection, request.fax_id)
            found = await self._retention.explain(connection, fax)
        return translate.explanation(found)

    async def PlaceLegalHold(
        self, request: holds.PlaceLegalHoldRequest, context: Context
    ) -> holds.PlaceLegalHoldResponse:
        """Place a hold."""
        caller, scope = named_caller(context), translate.scope_of(request.scope)

        async def act(connection: AsyncConnection) -> Message:
            placed = await self._retention.place_hold(
                connection, caller, scope, reason=request.reason, matter=request.matter
            )
            return holds.PlaceLegalHoldResponse(hold=translate.hold(placed))

        answer = await self._once("PlaceLegalHold", request.request_id, request, act)
        return holds.PlaceLegalHoldResponse.FromString(answer)

    async def ReleaseLegalHold(
        self, request: holds.ReleaseLegalHoldRequest, context: Context
    ) -> holds.ReleaseLegalHoldResponse:
        """End a hold."""
        caller = named_caller(context)

        async def act(connection: AsyncConnection) -> Message:
            ended = await self._retention.release_hold(
                connection, caller, request.hold_id, request.reason
            )
            return holds.ReleaseLegalHoldResponse(hold=translate.hold(ended))

        answer = await self._once("ReleaseLegalHold", request.request_id, request, act)
        return holds.ReleaseLegalHoldResponse.FromString(answer)

    async def ListLegalHolds(
        self, request: holds.ListLegalHoldsRequest, context: Context
    ) -> holds.ListLegalHoldsResponse:
        """Return one page of holds, last placed first."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        after = translate.hold_position(pages.decode(request.page_token, bound))
        async with self._database.reading() as connection:
            if request.fax_id:
                await self._faxes.get(connection, request.fax_id)
            found = await self._retention.holds.list(
                connection, translate.hold_filters(request), limit=size + 1, after=after
            )
        page = found[:size]
        token = pages.encode(translate.hold_key(page[-1]), bound) if len(found) > size else ""
        return holds.ListLegalHoldsResponse(
            holds=[translate.hold(each) for each in page], next_page_token=token
        )

    async def _once(
        self,
        method: str,
        request_id: str,
        request: Message,
        act: Callable[[AsyncConnection], Awaitable[Message]],
    ) -> bytes:
        async with self._database.transaction() as connection:

            async def acting() -> bytes:
                return (await act(connection)).SerializeToString(deterministic=True)

            asked = request.SerializeToString(deterministic=True)
            return await self._requests.once(connection, method, request_id, asked, acting)
