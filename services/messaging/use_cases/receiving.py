"""What the carrier tells: messages that came in, and reports on those that went out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from services.messaging.consent.decision import Standings, decide, weighed
from services.messaging.consent.holds import OptIn
from services.messaging.consent.ledger import Action, Basis, Confirmation, LedgerEntry, Method
from services.messaging.consent.meaning import answer_to, change_of
from services.messaging.consent.programs import Programs
from services.messaging.ids import derived_id
from services.messaging.keywords import (
    NO_PHONE_NUMBER,
    OUR_OWN_SENDER,
    Campaigns,
    Classification,
    KeywordClass,
    classify,
)
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
from services.messaging.use_cases.consents import Consents
from services.messaging.use_cases.holds import Holds
from services.messaging.use_cases.media_archive import MediaArchive
from services.messaging.use_cases.opt_ins import OptIns
from services.messaging.use_cases.sending import Draft, Sending
from services.messaging.wording import Replies

_UNREAD = (OUR_OWN_SENDER, NO_PHONE_NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The event that brought a message: its id, and when the gateway received it."""

    event_id: str
    receive_time: datetime


class Listener(Protocol):
    """Told of every received message, in the transaction that stores it."""

    async def received(
        self, connection: AsyncConnection, message: Message, arrival: Arrival
    ) -> None:
        """Take note of a message that was stored and whose keyword was acted upon."""
        ...


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
    media: MediaArchive
    listeners: Sequence[Listener] = ()
    campaigns: Campaigns = field(default_factory=Campaigns)

    @property
    def holds(self) -> Holds:
        """Return what keeps texts for a person to judge."""
        return Holds(self.consents)

    @property
    def opt_ins(self) -> OptIns:
        """Return what asks for consent."""
        return OptIns(self.sending, self.replies)

    async def receive(
        self, connection: AsyncConnection, received: Message, arrival: Arrival
    ) -> Message:
        """Store a received message and do what its keyword asks; a repetition changes nothing."""
        received, question = await self._understood(connection, replace(received, unread=True))
        received = self.media.expected(received)
        if await self.messages.add(connection, received):
            await self.media.queue(connection, received)
            await self._act(connection, received, arrival, question)
            for listener in self.listeners:
                await listener.received(connection, received, arrival)
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

    async def _understood(
        self, connection: AsyncConnection, received: Message
    ) -> tuple[Message, OptIn | None]:
        """Return the message with what it asks for, and the question for consent it says YES to.

        In a group it gets the number that is ours.
        """
        ours = received.our_number
        if received.is_group:
            everyone = (person.phone_number for person in received.recipients)
            ours = next((number for number in everyone if number in self.own_numbers), ours)
        received = replace(received, our_number=ours, classification=self._classify(received))
        question = await self.opt_ins.open_question(connection, received)
        if question is None or received.classification in _UNREAD:
            return received, None
        answer = self._read(received, pending_opt_in=True)
        if answer.keyword_class is not KeywordClass.START or answer == received.classification:
            return received, None
        return replace(received, classification=answer), question

    def _classify(self, received: Message) -> Classification:
        """Read the keyword, but only of somebody who can mean it: a person with a number."""
        if received.peer_number in self.own_numbers:
            return OUR_OWN_SENDER
        if not is_e164(received.peer_number):
            return NO_PHONE_NUMBER
        return self._read(received)

    def _read(self, received: Message, *, pending_opt_in: bool = False) -> Classification:
        return classify(
            received.text,
            received.subject,
            pending_opt_in=pending_opt_in,
            programs=self.consents.programs.ids,
            keywords=self.campaigns.at(received.our_number),
        )

    async def _act(
        self,
        connection: AsyncConnection,
        received: Message,
        arrival: Arrival,
        question: OptIn | None,
    ) -> None:
        if received.classification is None or not received.classification.is_keyword:
            return
        before = await self.consents.hold(connection, received.peer_number)
        entry = self._entry(received, arrival, question)
        after = weighed(before, entry) if entry else before
        reply_id = await self._reply(connection, received, before, after, arrival)
        if entry is not None and entry.action is Action.HELD:
            await self.holds.open(connection, before, entry, received.message_id)
        elif entry is not None:
            confirmed = _confirmed(entry, received, reply_id)
            await self.consents.record(connection, before, confirmed)

    def _entry(
        self, received: Message, arrival: Arrival, question: OptIn | None
    ) -> LedgerEntry | None:
        change = change_of(received, self.consents.programs, pending=question is not None)
        if change is None:
            return None
        entry = LedgerEntry(
            entry_id=derived_id("keyword", received.message_id),
            effective_time=received.create_time,
            record_time=self.clock.now(),
            action=change.action,
            scope=change.scope,
            channel=change.channel,
            program_id=change.program_id,
            method=Method.KEYWORD,
            peer_number=received.peer_number,
            our_number=received.our_number,
            source_message_id=received.carrier_message_id,
            source_event_id=arrival.event_id,
            text=received.text or received.subject,
            classification=received.classification,
            messaging_profile_id=received.messaging_profile_id,
        )
        return entry if question is None else _answering(entry, question)

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
        target = self.consents.target(ours, program=_named(received, self.consents.programs))
        purpose = answer_to(received, decide(before, target), decide(after, target))
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


def _named(received: Message, programs: Programs) -> str:
    """Return the program that a keyword changes, if it is not that of the number written to."""
    change = change_of(received, programs)
    return change.program_id if change is not None else ""


def _answering(entry: LedgerEntry, question: OptIn) -> LedgerEntry:
    """Return the entry with the question it answers as its evidence."""
    evidence = {
        **question.evidence,
        "disclosure_text": question.text,
        "disclosure_version": question.version,
        "prompt_message_id": question.message_id,
        "user_answer": entry.text,
    }
    return replace(
        entry,
        basis=Basis.EXPRESS_WRITTEN,
        language=question.language,
        prompt_time=question.prompt_time,
        evidence={name: value for name, value in evidence.items() if value},
    )


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
