"""What a caller's score is made of at the moment of entering a queue. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.voice.queues.model import Boost, Entry, Queue
from services.voice.queues.score import score
from services.voice.routing.inputs import Inputs, Name


def entering(
    queue: Queue, inputs: Inputs, boosts: Sequence[tuple[str, timedelta]], now: datetime
) -> tuple[tuple[str, float], ...]:
    """Return the parts of the score, in seconds, as the queue itself would make them."""
    entry = Entry(
        entry_id="",
        leg_id="",
        queue_id=queue.queue_id,
        enqueue_time=now,
        enter_time=now,
        is_vip=inputs.flag(Name.VIP),
        escalated=inputs.flag(Name.ESCALATED_CASE),
        credit=inputs.credit(queue.queue_id, queue.scoring.credit_window),
        boosts=tuple(Boost(label, ahead) for label, ahead in boosts),
    )
    return tuple((each.label, each.seconds) for each in score(entry, queue, now).parts)
