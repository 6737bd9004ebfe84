"""gRPC for programs in any language, which know nothing of us but an address.

- Every port lists its services by reflection, beside health.
- One method of each service answers a request made from what reflection tells.
- What is not there is NOT_FOUND and what breaks a rule is INVALID_ARGUMENT, with details.
- Health answers SERVING.
"""

from typing import Any

import pytest

from tests.e2e import curl
from tests.e2e.command import Up

ALWAYS = {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
SERVICES = {
    "gateway": {"switchhook.gateway.v1.EventService", "switchhook.gateway.v1.DeadLetterService"},
    "voice": {"switchhook.voice.v1.CallService", "switchhook.voice.v1.TexmlService"},
    "messaging": {
        "switchhook.messaging.v1.MessageService",
        "switchhook.messaging.v1.ConsentService",
    },
    "fax": {"switchhook.fax.v1.FaxService"},
    "crm": {"switchhook.crm.v1.CrmService"},
}


@pytest.mark.parametrize("part", SERVICES)
async def test_services_are_listed(suite: Up, part: str) -> None:
    """A port lists exactly the services of its part, and health and reflection."""
    assert await curl.services(suite.ports[part]) == SERVICES[part] | ALWAYS


@pytest.mark.parametrize("part", SERVICES)
async def test_health_is_serving(suite: Up, part: str) -> None:
    """The health service answers for the part as a whole."""
    answer = await curl.call(suite.ports[part], "grpc.health.v1.Health/Check", {})
    assert answer.message == {"status": "SERVING"}


NUMBER = "+13125550101"


@pytest.mark.parametrize(
    ("part", "method", "request_body", "field"),
    [
        ("gateway", "gateway.v1.EventService/ListEvents", {"pageSize": 1}, None),
        ("gateway", "gateway.v1.DeadLetterService/ListDeadLetters", {}, None),
        ("voice", "voice.v1.CallService/ListCalls", {"pageSize": 1}, None),
        ("messaging", "messaging.v1.MessageService/ListMessages", {"pageSize": 1}, None),
        ("messaging", "messaging.v1.ConsentService/GetConsent", {"peerNumber": NUMBER}, "consent"),
        ("fax", "fax.v1.FaxService/ListFaxes", {"pageSize": 1}, None),
        ("crm", "crm.v1.CrmService/FindContacts", {"phoneNumber": NUMBER}, "matches"),
    ],
)
async def test_method_answers(
    suite: Up, part: str, method: str, request_body: dict[str, Any], field: str | None
) -> None:
    """A request written as JSON is understood and answered."""
    answer = await curl.call(suite.ports[part], f"switchhook.{method}", request_body)
    assert answer.code == ""
    assert field is None or answer.message[field]


async def test_texml_is_answered(suite: Up) -> None:
    """The TeXML service turns the form of a call into a document."""
    request = {
        "app": "main",
        "parameters": {"CallSid": "v3:reflection", "From": NUMBER, "To": "+12025550120"},
    }
    method = "switchhook.voice.v1.TexmlService/AnswerTexml"
    answer = await curl.call(suite.ports["voice"], method, request)
    assert answer.code == ""
    assert answer.message["document"]


@pytest.mark.parametrize(
    ("part", "method", "request_body"),
    [
        ("gateway", "gateway.v1.EventService/GetEvent", {"eventId": "absent"}),
        ("voice", "voice.v1.CallService/GetCall", {"callLegId": "absent"}),
        ("messaging", "messaging.v1.MessageService/GetMessage", {"messageId": "absent"}),
        ("fax", "fax.v1.FaxService/GetFax", {"faxId": "absent"}),
    ],
)
async def test_absent_things_are_not_found(
    suite: Up, part: str, method: str, request_body: dict[str, Any]
) -> None:
    """An id nobody has is NOT_FOUND, with an ErrorInfo that says what was not found."""
    answer = await curl.call(suite.ports[part], f"switchhook.{method}", request_body)
    assert answer.code == "not_found"
    assert "google.rpc.ErrorInfo" in answer.details


async def test_broken_rules_are_named(suite: Up) -> None:
    """A request outside its rules is INVALID_ARGUMENT, with the fields in a BadRequest."""
    method = "switchhook.messaging.v1.MessageService/ListMessages"
    answer = await curl.call(suite.ports["messaging"], method, {"pageSize": -1})
    assert answer.code == "invalid_argument"
    assert {"google.rpc.BadRequest", "google.rpc.ErrorInfo"} <= set(answer.details)
