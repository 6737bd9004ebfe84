"""Answering received messages by rule, and keeping the rules."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.errors import NotFound
from services.messaging.consent.ledger import Action
from services.messaging.ids import derived_id
from services.messaging.model import Message, Purpose
from services.messaging.replies.conversation_store import ConversationStore
from services.messaging.replies.guards import LATEST, Facts, Guard
from services.messaging.replies.rules import Decision, Rule, applying, closed_since, decide
from services.messaging.replies.store import AutoReplyStore, Decided, Switch
from services.messaging.use_cases.receiving import Arrival
from services.messaging.use_cases.sending import Draft, Sending

_RECENT_ENTRIES = 20
_GIVING = (Action.GRANTED, Action.CONFIRMED)


class Meter(Protocol):
    """Where it is counted what became of received messages that a rule matched."""

    def replied(self, rule: Rule) -> None:
        """Count a reply by the kind of its rule."""
        ...

    def suppressed(self, guard: Guard, message_id: str) -> None:
        """Count a reply that a guard kept from being given to a message."""
        ...


@dataclass(frozen=True)
class AutoReplies:
    """Listens to received messages and answers those that a rule matches."""

    store: AutoReplyStore
    conversations: ConversationStore
    sending: Sending
    own_numbers: frozenset[str]
    clock: Clock
    meter: Meter

    async def received(
        self, connection: AsyncConnection, message: Message, arrival: Arrival
    ) -> None:
        """Answer a message that was received just now, if a rule says so and no guard objects."""
        rules = applying(message.our_number, await self.store.enabled(connection))
        if not rules:
            return
        decision = decide(message, rules, await self._facts(connection, message, rules))
        if decision.mute is not None:
            await self.conversations.mute(connection, message, decision.mute)
        if decision.rule is not None:
            await self._carry_out(connection, message, decision.rule, decision.guard)

    async def explain(self, connection: AsyncConnection, trial: Message) -> Decision:
        """Return what would be decided about a message if it came in now; changes nothing."""
        rules = applying(trial.our_number, await self.store.enabled(connection))
        return decide(trial, rules, await self._facts(connection, trial, rules))

    async def decided(self, connection: AsyncConnection, message_id: str) -> Decided:
        """Return what was decided about a received message; raises NotFound."""
        found = await self.store.decided(connection, message_id)
        if found is None:
            raise NotFound("DECISION_NOT_FOUND", "no rule matched such a message")
        return found

    async def put(self, connection: AsyncConnection, rule: Rule) -> Rule:
        """Create a rule, or replace the one of its id, and return it with its id and times."""
        now, rule_id = self.clock.now(), rule.rule_id or str(uuid.uuid4())
        kept = replace(rule, rule_id=rule_id, create_time=now, update_time=now)
        return await self.store.put(connection, kept)

    async def seed(self, connection: AsyncConnection, rules: Iterable[Rule]) -> None:
        """Create the rules that are not there yet; those that are stay as they are."""
        for rule in rules:
            if await self.store.get(connection, rule.rule_id) is None:
                await self.put(connection, rule)

    async def get(self, connection: AsyncConnection, rule_id: str) -> Rule:
        """Return a rule; raises NotFound."""
        found = await self.store.get(connection, rule_id)
        if found is None:
            raise NotFound("RULE_NOT_FOUND", "no such rule")
        return found

    async def set_switch(self, connection: AsyncConnection, *, engaged: bool, note: str) -> None:
        """Switch all automatic replies off, or on again."""
        await self.store.set_switch(connection, Switch(engaged, note, self.clock.now()))

    async def status(self, connection: AsyncConnection) -> tuple[Switch, int, int]:
        """Return the switch, the number of enabled rules, and the replies that may be given now."""
        tokens = await self.store.tokens(connection, self.clock.now())
        rules = await self.store.enabled(connection)
        return await self.store.switch(connection), len(rules), int(tokens)

    async def _carry_out(
        self, connection: AsyncConnection, message: Message, rule: Rule, guard: Guard | None
    ) -> None:
        now = self.clock.now()
        # Another replica may have used the budget up since it was looked at.
        if guard is None and not await self.store.take_token(connection, now):
            guard = Guard.SERVICE_RATE
        reply_id = ""
        if guard is None:
            reply_id = await self._reply(connection, message, rule)
            self.meter.replied(rule)
        else:
            self.meter.suppressed(guard, message.message_id)
        decided = Decided(
            message_id=message.message_id,
            rule_id=rule.rule_id,
            guard=guard,
            decide_time=now,
            reply_message_id=reply_id,
            reply_text=rule.text if reply_id else "",
        )
        await self.store.record(connection, message, decided)

    async def _reply(self, connection: AsyncConnection, message: Message, rule: Rule) -> str:
        draft = Draft(
            our_number=message.our_number,
            peer_number=message.peer_number,
            text=rule.text,
            purpose=Purpose.CONVERSATION,
            expire_time=message.create_time + LATEST,
            auto=True,
        )
        # Derived from the cause, so that a repetition of it is the same reply.
        reply_id = derived_id(f"auto reply {rule.rule_id}", message.message_id)
        await self.sending.queue(connection, reply_id, draft)
        return reply_id

    async def _facts(
        self, connection: AsyncConnection, message: Message, rules: Sequence[Rule]
    ) -> Facts:
        now, pair = self.clock.now(), (message.our_number, message.peer_number)
        told = [rule.rule_id for rule in rules if await self._has_told(connection, pair, rule)]
        return Facts(
            now=now,
            is_first=await self.store.is_first(connection, *pair, message.message_id),
            is_ours=await self._is_ours(connection, message.peer_number),
            is_revoked=await self._is_revoked(connection, *pair),
            is_undeliverable=await self._is_undeliverable(connection, *pair),
            mutes=await self.conversations.mutes(connection, *pair),
            replies=await self.store.replies(connection, *pair, now),
            sent=await self.store.sent(connection, *pair),
            heard=await self.store.heard(connection, *pair, now),
            killed=(await self.store.switch(connection)).engaged,
            tokens=await self.store.tokens(connection, now),
            told=frozenset(told),
        )

    async def _has_told(
        self, connection: AsyncConnection, pair: tuple[str, str], rule: Rule
    ) -> bool:
        since = closed_since(rule, self.clock.now())
        return since is not None and await self.store.has_told(
            connection, *pair, rule.rule_id, since
        )

    async def _is_ours(self, connection: AsyncConnection, number: str) -> bool:
        """Ask what we were told, and what has come in to the number or gone out from it."""
        if number in self.own_numbers:
            return True
        messages = self.sending.messages
        if await messages.receives_here(connection, number):
            return True
        return await self.store.sends_here(connection, number)

    async def _is_revoked(
        self, connection: AsyncConnection, our_number: str, peer_number: str
    ) -> bool:
        """Say whether consent was taken back, or a text waits for somebody to judge it."""
        consents = self.sending.consents
        objection = await consents.objection(
            connection, our_number, peer_number, Purpose.CONVERSATION, auto=True
        )
        if objection is not None:
            return True
        return await consents.ledger.open_hold(connection, peer_number) is not None

    async def _is_undeliverable(
        self, connection: AsyncConnection, our_number: str, peer_number: str
    ) -> bool:
        """Say whether a message was lost and consent has not been given since."""
        lost = await self.store.last_loss(connection, our_number, peer_number)
        if lost is None:
            return False
        ledger = self.sending.consents.ledger
        recent = await ledger.recent(connection, peer_number, _RECENT_ENTRIES)
        given = (each.record_time for each in recent if each.action in _GIVING)
        return max(given, default=lost) <= lost
