"""Calling customers back: the two legs are read, and what a look at them asks for is done."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.timers import Timers
from services.voice.calls.command import Dial, dial_id
from services.voice.calls.desk import Desk
from services.voice.calls.dial_store import SqlDials
from services.voice.calls.model import Call, Role
from services.voice.calls.records import CallFilter, CommandState
from services.voice.calls.store import SqlCalls
from services.voice.journeys.callbacks import (
    RING,
    CallbackAction,
    CallingBack,
    DialCustomer,
    Done,
    Missed,
    ToAgent,
    ToCustomer,
    attend,
)
from services.voice.journeys.ports import Centre, entry_of
from services.voice.queues.model import Entry, EntryState, Kind, Outcome

ATTEMPT = "callback.look"
"""The timer of an attempt's own next look, by subject."""
NUDGE = "callback.nudge"
"""The timer of a look because the agent has come or gone, by subject."""


def subject_of(entry: Entry) -> str:
    """Name an attempt by the entry and the offer of the agent who is on the line for it."""
    return f"{entry.entry_id}/{entry.offer_id}"


@dataclass(frozen=True)
class CallingBackCustomers:
    """Calls a customer whenever an agent is on the line for one who waits to be called back."""

    calls: SqlCalls
    dials: SqlDials
    desk: Desk
    centre: Centre
    timers: Timers
    connection_id: str = ""
    """The carrier's application to dial through; empty dials through the one that was called."""

    async def entry_changed(
        self, connection: AsyncConnection, before: Entry | None, after: Entry, now: datetime
    ) -> None:
        """Have an attempt looked at when its agent is there, or is not there any more."""
        if after.kind is not Kind.CALLBACK or before is None or before.state is after.state:
            return
        if after.state is EntryState.CONNECTED:
            await self.timers.set(connection, NUDGE, subject_of(after), now)
        elif before.state is EntryState.CONNECTED:
            await self.timers.set(connection, NUDGE, subject_of(before), now)

    async def changed(
        self, connection: AsyncConnection, before: Call, after: Call, now: datetime
    ) -> None:
        """Go on with an attempt after an event of the customer's leg."""
        if after.role is Role.CUSTOMER and after.subject:
            await self._attend(connection, after.subject, after, now)

    async def dial_failed(
        self, connection: AsyncConnection, role: Role, subject: str, reason: str, now: datetime
    ) -> None:
        """Go on with an attempt whose customer the carrier would not call."""
        if role is Role.CUSTOMER:
            await self._attend(connection, subject, None, now)

    async def revisit(self, connection: AsyncConnection, subject: str, now: datetime) -> None:
        """Look at an attempt because it is time, or because its agent has come or gone."""
        customer = await self._customer(connection, subject)
        if customer is not None:
            customer = await self.calls.locked(connection, customer, now)
        await self._attend(connection, subject, customer, now)

    async def _attend(
        self, connection: AsyncConnection, subject: str, customer: Call | None, now: datetime
    ) -> None:
        entry_id, _, offer_id = subject.partition("/")
        entry = await entry_of(self.centre, connection, entry_id)
        dial = await self.dials.get(connection, dial_id(Role.CUSTOMER, subject))
        at = CallingBack(
            now=now,
            offer_id=offer_id,
            entry=entry,
            agent=await self._agent(connection, offer_id),
            customer=customer,
            dialled=dial.request_time if dial else None,
            dial_failed=dial is not None and dial.state is CommandState.REFUSED,
        )
        attempt = attend(at)
        for action in attempt.actions:
            await self._act(connection, action, subject, at)
        if attempt.look is None:
            await self.timers.cancel(connection, ATTEMPT, subject)
        else:
            await self.timers.set(connection, ATTEMPT, subject, attempt.look)

    async def _act(
        self, connection: AsyncConnection, action: CallbackAction, subject: str, at: CallingBack
    ) -> None:
        match action:
            case ToCustomer(key, command) if at.customer is not None:
                await self.desk.give(connection, at.customer, key, command)
            case ToAgent(key, command) if at.agent is not None:
                await self.desk.give(connection, at.agent, key, command)
            case DialCustomer() if at.entry is not None:
                await self._dial(connection, at.entry, subject, at.agent)
            case Missed() if at.entry is not None:
                await self.desk.withdraw(connection, Role.CUSTOMER, subject)
                await self.centre.callback_failed(connection, at.entry.entry_id, at.now)
            case Done() if at.entry is not None:
                await self.centre.leave(connection, at.entry.entry_id, Outcome.HANDLED, at.now)

    async def _dial(
        self, connection: AsyncConnection, entry: Entry, subject: str, agent: Call | None
    ) -> None:
        caller = await self.calls.find(connection, Call(leg_id=entry.leg_id))
        dial = Dial(
            to=entry.caller_number,
            from_number=caller.called_number if caller else "",
            connection_id=self.connection_id or (caller.connection_id if caller else ""),
            role=Role.CUSTOMER,
            subject=subject,
            timeout=RING,
            link_to=agent.control_id if agent else "",
        )
        await self.desk.dial(connection, dial)

    async def _agent(self, connection: AsyncConnection, offer_id: str) -> Call | None:
        offer = await self.centre.offer(connection, offer_id) if offer_id else None
        if offer is None or not offer.leg_id:
            return None
        return await self.calls.find(connection, Call(leg_id=offer.leg_id))

    async def _customer(self, connection: AsyncConnection, subject: str) -> Call | None:
        wanted = CallFilter(dial_id=dial_id(Role.CUSTOMER, subject))
        found = await self.calls.page(connection, wanted, None, 1)
        return found[0].call if found else None
