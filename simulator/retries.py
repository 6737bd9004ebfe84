"""When Telnyx sends a webhook again, and what it writes into its delivery log."""

from __future__ import annotations

from enum import Enum, auto

_VOICE = ("call.", "conference.", "streaming.", "siprec.")
_RETRIED_4XX = (408, 429)


class Verdict(Enum):
    """What follows an attempt."""

    DELIVERED = auto()
    RETRY = auto()
    NEXT_URL = auto()


def verdict(event_type: str, status: int | None) -> Verdict:
    """Judge an attempt by its HTTP status, None when there was no answer.

    Only 200 is success. A voice event is not sent to the same URL again after a 4xx other than 408
    and 429 (Telnyx: voice API webhooks); every other failure is retried.
    """
    if status == 200:
        return Verdict.DELIVERED
    final = status is not None and 400 <= status < 500 and status not in _RETRIED_4XX
    return Verdict.NEXT_URL if final and event_type.startswith(_VOICE) else Verdict.RETRY


def error_code(status: int) -> int | None:
    """Return the code of the delivery log for an HTTP status, None for 200 (Telnyx: 75xxx)."""
    exact = {200: None, 400: 75400, 404: 75404, 500: 75500}
    if status in exact:
        return exact[status]
    return {2: 75299, 3: 75300, 4: 75499, 5: 75599}.get(status // 100, 75000)


def backoff(attempt: int) -> float:
    """Return the seconds between this attempt at a URL, counted from 1, and the next."""
    return float(2 ** (attempt - 1))
