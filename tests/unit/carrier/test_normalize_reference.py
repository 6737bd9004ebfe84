"""Every webhook of the reference collection becomes the event it should.

The collection is not part of the project; without SWITCHHOOK_REFERENCE these tests are skipped.
"""

import os
from pathlib import Path
from urllib.parse import urlencode

import orjson
import pytest
from switchhook.event.v1.event_pb2 import Event

from carrier.normalize import is_v1, subject
from tests.unit.carrier.normalized import event_of, reason, texml_of

FOLDER = os.environ.get("SWITCHHOOK_REFERENCE", "")
SAMPLES = sorted(Path(FOLDER, "telnyx", "samples").glob("*.json")) if FOLDER else []

pytestmark = pytest.mark.skipif(
    not SAMPLES, reason="SWITCHHOOK_REFERENCE names no folder with telnyx/samples"
)

DOMAINS = {
    "assistant": "call",
    "call": "call",
    "conference": "conference",
    "dialogflow": "call",
    "fax": "fax",
    "link_clicked": "message",
    "message": "message",
    "recording_saved": "call",
    "siprec": "call",
    "streaming": "call",
    "texml": "texml",
    "verification": "verification",
    "verify": "verification",
}
"""The first word of a sample's type and the domain it belongs to; the rest is `other`."""

VERSION_ONE = ("call_initiated", "call_answered", "v1.")

UNMISTAKABLE = {
    "call": "call_control_id",
    "conference": "conference_id",
    "fax": "fax_id",
    "verification": "verification_id",
}
"""Fields that every payload of a domain has, when it has one at all."""


def first_word(sample: Path) -> str:
    """Return the first word of a sample's type."""
    return sample.name.split("--")[0].split(".")[0]


TYPED = [sample for sample in SAMPLES if DOMAINS.get(first_word(sample), "texml") != "texml"]
WITH_CODE = [sample for sample in SAMPLES if b"custom_code" in sample.read_bytes()]


def decoded(sample: Path) -> Event:
    """Normalize a sample; TeXML ones are shown as maps and are forms on the wire."""
    if sample.name.startswith("texml."):
        return texml_of(urlencode(orjson.loads(sample.read_bytes())).encode())
    return event_of(sample.read_bytes())


def payload_of(event: Event) -> dict[str, object]:
    """Return the payload of a sample in either of its shapes."""
    document = orjson.loads(event.raw)
    found = document.get("data", document).get("payload")
    return found if isinstance(found, dict) else {}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_a_sample_arrives_in_its_domain(sample: Path) -> None:
    """A sample is read into the arm of its product, without a value left out."""
    event = decoded(sample)
    assert not event.ignored_fields
    assert subject(event).startswith("events.v1.telnyx.")
    if sample.name.startswith(VERSION_ONE):
        assert reason(event) == "API_VERSION_1"
        assert is_v1(sample.read_bytes())
        return
    domain = DOMAINS.get(first_word(sample), "other")
    assert event.WhichOneof("detail") == domain
    assert domain != "other" or event.other.known
    assert not is_v1(sample.read_bytes())


@pytest.mark.parametrize("sample", TYPED, ids=lambda sample: sample.stem)
def test_a_sample_keeps_what_identifies_it(sample: Path) -> None:
    """The ids, the parties and the text of a sample are in its event."""
    event = decoded(sample)
    domain = event.WhichOneof("detail") or ""
    detail = getattr(event, domain)
    payload = payload_of(event)
    id_ = UNMISTAKABLE.get(domain)
    if id_ in payload:
        assert getattr(detail, id_) == payload[id_]
    if isinstance(payload.get("from"), str):
        assert detail.from_party.raw == payload["from"]
    if domain == "message" and payload:
        assert detail.message_id == payload.get("id", "")
        # Over RCS and WhatsApp the text stands in the body.
        body = payload.get("body")
        elsewhere = body.get("text") if isinstance(body, dict) else None
        assert detail.text == (payload.get("text") or elsewhere or "")
        assert bool(detail.to_parties) == bool(payload.get("to"))
    if domain in {"call", "conference"} and "connection_id" in payload:
        assert detail.connection_id == str(payload["connection_id"])


@pytest.mark.parametrize("sample", WITH_CODE, ids=lambda sample: sample.stem)
def test_a_sample_with_a_code_loses_it(sample: Path) -> None:
    """No verification code of the collection is in its event."""
    body = sample.read_bytes()
    code = orjson.loads(body)["data"]["payload"]["custom_code"]
    assert orjson.loads(event_of(body).raw)["data"]["payload"]["custom_code"] == ""
    assert f'"{code}"'.encode() in body
    assert f'"{code}"'.encode() not in event_of(body).SerializeToString()
