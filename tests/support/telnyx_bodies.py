"""Bodies of the carrier's webhooks, as its documentation shapes them."""

from typing import Any

import orjson

EVENT_ID = "5c8c1f0e-8f0c-4a6b-9d59-6a7d1a8a0f01"
OCCURRED_AT = "2026-03-01T12:30:45.123456Z"
CALLER = "+12025550101"
OURS = "+13125550110"

MESSAGE: dict[str, Any] = {
    "id": "0b4c9a52-2f7e-4a3e-8d3b-1f6f9a1c2d01",
    "record_type": "message",
    "direction": "inbound",
    "type": "SMS",
    "from": {"phone_number": CALLER, "carrier": "EXAMPLE WIRELESS", "line_type": "Wireless"},
    "to": [{"phone_number": OURS, "carrier": "TELNYX LLC", "status": "webhook_delivered"}],
    "cc": [],
    "text": "Is the shop open today?",
    "subject": None,
    "media": [],
    "encoding": "GSM-7",
    "parts": 1,
    "cost": {"amount": "0.0051", "currency": "USD"},
    "errors": [],
    "tags": [],
    "messaging_profile_id": "9c1f7c1e-0000-4000-8000-000000000001",
    "received_at": "2026-03-01T12:30:45.100+00:00",
    "sent_at": None,
}
CALL: dict[str, Any] = {
    "call_control_id": "v3:exampleControlId-aaaa",
    "call_leg_id": "1d1f6c1e-0000-4000-8000-000000000001",
    "call_session_id": "1d1f6c1e-0000-4000-8000-000000000002",
    "connection_id": "1684641123236054199",
    "client_state": None,
    "from": CALLER,
    "to": OURS,
    "direction": "incoming",
    "state": "parked",
    "start_time": "2026-03-01T12:30:45.000000Z",
}
FAX: dict[str, Any] = {
    "fax_id": "3a2b6c1e-0000-4000-8000-000000000003",
    "connection_id": "1447842681660114199",
    "direction": "inbound",
    "from": CALLER,
    "to": OURS,
    "status": "received",
    "page_count": 3,
    "call_duration_secs": 42,
    "partial_content": False,
    "media_url": "https://storage.example.com/faxes/3a2b.pdf?signature=abc",
}
VERIFICATION: dict[str, Any] = {
    "id": "7d2b6c1e-0000-4000-8000-000000000004",
    "phone_number": CALLER,
    "profile_id": "7d2b6c1e-0000-4000-8000-000000000005",
    "delivery_status": "delivered",
    "status": "pending",
    "type": "sms",
    "custom_code": "48213",
    "failed_attempts": 0,
    "timeout_secs": 300,
    "created_at": "2026-03-01T12:30:40.000001",
}


def event_data(event_type: str, payload: object, **changes: object) -> dict[str, Any]:
    """Return what stands under `data`."""
    return {
        "record_type": "event",
        "event_type": event_type,
        "id": EVENT_ID,
        "occurred_at": OCCURRED_AT,
        "payload": payload,
    } | changes


def webhook(event_type: str, payload: object, **changes: object) -> bytes:
    """Return a whole body in the usual shape; `changes` are keys of `data`."""
    return orjson.dumps(
        {
            "data": event_data(event_type, payload, **changes),
            "meta": {"attempt": 1, "delivered_to": "https://example.com/webhooks"},
        }
    )


def message(event_type: str = "message.received", /, **changes: object) -> bytes:
    """Return a message's body; `changes` are keys of its payload."""
    return webhook(event_type, MESSAGE | changes)


def call(event_type: str = "call.initiated", /, **changes: object) -> bytes:
    """Return a call's body; `changes` are keys of its payload."""
    return webhook(event_type, CALL | changes)


def fax(event_type: str = "fax.received", /, **changes: object) -> bytes:
    """Return a fax's body; `changes` are keys of its payload."""
    return webhook(event_type, FAX | changes)


def verification(event_type: str = "verify.delivered", /, **changes: object) -> bytes:
    """Return a verification's body; `changes` are keys of its payload."""
    return webhook(event_type, VERIFICATION | changes)
