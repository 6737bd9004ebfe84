"""gRPC for programs in any language, which know nothing of us but an address.

- Every port lists the services of its contracts by reflection, beside health; no more, no less.
- Every unary method takes a request made from what reflection tells, and none is missing.
- What is not there is NOT_FOUND and what breaks a rule is INVALID_ARGUMENT, with details.
- Health answers SERVING.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e import curl
from tests.e2e.command import Up
from tests.support import contracts

ALWAYS = {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
SERVICES = sorted({method.containing_service.full_name for method in contracts.methods()})
PARTS = sorted({name.split(".")[1] for name in SERVICES})
FAILURES = {"unimplemented", "unknown", "internal", "unavailable", "deadline_exceeded"}


def unary_methods() -> Iterator[tuple[str, str]]:
    """Yield the part and the path of every method that answers once."""
    for method in contracts.methods():
        if not (method.client_streaming or method.server_streaming):
            service = method.containing_service.full_name
            yield service.split(".")[1], f"{service}/{method.name}"


@pytest.mark.parametrize("part", PARTS)
async def test_services_are_listed(suite: Up, part: str) -> None:
    """A port lists exactly the services of its part's contracts, and health and reflection."""
    expected = {name for name in SERVICES if name.split(".")[1] == part}
    assert await curl.services(suite.ports[part]) == expected | ALWAYS


@pytest.mark.parametrize("part", PARTS)
async def test_health_is_serving(suite: Up, part: str) -> None:
    """The health service answers for the part as a whole."""
    answer = await curl.call(suite.ports[part], "grpc.health.v1.Health/Check", {})
    assert answer.message == {"status": "SERVING"}


@pytest.mark.parametrize(("part", "method"), list(unary_methods()))
async def test_empty_request_is_judged(suite: Up, part: str, method: str) -> None:
    """An empty request is answered or refused with a reason; it never finds nobody there."""
    answer = await curl.call(suite.ports[part], method, {})
    assert answer.code not in FAILURES
    assert answer.code == "" or "google.rpc.ErrorInfo" in answer.details


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
