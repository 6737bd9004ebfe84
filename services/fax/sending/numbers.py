"""What attempts teach about a number; pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import datetime

from services.fax.sending.failures import FailureClass

_NOT_A_FAX_RESULTS = 2
"""So many times somebody answered that is no fax machine, and the number is marked."""


class Mark(enum.StrEnum):
    """Why a number is not faxed without confirmation."""

    NONE = ""
    NOT_FAX = "not_fax"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number and its mark; the count is that since the last delivery."""

    number: str
    mark: Mark = Mark.NONE
    reason: str = ""
    mark_time: datetime | None = None
    not_a_fax_count: int = 0


def teaches(failure_class: FailureClass | None) -> bool:
    """Say whether a failure of this class says something about the number."""
    return failure_class in {FailureClass.BAD_NUMBER, FailureClass.NOT_A_FAX}


def failed(known: Number, failure_class: FailureClass, reason: str, time: datetime) -> Number:
    """Return the number after one more failed attempt."""
    count = known.not_a_fax_count + (failure_class is FailureClass.NOT_A_FAX)
    learned = replace(known, not_a_fax_count=count)
    if failure_class is FailureClass.BAD_NUMBER:
        return replace(learned, mark=Mark.BAD, reason=reason, mark_time=time)
    if count >= _NOT_A_FAX_RESULTS and known.mark is Mark.NONE:
        return replace(learned, mark=Mark.NOT_FAX, reason=reason, mark_time=time)
    return learned


def cleared(known: Number) -> Number:
    """Return the number without what was held against it."""
    return Number(number=known.number)
