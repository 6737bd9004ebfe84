"""What jobs need put into effects: a port of the use cases."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chassis.effects import Effect
from services.fax.sending.model import Attempt, Job
from services.fax.sending.plan import Outlook


class Words(Protocol):
    """Puts what is decided into effects."""

    def handover(self, job: Job, attempt: Attempt) -> Effect:
        """Return the effect that hands an attempt to the carrier."""
        ...

    def lookup(self, job: Job, attempt: Attempt, now: datetime) -> Effect:
        """Return the effect that asks the carrier about an attempt."""
        ...

    def withdrawal(self, job: Job, attempt: Attempt) -> Effect:
        """Return the effect that asks the carrier to stop an attempt."""
        ...

    def settled(self, job: Job, outlook: Outlook, now: datetime) -> Effect:
        """Return the effect that announces where a job has come to."""
        ...

    def alert(self, job: Job, reason: str, now: datetime) -> Effect:
        """Return the effect that raises an alert, the same one for a reason and day."""
        ...
