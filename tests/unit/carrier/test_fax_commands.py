"""The requests about faxes: exact bytes, and what a parser of the other side makes of them."""

import email
import email.policy
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from carrier.fax_commands import (
    CONTENTS_MAX_BYTES,
    FaxOrder,
    cancel_fax,
    list_sent_faxes,
    send_fax_contents,
    send_fax_link,
)

ORDER = FaxOrder(
    connection_id="2040000000000000130",
    from_number="+12025550130",
    to_number="+13125550101",
    client_state=b"job 1",
    quality="normal",
    t38_enabled=False,
)
FIELDS = {
    "connection_id": "2040000000000000130",
    "from": "+12025550130",
    "to": "+13125550101",
    "quality": "normal",
    "client_state": "am9iIDE=",
}


def parts(content_type: str, body: bytes) -> dict[str, bytes]:
    """Read a form as mail software does."""
    head = f"MIME-Version: 1.0\r\nContent-Type: {content_type}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    found = {}
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[str(part.get_param("name", header="content-disposition"))] = content
    return found


def test_a_document_goes_within_the_request() -> None:
    """Every field and the bytes of the document arrive, whatever bytes they are."""
    contents = b"%PDF-1.7\r\n\r\n--\x00\xff\r\n"
    request = send_fax_contents(ORDER, contents, name="fax.pdf", seed="attempt-1")
    assert (request.method, request.path) == ("POST", "/faxes")
    found = parts(request.content_type, request.body)
    assert found.pop("contents") == contents
    said = {name: value.decode().strip() for name, value in found.items()}
    assert said == FIELDS | {"t38_enabled": "false", "monochrome": "false"}


def test_the_same_attempt_has_the_same_bytes() -> None:
    """The boundary comes from the seed, and never stands in the document."""
    first = send_fax_contents(ORDER, b"%PDF", name="fax.pdf", seed="attempt-1")
    assert first == send_fax_contents(ORDER, b"%PDF", name="fax.pdf", seed="attempt-1")
    assert first != send_fax_contents(ORDER, b"%PDF", name="fax.pdf", seed="attempt-2")
    boundary = first.content_type.partition("boundary=")[2].encode()
    other = send_fax_contents(ORDER, boundary, name="fax.pdf", seed="attempt-1")
    assert parts(other.content_type, other.body)["contents"] == boundary


def test_a_large_document_does_not_go_within_the_request() -> None:
    """Over 20 MB the carrier would refuse it."""
    with pytest.raises(ValueError):
        send_fax_contents(ORDER, bytes(CONTENTS_MAX_BYTES + 1), name="fax.pdf", seed="a")


def test_a_document_may_be_a_link() -> None:
    """The carrier gets the same fields, as JSON."""
    request = send_fax_link(ORDER, "https://files.example.com/a.pdf")
    assert request.content_type == "application/json"
    assert orjson.loads(request.body) == FIELDS | {
        "t38_enabled": False,
        "monochrome": False,
        "media_url": "https://files.example.com/a.pdf",
    }


def test_sent_faxes_are_listed_by_their_parties() -> None:
    """The filters are those of the carrier, and the time is in UTC."""
    request = list_sent_faxes(
        to_number="+13125550101",
        from_number="+12025550130",
        since=datetime(2026, 11, 21, 12, tzinfo=UTC),
        page=2,
    )
    assert request.method == "GET"
    assert dict(parse_qsl(urlsplit(request.path).query)) == {
        "filter[created_at][gte]": "2026-11-21T12:00:00.000000Z",
        "filter[direction][eq]": "outbound",
        "filter[from][eq]": "+12025550130",
        "filter[to][eq]": "+13125550101",
        "page[number]": "2",
        "page[size]": "250",
    }


def test_an_id_stays_in_its_place() -> None:
    """What comes from outside cannot reach another resource."""
    assert cancel_fax("a/../b").path == "/faxes/a%2F..%2Fb/actions/cancel"
    with pytest.raises(ValueError):
        cancel_fax("..")
