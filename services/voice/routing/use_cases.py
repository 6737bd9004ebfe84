"""Trying plans: what a walk is assumed to know, and everything wrong with the assumptions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.errors import FieldViolation, Invalid, NotFound
from services.voice.calls import caller_id
from services.voice.calls.model import E164, Call
from services.voice.queues.model import Queue
from services.voice.routing.answers import of_call
from services.voice.routing.inputs import (
    CRM_NAMES,
    HISTORY_NAMES,
    Input,
    Inputs,
    InputState,
    Source,
    inputs,
    misfit,
    missing,
)
from services.voice.routing.inquiry import Inquiry
from services.voice.routing.plan import Plan
from services.voice.routing.plans import Plans
from services.voice.routing.simulation import Assumed, Happening, Walk, impossible, simulate

_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Calendars end; a zone's clock must not run over the edge."""


class Queues(Protocol):
    """Queues by their ids."""

    async def of_ids(
        self, connection: AsyncConnection, queue_ids: Collection[str]
    ) -> Mapping[str, Queue]:
        """Return the queues of these ids that there are."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What somebody wants to try; `plan` is given for one that is not kept."""

    plan: Plan | None
    plan_id: str
    revision: int
    called_number: str
    raw_caller: str
    attestation: str
    caller_id_name: str
    screening_result: str
    now: datetime
    overrides: tuple[Input, ...]
    offline: bool
    answers: tuple[str, ...]
    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial."""

    plan: Plan
    inputs: Inputs
    walk: Walk


@dataclass(frozen=True, slots=True)
class Simulator:
    """Tries plans; reads only."""

    database: Database
    plans: Plans
    queues: Queues
    inquiry: Inquiry

    async def attempt(self, trial: Trial) -> Tried:
        """Walk a plan; raises Invalid naming everything wrong with it and with the trial."""
        plan, known = await self._prepared(trial)
        wrong = [*_misfits(trial), *_impossible(plan, trial)]
        if wrong:
            raise Invalid(wrong)
        told = await self._known(trial, plan)
        assumed = Assumed(
            inputs=told,
            now=trial.now,
            queues=known,
            answers=trial.answers,
            happenings=trial.happenings,
        )
        return Tried(plan, told, simulate(plan, assumed))

    async def _prepared(self, trial: Trial) -> tuple[Plan, Mapping[str, Queue]]:
        async with self.database.reading() as connection:
            plan = await self._plan(connection, trial)
            return plan, await self.queues.of_ids(connection, plan.queues)

    async def _plan(self, connection: AsyncConnection, trial: Trial) -> Plan:
        if trial.plan is not None:
            wrong = await self.plans.faults(connection, trial.plan)
            if wrong:
                raise Invalid(wrong)
            return replace(trial.plan, revision=0)
        if trial.plan_id:
            return await self.plans.get(connection, trial.plan_id, trial.revision)
        found = await self.plans.for_call(connection, trial.called_number)
        if found is None:
            raise NotFound("PLAN_NOT_FOUND", "no plan takes the callers of this number")
        return found

    async def _known(self, trial: Trial, plan: Plan) -> Inputs:
        call = _call(trial)
        if trial.offline:
            nothing = [
                *missing(CRM_NAMES, Source.CRM, InputState.ABSENT),
                *missing(HISTORY_NAMES, Source.HISTORY, InputState.ABSENT),
            ]
            return inputs([*of_call(call), *nothing, *trial.overrides])
        asked = await self.inquiry.ask(call, sorted(plan.queues), now=trial.now)
        return asked.joined(trial.overrides)


def _call(trial: Trial) -> Call:
    """Return the call as the carrier would have told of it."""
    digits = trial.raw_caller.strip()
    number = digits if E164.fullmatch(digits) else ""
    return Call(
        caller=caller_id.caller(trial.raw_caller, number),
        called_number=trial.called_number,
        attestation=trial.attestation,
        attestation_validated=bool(trial.attestation),
        caller_id_name=trial.caller_id_name,
        screening_result=trial.screening_result,
    )


def _misfits(trial: Trial) -> Sequence[FieldViolation]:
    found = []
    for index, each in enumerate(trial.overrides):
        value = each.value if each.state is InputState.FOUND else None
        why = misfit(each.name, value)
        if why:
            found.append(FieldViolation(f"overrides[{index}]", why))
    if not _EARLIEST <= trial.now <= _LATEST:
        found.append(FieldViolation("time", "must be between 1971 and 9000"))
    return found


def _impossible(plan: Plan, trial: Trial) -> Sequence[FieldViolation]:
    return [
        FieldViolation(f"happenings[{index}]", why)
        for index, why in impossible(plan, trial.happenings)
    ]
