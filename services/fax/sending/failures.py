"""What kind of failure a reason is; pure."""

from __future__ import annotations

import enum


class FailureClass(enum.StrEnum):
    """The kinds of failure; each has its plan."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    TRANSMISSION = "transmission"
    CAPACITY = "capacity"
    POLICY = "policy"
    BAD_NUMBER = "bad_number"
    NOT_A_FAX = "not_a_fax"
    DOCUMENT = "document"
    UNKNOWN = "unknown"


NOT_FETCHED = "file_download_failed"
"""The one reason about a document that may pass by itself."""

# Source: Telnyx, receiving webhooks for programmable fax; send a fax via API.
_REASONS = {
    FailureClass.BUSY: ("user_busy",),
    FailureClass.NO_ANSWER: (
        "receiver_no_answer",
        "receiver_no_response",
        "fax_initial_communication_timeout",
        "receiver_recovery_on_timer_expire",
        "carrier_lost",
    ),
    FailureClass.TRANSMISSION: (
        "receiver_call_dropped",
        "receiver_communication_error",
        "sender_communication_error",
        "fax_signaling_error",
        "invalid_ecm_response_from_receiver",
    ),
    FailureClass.CAPACITY: ("service_unavailable",),
    FailureClass.POLICY: (
        "outbound_profile_daily_spend_limit_exceeded",
        "destination_not_in_countries_whitelist",
        "destination_not_in_service_plan",
        "no_outbound_profile",
        "account_disabled",
    ),
    FailureClass.BAD_NUMBER: (
        "receiver_unallocated_number",
        "destination_invalid",
        "receiver_invalid_number_format",
        "destination_unreachable",
    ),
    FailureClass.NOT_A_FAX: ("receiver_incompatible_destination", "receiver_decline"),
    FailureClass.DOCUMENT: (
        NOT_FETCHED,
        "file_format_invalid",
        "file_size_limit_exceeded",
        "page_count_limit_exceeded",
        "media_processing_exception",
    ),
}
_CLASSES = {reason: each for each, reasons in _REASONS.items() for reason in reasons}


def classify(reason: str) -> FailureClass:
    """Return the kind of failure behind the carrier's reason; the vocabulary is open."""
    if reason.endswith("_channel_limit_exceeded"):
        return FailureClass.CAPACITY
    if reason.startswith("unverified_"):
        return FailureClass.POLICY
    return _CLASSES.get(reason, FailureClass.UNKNOWN)
