"""What becomes of a fax that we send: as its machine is told, one outcome for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator import checks

DELIVERED = "delivered"
_MOST = 100

BEFORE_ANY_PAGE = (
    "user_busy",
    "receiver_no_answer",
    "receiver_decline",
    "receiver_unallocated_number",
    "receiver_invalid_number_format",
    "destination_invalid",
    "destination_unreachable",
    "service_unavailable",
    "account_disabled",
    "no_outbound_profile",
)
"""Reasons for which no call comes about: sending never starts."""


@dataclass(frozen=True)
class Outcome:
    """`failure` is the failure_reason, empty for a delivery; `pages` were sent before it."""

    failure: str = ""
    pages: int | None = None

    def resource(self) -> dict[str, Any]:
        """Return the outcome as the control API shows it."""
        return {"failure": self.failure, "pages": self.pages}


def parse(value: object) -> list[Outcome]:
    """Read a list of outcomes; ValueError says what is wrong with it."""
    if not isinstance(value, list) or len(value) > _MOST:
        raise ValueError(f"outcomes must be a list of at most {_MOST}")
    return [_outcome(each) for each in value]


def _outcome(value: object) -> Outcome:
    if isinstance(value, str):
        return Outcome("" if value == DELIVERED else value)
    if not isinstance(value, dict):
        raise ValueError("an outcome must be a word or an object")
    pages = checks.whole(value, "pages", -1, 0, 350) if "pages" in value else None
    return Outcome(checks.text(value, "failure", required=True), pages)
