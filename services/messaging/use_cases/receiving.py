"""What the carrier tells: messages that came in, and reports on those that went out."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from services.messaging.consent import (
    Confirmation,
    LedgerEntry,
    Method,
    Standings,
    answer_to,
    change_of,
    decide,
    weighed,
)
from services.messaging.ids import derived_id
from services.messaging.keywords import NO_PHONE_NUMBER, OUR_OWN_SENDER, Classification, classify
from services.messaging.model import (
    CONFIRMATION_WINDOW,
    HELP_PAUSE,
    FailureReason,
    Message,
    Purpose,
    is_e164,
    merged,
)
from services.messaging.ports import Messages
from services.messaging.replies import Replies
from services.messaging.use_cases.consents import Consents
from services.messaging.use_cases.sending import Draft, Sending


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The event that brought a message: its id, and when the gateway received it."""

    event_id: str
    receive_time: datetime


@dataclass(frozen=True)
class Receiving:
    """Takes in received messages and reports."""

    messages: Messages
    consents: Consents
    sending: Sending
    replies: Replies
    own_numbers: frozenset[str]
    """Numbers that are certainly ours, beside those that messages have come in to."""
    clock: Clock

    async def receive(
        self, connection: AsyncConnection, received: Message, arrival: Arrival
    ) -> Message:
        """Store a received message and do what its keyword asks; a repetition changes nothing."""
        received = self._understood(received)
        if await self.messages.add(connection, received):
            await self._act(connection, received, arrival)
        return received

    async def report(self, connection: AsyncConnection, seen: Message) -> None:
        """Add what the carrier reports to the message it is about.

        A message that this service did not send, or whose sending is not recorded yet, is kept as
        the carrier describes it.
        """
        known = await self.messages.hold_of_carrier(
            connection, seen.direction, seen.carrier_message_id
        )
        if known is None:
            await self.messages.add(connection, seen)
        else:
            await self.messages.save(connection, merged(known, seen))
        if seen.failure is not None and seen.failure.reason is FailureReason.OPTED_OUT:
            refused = seen if known is None else merged(known, seen)
            await self.consents.block(connection, refused, seen.failure)

    def _understood(self, received: Message) -> Message:
        """Return the message with what it asks for, and in a group with the number that is ours."""
        ours = received.our_number
        if received.is_group:
            everyone = (person.phone_number for person in received.recipients)
            ours = next((number for number in everyone if number in self.own_numbers), ours)
        return replace(received, our_number=ours, classification=self._classify(received))

    def _classify(self, received: Message) -> Classification:
        """Read the keyword, but only of somebody who can mean it: a person with a number."""
        if received.peer_number in self.own_numbers:
            return OUR_OWN_SENDER
        if not is_e164(received.peer_number):
            return NO_PHONE_NUMBER
        return classify(received.text, received.subject)

    async def _act(self, connection: AsyncConnection, received: Message, arrival: Arrival) -> None:
        if received.classification is None or not received.classification.is_keyword:
            return
        before = await self.consents.hold(connection, received.peer_number)
        entry = self._entry(received, arrival)
        after = weighed(before, entry) if entry else before
        reply_id = await self._reply(connection, received, before, after, arrival)
        if entry is not None:
            confirmed = _confirmed(entry, received, reply_id)
            await self.consents.record(connection, before, confirmed)

    def _entry(self, received: Message, arrival: Arrival) -> LedgerEntry | None:
        change = change_of(received)
        if change is None:
            return None
        action, scope = change
        return LedgerEntry(
            entry_id=derived_id("keyword", received.message_id),
            effective_time=received.create_time,
            record_time=self.clock.now(),
            action=action,
            scope=scope,
            method=Method.KEYWORD,
            peer_number=received.peer_number,
            our_number=received.our_number,
            source_message_id=received.carrier_message_id,
            source_event_id=arrival.event_id,
            text=received.text or received.subject,
            classification=received.classification,
            messaging_profile_id=received.messaging_profile_id,
        )

    async def _reply(
        self,
        connection: AsyncConnection,
        received: Message,
        before: Standings,
        after: Standings,
        arrival: Arrival,
    ) -> str:
        """Queue what the keyword is answered with; return its id, empty when nothing is said."""
        ours, peer = received.our_number, received.peer_number
        purpose = answer_to(received, decide(before, ours), decide(after, ours))
        if purpose is None or await self._stays_silent(connection, received, purpose):
            return ""
        expire_time = _expire_time(purpose, arrival)
        if expire_time is not None and self.clock.now() >= expire_time:
            return ""
        draft = Draft(
            our_number=ours,
            peer_number=peer,
            text=self.replies.text(purpose),
            purpose=purpose,
            expire_time=expire_time,
        )
        message_id = derived_id(purpose.value, received.message_id)
        await self.sending.queue(connection, message_id, draft)
        return message_id

    async def _stays_silent(
        self, connection: AsyncConnection, received: Message, purpose: Purpose
    ) -> bool:
        """Guard against two machines that answer one another."""
        ours, peer = received.our_number, received.peer_number
        if await self.messages.receives_here(connection, peer):
            return True
        if purpose is not Purpose.HELP_REPLY:
            return False
        since = self.clock.now() - HELP_PAUSE
        return await self.messages.sent_since(connection, ours, peer, purpose, since)


def _expire_time(purpose: Purpose, arrival: Arrival) -> datetime | None:
    if purpose is Purpose.STOP_CONFIRMATION:
        return arrival.receive_time + CONFIRMATION_WINDOW
    return None


def _confirmed(entry: LedgerEntry, received: Message, reply_id: str) -> LedgerEntry:
    if reply_id:
        return replace(entry, confirmation=Confirmation.QUEUED, confirmation_message_id=reply_id)
    if received.answered_by_carrier:
        return replace(entry, confirmation=Confirmation.BY_CARRIER)
    return entry
