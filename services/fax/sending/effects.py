"""What is asked of the carrier about an attempt, written down as effects.

The body of an effect says everything that every try of it sends, save the document itself, which is
read by its hash when it is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from chassis.effects import Effect, InDoubt
from services.fax.sending.ids import AttemptKey, Tokens, handover_id
from services.fax.sending.model import Attempt, Job
from services.fax.sending.plan import Outlook

HANDOVER, LOOK, WITHDRAW = "fax.send", "fax.look", "fax.cancel"
"""The kinds of effects: send an attempt, ask about one, and stop one."""

_HANDOVER_ATTEMPTS = 1500
"""With pauses that grow to a minute: a day in which the carrier cannot be reached."""
_REPEATABLE_SECONDS = 24 * 3600.0
_CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the carrier's clock may be behind ours."""


@dataclass(frozen=True)
class Rendering:
    """Puts decisions about jobs into effects."""

    connection_id: str
    tokens: Tokens
    announce: Callable[[Job, Outlook, datetime], Effect]
    raise_alert: Callable[[Job, str, str, datetime], Effect]

    def handover(self, job: Job, attempt: Attempt) -> Effect:
        """Return the effect that hands an attempt to the carrier, once and never again in doubt."""
        key = AttemptKey(job.job_id, attempt.number)
        said = {
            "connection_id": self.connection_id,
            "from": job.from_number,
            "to": job.to_number,
            "quality": attempt.quality.value,
            "t38": attempt.t38_enabled,
            "monochrome": job.monochrome,
            "token": self.tokens.write(key).decode(),
            "sha256": job.document.sha256,
            "size": job.document.size,
        }
        return Effect(
            effect_id=handover_id(key),
            kind=HANDOVER,
            body=orjson.dumps(said),
            entity_key=str(key),
            max_attempts=_HANDOVER_ATTEMPTS,
        )

    def lookup(self, job: Job, attempt: Attempt, now: datetime) -> Effect:
        """Return the effect that asks the carrier about an attempt; asking changes nothing."""
        key = AttemptKey(job.job_id, attempt.number)
        said = {
            "fax_id": attempt.fax_id,
            "token": self.tokens.write(key).decode(),
            "from": job.from_number,
            "to": job.to_number,
            "since": (attempt.start_time - _CLOCKS_DIFFER).isoformat(),
        }
        return Effect(
            effect_id=f"fax-look-{key}-{now.timestamp():.6f}",
            kind=LOOK,
            body=orjson.dumps(said),
            entity_key=str(key),
            in_doubt=InDoubt.RESEND,
            resend_window=_REPEATABLE_SECONDS,
        )

    def withdrawal(self, job: Job, attempt: Attempt) -> Effect:
        """Return the effect that asks the carrier to stop an attempt; asking twice is harmless."""
        key = AttemptKey(job.job_id, attempt.number)
        return Effect(
            effect_id=f"fax-cancel-{key}",
            kind=WITHDRAW,
            body=attempt.fax_id.encode(),
            entity_key=str(key),
            in_doubt=InDoubt.RESEND,
            resend_window=_REPEATABLE_SECONDS,
        )

    def settled(self, job: Job, outlook: Outlook, now: datetime) -> Effect:
        """Return the effect that announces where a job has come to."""
        return self.announce(job, outlook, now)

    def alert(self, job: Job, reason: str, now: datetime) -> Effect:
        """Return the effect that raises an alert, the same one for a reason and day."""
        return self.raise_alert(job, reason, self.connection_id, now)
