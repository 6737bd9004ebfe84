"""The errors the API answers with, by Telnyx's codes (Telnyx: API error codes)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CATALOGUE: Mapping[str, tuple[int, str, str]] = {
    "10002": (422, "Invalid phone number", "The phone number is invalid."),
    "10004": (422, "Missing required parameter", "A required parameter was missing."),
    "10005": (404, "Resource not found", "The requested resource or URL could not be found."),
    "10007": (500, "Unexpected error", "An unexpected error occurred."),
    "10009": (401, "Authentication failed", "The API key is missing or not valid."),
    "10011": (429, "Too many requests", "You have exceeded the maximum number of requests."),
    "10015": (400, "Bad Request", "The request is not well-formed."),
    "10016": (422, "Phone number must be in +E.164 format", "Write the number as +E.164."),
    "10026": (422, "Invalid parameter type", "The parameter has the wrong type."),
    "10027": (422, "Unprocessable Entity", "The instructions could not be processed."),
    "10030": (405, "Method not allowed", "The URL is valid, but the method is not allowed."),
    "10032": (422, "Invalid enumerated value", "The value is not one of those allowed."),
    "10033": (422, "Value outside of range", "The value is outside of the allowed range."),
    "10036": (409, "Resource is being processed", "Wait for the first request and retry later."),
    "10037": (503, "Service unavailable", "Service is unavailable."),
    "10038": (422, "Feature not permitted", "This feature is not part of the simulator."),
    "40300": (400, "Blocked due to STOP message", "Messages are blocked by an existing rule."),
    "40302": (400, "Message too large", "The message would be divided into too many parts."),
    "40303": (404, "Message not found", "There is no message with this ID."),
    "40304": (400, "Invalid combination of message content arguments", "Subject needs media."),
    "40305": (400, "Invalid 'from' address", "The number is not on the messaging profile."),
    "40310": (400, "Invalid 'to' address", "The 'to' address should be a single valid number."),
    "40316": (400, "No content provided for message", "Give 'text' or 'media_urls'."),
    "40317": (400, "Invalid MMS content", "MMS can only contain up to 10 items."),
    "90010": (422, "Invalid value for payload", "The payload is empty or too long."),
    "90011": (422, "Invalid value for payload_type", "The payload_type is text or ssml."),
    "90015": (422, "Invalid Call Control ID", "The call_control_id provided was not valid."),
    "90017": (422, "Invalid value for client_state", "The client_state must be valid base64."),
    "90018": (422, "Call has already ended", "This call is no longer active."),
    "90034": (422, "Call has not been answered yet", "The call must be answered first."),
    "90035": (422, "Call not in queue", "The call has not been put in any queue yet."),
    "90036": (422, "Queue full", "The queue is full and can't accept more calls."),
    "90037": (422, "Queue max_size cannot be modified", "The queue exists with another max_size."),
    "90038": (422, "Call already in queue", "The call is already in a queue."),
    "90080": (422, "Fax can't be canceled", "The fax is in a state that cannot be canceled."),
    "90081": (422, "Fax can't be canceled", "An inbound fax cannot be canceled."),
    "90102": (422, "Command is invalid", "The command does not fit this call."),
}


class ApiError(Exception):
    """A request refused as Telnyx refuses it: HTTP status, code, title, detail and source."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        pointer: str = "",
        parameter: str = "",
        status: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        usual_status, self.title, usual_detail = _CATALOGUE[code]
        self.code = code
        self.status = status or usual_status
        self.detail = detail or usual_detail
        self.source = {k: v for k, v in (("pointer", pointer), ("parameter", parameter)) if v}
        self.headers = dict(headers or {})
        super().__init__(f"{code} {self.title}")

    def body(self) -> dict[str, Any]:
        """Return the JSON body Telnyx sends with the status."""
        error: dict[str, Any] = {"code": self.code, "title": self.title, "detail": self.detail}
        if self.source:
            error["source"] = self.source
        error["meta"] = {"url": f"https://developers.telnyx.com/docs/overview/errors/{self.code}"}
        return {"errors": [error]}
