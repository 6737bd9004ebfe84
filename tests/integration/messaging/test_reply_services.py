"""Rules and conversations over gRPC, with the whole service behind them."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
import pytest
from switchhook.messaging.v1 import (
    auto_reply_pb2,
    conversation_pb2,
)
from switchhook.messaging.v1 import auto_reply_service_pb2 as rules_pb
from switchhook.messaging.v1 import conversation_service_pb2 as conversations_pb
from switchhook.messaging.v1.auto_reply_service_pb2_grpc import AutoReplyServiceStub
from switchhook.messaging.v1.conversation_service_pb2_grpc import ConversationServiceStub

from chassis.grpc_status import to_fault
from tests.integration.messaging.suite import OTHER, OURS, PEER, Suite, inbound, whole_suite
from tests.support.eventually import eventually

Guard = auto_reply_pb2.AutoReplyGuard
State = conversation_pb2.ConversationState


@dataclass
class Callers:
    """A suite and the services this file is about."""

    suite: Suite
    rules: AutoReplyServiceStub
    conversations: ConversationServiceStub

    async def put(self, **changes: object) -> auto_reply_pb2.AutoReplyRule:
        """Put a rule about hours."""
        return (await self.rules.PutRule(putting(**changes))).rule

    async def explain(self, text: str, peer: str = PEER) -> auto_reply_pb2.AutoReplyDecision:
        """Try the rules with a text."""
        trial = rules_pb.AutoReplyTrial(our_number=OURS, peer_number=peer, text=text)
        request = rules_pb.ExplainAutoReplyRequest(trial=trial)
        return (await self.rules.ExplainAutoReply(request)).decision

    async def listed(self, **asked: object) -> list[conversation_pb2.Conversation]:
        """Return conversations."""
        request = conversations_pb.ListConversationsRequest(**asked)  # type: ignore[arg-type]
        return list((await self.conversations.ListConversations(request)).conversations)


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Return the reason of a refusal."""
    fault = to_fault(error)
    assert fault is not None
    return fault.reason


def putting(**changes: object) -> rules_pb.PutRuleRequest:
    """Return a request to put a rule about hours."""
    values: dict[str, object] = {
        "rule_id": "hours",
        "enabled": True,
        "text": "Nine to five.",
        "contains": auto_reply_pb2.AutoReplyWords(phrases=["hours"]),
    }
    rule = auto_reply_pb2.AutoReplyRule(**{**values, **changes})  # type: ignore[arg-type]
    return rules_pb.PutRuleRequest(request_id=str(uuid.uuid4()), rule=rule)


@asynccontextmanager
async def calling(nats_url: str, database_url: str, **more: str) -> AsyncIterator[Callers]:
    """Run the service and connect to it."""
    async with (
        whole_suite(nats_url, database_url, **more) as suite,
        grpc.aio.insecure_channel(f"127.0.0.1:{suite.ports.grpc}") as channel,
    ):
        yield Callers(suite, AutoReplyServiceStub(channel), ConversationServiceStub(channel))


async def test_a_rule_is_kept_tried_and_answers(nats_url: str, database_url: str) -> None:
    """From PutRule to what the carrier is asked, and why the second question is not answered."""
    async with calling(nats_url, database_url) as callers:
        request = putting()
        first = await callers.rules.PutRule(request)
        assert await callers.rules.PutRule(request) == first
        other = putting(text="Other.")
        other.request_id = request.request_id
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await callers.rules.PutRule(other)
        assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS
        tried = await callers.explain("your hours?")
        assert (tried.rule_id, tried.reply_text) == ("hours", "Nine to five.")
        assert not tried.objections
        await callers.suite.deliver(inbound("your hours?", message_id="m-1"))
        await eventually(lambda: callers.suite.telnyx.texts() == ["Nine to five."])
        asked = rules_pb.ExplainAutoReplyRequest(message_id="m-1")
        decision = (await callers.rules.ExplainAutoReply(asked)).decision
        reply = await callers.suite.message(message_id=decision.reply_message_id)
        assert reply.thread.auto
        again = await callers.explain("your hours?")
        assert again.guard == Guard.AUTO_REPLY_GUARD_PAIR_PAUSE
        assert not again.reply_text


async def test_rules_are_listed_read_and_deleted(nats_url: str, sqlite_database_url: str) -> None:
    """Pages go by priority; a rule of the settings is there from the start."""
    seeded = '{"rules": [{"rule_id": "seeded", "text": "Hi.", "priority": 9, "firstContact": {}}]}'
    more = {"MESSAGING_RULES": seeded}
    async with calling(nats_url, sqlite_database_url, **more) as callers:
        hours = auto_reply_pb2.BusinessHours(time_zone="Europe/Berlin")
        hours.open_spans.add(weekday=1, open_minute=0, close_minute=1440)
        hours.closures.add(start_date="2025-12-24", end_date="2026-01-01")
        kept = await callers.put(rule_id="closed", contains=None, out_of_hours=hours)
        named = await callers.put(rule_id="", priority=3)
        assert uuid.UUID(named.rule_id)
        page = await callers.rules.ListRules(rules_pb.ListRulesRequest(page_size=2))
        rest = await callers.rules.ListRules(
            rules_pb.ListRulesRequest(page_size=2, page_token=page.next_page_token)
        )
        assert list(page.rules) == [kept, named]
        assert [each.rule_id for each in rest.rules] == ["seeded"]
        request = rules_pb.DeleteRuleRequest(request_id=str(uuid.uuid4()), rule_id="closed")
        await callers.rules.DeleteRule(request)
        with pytest.raises(grpc.aio.AioRpcError) as missing:
            await callers.rules.GetRule(rules_pb.GetRuleRequest(rule_id="closed"))
        assert reason_of(missing.value) == "RULE_NOT_FOUND"


@pytest.mark.parametrize(
    "changes",
    [
        {"contains": None},
        {"contains": auto_reply_pb2.AutoReplyWords(phrases=["Stop"])},
        {"contains": None, "out_of_hours": auto_reply_pb2.BusinessHours(time_zone="Nowhere/X")},
        {"text": ""},
        {"rule_id": "Not An Id"},
    ],
)
async def test_a_rule_that_cannot_be_is_refused(
    nats_url: str, sqlite_database_url: str, changes: dict[str, object]
) -> None:
    """With INVALID_ARGUMENT, before anything is stored."""
    async with calling(nats_url, sqlite_database_url) as callers:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await callers.put(**changes)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert not (await callers.rules.ListRules(rules_pb.ListRulesRequest())).rules


async def test_the_kill_switch_is_set_and_told(nats_url: str, sqlite_database_url: str) -> None:
    """The status says since when and why."""
    async with calling(nats_url, sqlite_database_url) as callers:
        await callers.put()
        request = rules_pb.SetKillSwitchRequest(
            request_id=str(uuid.uuid4()), engaged=True, note="too chatty"
        )
        status = (await callers.rules.SetKillSwitch(request)).status
        assert (status.kill_switch_engaged, status.note) == (True, "too chatty")
        decision = await callers.explain("hours")
        assert decision.guard == Guard.AUTO_REPLY_GUARD_KILL_SWITCH
        told = (await callers.rules.GetStatus(rules_pb.GetStatusRequest())).status
        assert told == status
        assert (told.enabled_rules, told.replies_available) == (1, 10)


async def test_conversations_are_listed_read_and_marked(nats_url: str, database_url: str) -> None:
    """Newest first, with their messages page by page and what is unread."""
    async with calling(nats_url, database_url) as callers:
        for number in range(3):
            await callers.suite.deliver(inbound(f"text {number}", message_id=f"m-{number}"))
        await callers.suite.deliver(
            inbound("somebody else", sender={"phone_number": OTHER}, message_id="m-3")
        )

        async def arrived() -> bool:
            return sum([each.inbound_count for each in await callers.listed()]) == 4

        await eventually(arrived)
        found = {each.peer_number: each for each in await callers.listed(unread_only=True)}
        assert found[PEER].unread_count == 3
        assert found[PEER].state == State.CONVERSATION_STATE_OPEN
        assert found[OTHER].last_message.text == "somebody else"
        await pages_agree(callers, found[PEER].conversation_id)
        request = conversations_pb.MarkReadRequest(
            request_id=str(uuid.uuid4()), conversation_id=found[PEER].conversation_id
        )
        marked = await callers.conversations.MarkRead(request)
        assert marked.conversation.unread_count == 0
        assert await callers.conversations.MarkRead(request) == marked
        assert [each.peer_number for each in await callers.listed(unread_only=True)] == [OTHER]
        assert len(await callers.listed(peer_number=PEER, our_number=OURS)) == 1


async def pages_agree(callers: Callers, conversation_id: str) -> None:
    """Read a thread of three by its id in pages, and by its numbers at once."""
    get = callers.conversations.GetConversation
    whole = await get(conversations_pb.GetConversationRequest(our_number=OURS, peer_number=PEER))
    first = await get(
        conversations_pb.GetConversationRequest(conversation_id=conversation_id, page_size=2)
    )
    rest = await get(
        conversations_pb.GetConversationRequest(
            conversation_id=conversation_id, page_size=2, page_token=first.next_page_token
        )
    )
    assert [*first.messages, *rest.messages] == list(whole.messages)
    assert len(whole.messages) == 3
    assert not rest.next_page_token


async def test_what_is_not_there_is_not_found(nats_url: str, sqlite_database_url: str) -> None:
    """With the reason, and a request that asks for neither is refused."""
    async with calling(nats_url, sqlite_database_url) as callers:
        get = callers.conversations.GetConversation
        with pytest.raises(grpc.aio.AioRpcError) as missing:
            await get(conversations_pb.GetConversationRequest(our_number=OURS, peer_number=PEER))
        assert reason_of(missing.value) == "CONVERSATION_NOT_FOUND"
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await get(conversations_pb.GetConversationRequest())
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        with pytest.raises(grpc.aio.AioRpcError) as undecided:
            await callers.rules.ExplainAutoReply(
                rules_pb.ExplainAutoReplyRequest(message_id="nothing")
            )
        assert reason_of(undecided.value) == "DECISION_NOT_FOUND"
