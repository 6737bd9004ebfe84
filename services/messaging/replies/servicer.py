"""AutoReplyService: translate in, call, translate out."""

import hashlib
from typing import Any

import grpc.aio
from google.protobuf.message import Message as Proto
from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.messaging.v1 import auto_reply_service_pb2 as pb
from switchhook.messaging.v1 import auto_reply_service_pb2_grpc

from chassis import pages
from chassis.database import Database
from services.messaging.ports import Answers
from services.messaging.replies import translate as reply_translate
from services.messaging.use_cases.auto_replies import AutoReplies
from services.messaging.use_cases.once import Asked, once

Context = grpc.aio.ServicerContext[Any, Any]


def asked(method: str, request: Any) -> Asked:
    """Return what makes a request the same as another."""
    fingerprint = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
    return Asked(method, request.request_id, fingerprint)


def kept(answer: Proto) -> bytes:
    """Return an answer as it is kept for repetitions."""
    return answer.SerializeToString(deterministic=True)


class AutoReplyServicer(auto_reply_service_pb2_grpc.AutoReplyServiceServicer):
    """Keeps the rules, and explains what they do."""

    def __init__(self, database: Database, replies: AutoReplies, answers: Answers) -> None:
        self._database = database
        self._replies = replies
        self._answers = answers

    async def PutRule(self, request: pb.PutRuleRequest, context: Context) -> pb.PutRuleResponse:
        """Create or replace a rule."""
        wanted = reply_translate.rule_of(request.rule)
        async with self._database.transaction() as connection:

            async def act() -> bytes:
                put = await self._replies.put(connection, wanted)
                return kept(pb.PutRuleResponse(rule=reply_translate.rule(put)))

            answer = await once(self._answers, connection, asked("PutRule", request), act)
        return pb.PutRuleResponse.FromString(answer)

    async def GetRule(self, request: pb.GetRuleRequest, context: Context) -> pb.GetRuleResponse:
        """Return one rule."""
        async with self._database.reading() as connection:
            found = await self._replies.get(connection, request.rule_id)
        return pb.GetRuleResponse(rule=reply_translate.rule(found))

    async def ListRules(
        self, request: pb.ListRulesRequest, context: Context
    ) -> pb.ListRulesResponse:
        """Return one page of rules, in the order they are asked."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        after = reply_translate.rule_place(pages.decode(request.page_token, bound))
        async with self._database.reading() as connection:
            found = await self._replies.store.page(connection, limit=size + 1, after=after)
        page = found[:size]
        token = pages.encode(page[-1].place, bound) if len(found) > size else ""
        shown = [reply_translate.rule(each) for each in page]
        return pb.ListRulesResponse(rules=shown, next_page_token=token)

    async def DeleteRule(
        self, request: pb.DeleteRuleRequest, context: Context
    ) -> pb.DeleteRuleResponse:
        """Delete a rule."""
        async with self._database.transaction() as connection:

            async def act() -> bytes:
                await self._replies.store.delete(connection, request.rule_id)
                return kept(pb.DeleteRuleResponse())

            answer = await once(self._answers, connection, asked("DeleteRule", request), act)
        return pb.DeleteRuleResponse.FromString(answer)

    async def SetKillSwitch(
        self, request: pb.SetKillSwitchRequest, context: Context
    ) -> pb.SetKillSwitchResponse:
        """Switch automatic replies off or on."""
        async with self._database.transaction() as connection:

            async def act() -> bytes:
                await self._replies.set_switch(
                    connection, engaged=request.engaged, note=request.note
                )
                return kept(pb.SetKillSwitchResponse(status=await self._status(connection)))

            answer = await once(self._answers, connection, asked("SetKillSwitch", request), act)
        return pb.SetKillSwitchResponse.FromString(answer)

    async def GetStatus(
        self, request: pb.GetStatusRequest, context: Context
    ) -> pb.GetStatusResponse:
        """Return how automatic replies stand."""
        async with self._database.reading() as connection:
            return pb.GetStatusResponse(status=await self._status(connection))

    async def ExplainAutoReply(
        self, request: pb.ExplainAutoReplyRequest, context: Context
    ) -> pb.ExplainAutoReplyResponse:
        """Say what was or would be decided about a message."""
        async with self._database.reading() as connection:
            if request.WhichOneof("inquiry") == "message_id":
                known = await self._replies.decided(connection, request.message_id)
                return pb.ExplainAutoReplyResponse(decision=reply_translate.decided(known))
            now = self._replies.clock.now()
            trial = reply_translate.trial(request.trial, now)
            made = await self._replies.explain(connection, trial)
        return pb.ExplainAutoReplyResponse(decision=reply_translate.decision(made, now))

    async def _status(self, connection: AsyncConnection) -> pb.AutoReplyStatus:
        return reply_translate.status(*await self._replies.status(connection))
