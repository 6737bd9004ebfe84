"""The carrier's own OpenAPI document as a judge of our requests, where it is at hand."""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from carrier import call_commands as calls
from carrier import commands
from carrier.commands import Request

CALL = "v3:abc"
REQUESTS = [
    commands.send_message(
        to="+12025550101",
        from_number="+12025550102",
        text="hi",
        subject="s",
        media_urls=["https://media.example.com/a.png"],
        messaging_profile_id="p",
        webhook_url="https://hooks.example.com",
    ),
    commands.get_message("m-1"),
    calls.dial(
        connection_id="7",
        to="+12025550101",
        from_number="+12025550102",
        command_id="c",
        client_state=b"x",
        timeout_seconds=30,
        display_name="Switchhook",
        link_to=CALL,
        bridge_on_answer=True,
        park_after_unbridge=True,
        webhook_url="https://hooks.example.com",
    ),
    calls.answer(CALL, command_id="c", client_state=b"x"),
    calls.reject(CALL, cause="USER_BUSY", command_id="c", client_state=b"x"),
    calls.hangup(CALL, command_id="c", client_state=b"x"),
    calls.speak(CALL, text="hi", voice="female", language="en-US", ssml=True, command_id="c"),
    calls.enqueue(
        CALL,
        queue_name="vip",
        command_id="c",
        max_wait_seconds=1,
        max_size=1,
        keep_after_hangup=True,
    ),
    calls.leave_queue(CALL, command_id="c"),
    calls.bridge_queue(CALL, queue_name="vip", command_id="c"),
    calls.bridge(CALL, other_call_control_id="v3:2", command_id="c"),
    calls.play(CALL, audio_url="https://example.com/a.mp3", loop=True, command_id="c"),
    calls.stop_playback(CALL, command_id="c"),
    calls.gather_using_speak(CALL, text="hi", voice="female", language="en-US", command_id="c"),
    calls.gather_stop(CALL, command_id="c"),
    calls.transcription_start(CALL, hints=["sales"], command_id="c"),
    calls.transcription_stop(CALL, command_id="c"),
    calls.send_dtmf(CALL, digits="1", command_id="c"),
    calls.record_start(CALL, max_seconds=1, silence_seconds=1, beep=True, command_id="c"),
    calls.record_stop(CALL, command_id="c"),
    calls.transfer(
        CALL,
        to="sip:a@example.com",
        from_number="+12025550102",
        timeout_seconds=30,
        target_client_state=b"x",
        command_id="c",
    ),
    calls.get_recording("r-1"),
    calls.get_call(CALL),
    commands.refresh_fax("f-1"),
    commands.get_fax("f-1"),
]


@cache
def document() -> dict[str, Any]:
    """Load the OpenAPI document or skip."""
    path = Path(os.environ.get("SWITCHHOOK_REFERENCE", ".")) / "telnyx" / "openapi.json"
    if not path.exists():
        pytest.skip("SWITCHHOOK_REFERENCE names no folder with the carrier's OpenAPI document")
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference to the schema it names."""
    while "$ref" in schema:
        found: Any = document()
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def shape(schema: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Collect the properties and the required names of an object schema."""
    schema = resolved(schema)
    properties, required = set(schema.get("properties", {})), set(schema.get("required", []))
    for part in schema.get("allOf", []):
        more, needed = shape(part)
        properties |= more
        required |= needed
    return properties, required


def operation(request: Request) -> dict[str, Any] | None:
    """Find the operation a request is for; a literal path wins over a template."""
    path = unquote(request.path)
    templates = sorted(document()["paths"], key=lambda template: template.count("{"))
    for template in templates:
        pattern = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path):
            found: dict[str, Any] | None = document()["paths"][template].get(request.method.lower())
            return found
    return None


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.path)
def test_the_carrier_knows_every_field_we_send(request_: Request) -> None:
    """Path, method and names are in the OpenAPI document, and nothing it requires is missing."""
    found = operation(request_)
    assert found is not None
    body = json.loads(request_.body or b"{}")
    content = found.get("requestBody", {}).get("content", {})
    if not content:
        assert body == {}
        return
    properties, required = shape(content["application/json"]["schema"])
    assert set(body) <= properties
    if request_.path.endswith("/bridge"):
        # The document asks for both although they exclude each other.
        required.discard("call_control_id")
    assert required <= set(body)
