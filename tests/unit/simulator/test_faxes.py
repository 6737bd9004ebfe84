"""The fax machine: both directions, and the links to documents."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from simulator import documents, world
from simulator.errors import ApiError
from simulator.faxes import Fax, FaxMachine
from simulator.machine import Action, After, Emit
from simulator.media import FAXES, Media
from simulator.phones import Phones

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class _World:
    def __init__(self) -> None:
        numbers = count(1)
        self.phones = Phones()
        self.media = Media(lambda: f"media-{next(numbers)}", b"secret")
        self.media.base_url = "http://127.0.0.1:8090"
        self.machine = FaxMachine(
            lambda: f"fax-{next(numbers)}", self.media.signed_url, self.phones
        )

    def arrive(self, **more: Any) -> tuple[Fax, list[Emit]]:
        file = self.media.store("fax.pdf", "application/pdf", b"%PDF", folder=FAXES)
        fax, actions = self.machine.arrive(
            world.ADA.number, world.FAX_NUMBER, NOW, media_id=file.media_id, pages=2, **more
        )
        return fax, self.play(actions)

    def play(self, actions: list[Action]) -> list[Emit]:
        """Let every timer strike until nothing more is to come."""
        events = [action for action in actions if isinstance(action, Emit)]
        for after in [action for action in actions if isinstance(action, After)]:
            events += self.play(self.machine.expire(after.timer, NOW))
        return events


def test_a_fax_arrives() -> None:
    """An inbound fax is announced, processed and received with pages and a link."""
    fax, events = _World().arrive()
    assert [event.event_type for event in events] == [
        "fax.receiving.started",
        "fax.media.processing.started",
        "fax.received",
    ]
    received = events[-1].payload
    assert received["fax_id"] == fax.fax_id
    assert (received["page_count"], received["partial_content"]) == (2, False)
    assert received["from"] == world.ADA.number
    assert "X-Amz-Expires=600" in received["media_url"]


def test_a_fax_breaks_off() -> None:
    """An inbound transmission can fail; there is then no document."""
    fax, events = _World().arrive(failure="sender_call_dropped")
    assert events[-1].event_type == "fax.failed"
    assert events[-1].payload["failure_reason"] == "sender_call_dropped"
    assert "media_url" not in fax.resource()


def _send(there: _World, **more: Any) -> tuple[Fax, list[Emit]]:
    body = {
        "connection_id": "1",
        "from": world.FAX_NUMBER,
        "to": world.ADA.number,
        "media_url": "https://files.example.com/a.pdf",
    }
    fax, actions = there.machine.send(body | more, NOW)
    return fax, there.play(actions)


def test_a_fax_is_sent() -> None:
    """An outbound fax goes through its four events and keeps its client_state."""
    fax, events = _send(_World(), client_state="YWJj")
    assert [(event.event_type, event.payload["status"]) for event in events] == [
        ("fax.queued", "queued"),
        ("fax.media.processed", "media.processed"),
        ("fax.sending.started", "sending"),
        ("fax.delivered", "delivered"),
    ]
    assert {event.payload["client_state"] for event in events} == {"YWJj"}
    assert events[0].payload["original_media_url"] == "https://files.example.com/a.pdf"
    assert fax.resource()["status"] == "delivered"


def test_a_busy_machine_fails_a_fax() -> None:
    """What a machine out there is told to do becomes the failure_reason."""
    there = _World()
    there.phones.get(world.ADA.number).faxes = "user_busy"
    fax, events = _send(there)
    assert events[-1].payload["failure_reason"] == "user_busy"
    assert fax.status == "failed"


@pytest.mark.parametrize("field", ["connection_id", "from", "to"])
def test_a_fax_needs_its_parties(field: str) -> None:
    """Each required field is missed by name."""
    with pytest.raises(ApiError) as refused:
        _send(_World(), **{field: None})
    assert (refused.value.code, refused.value.source["pointer"]) == ("10004", f"/{field}")


def test_a_fax_has_one_document() -> None:
    """A URL and a name together are refused."""
    with pytest.raises(ApiError) as refused:
        _send(_World(), media_name="letter")
    assert refused.value.status == 422


def test_faxes_are_found_by_filters() -> None:
    """GET /faxes filters by direction, parties and time, and refuses filters it does not know."""
    there = _World()
    inbound, _ = there.arrive()
    _send(there)
    assert there.machine.listed({"direction.eq": "inbound"}) == [inbound]
    assert there.machine.listed({"created_at.gt": "2026-01-02T03:04:05Z"}) == []
    assert len(there.machine.listed({"created_at.gte": "2026-01-02T04:04:05+01:00"})) == 2
    with pytest.raises(ApiError):
        there.machine.listed({"direction.like": "in"})
    with pytest.raises(ApiError):
        there.machine.listed({"created_at.gte": "yesterday"})


def test_a_link_dies_and_can_be_renewed() -> None:
    """A document's link works for ten minutes, only as signed, and refresh makes a new one."""
    there = _World()
    fax, _ = there.arrive()
    file = there.media.find(fax.media_id)
    assert file is not None

    def allowed(url: str, after: timedelta) -> bool:
        query = dict(parse_qsl(urlsplit(url).query))
        return there.media.allows(file, query, NOW + after)

    assert allowed(fax.media_url, timedelta(minutes=10))
    assert not allowed(fax.media_url, timedelta(minutes=11))
    assert not allowed(fax.media_url.replace("Expires=600", "Expires=999999"), timedelta(0))
    assert not allowed(fax.media_url.partition("?")[0], timedelta(0))
    there.machine.refresh(fax.fax_id, NOW + timedelta(minutes=11))
    assert allowed(fax.media_url, timedelta(minutes=12))


def test_documents_are_what_they_say() -> None:
    """Each file begins with the magic of its kind and holds as many pages as asked."""
    pdf, tiff = documents.pdf(3, "A (fax)"), documents.tiff(2)
    assert pdf.startswith(b"%PDF-1.4")
    assert pdf.count(b"/Type /Page ") == 3
    assert pdf.rstrip().endswith(b"%%EOF")
    assert tiff.startswith(b"II*\0")
    assert _tiff_pages(tiff) == 2
    assert documents.png().startswith(b"\x89PNG")


def _tiff_pages(tiff: bytes) -> int:
    """Follow the chain of pages, unpacking each strip."""
    pages, at = 0, int.from_bytes(tiff[4:8], "little")
    while at:
        size = int.from_bytes(tiff[at : at + 2], "little")
        tags = {}
        for index in range(size):
            entry = tiff[at + 2 + 12 * index : at + 14 + 12 * index]
            tags[int.from_bytes(entry[:2], "little")] = int.from_bytes(entry[8:12], "little")
        strip = tiff[tags[273] : tags[273] + tags[279]]
        assert _unpacked(strip) == tags[256] // 8 * tags[257]
        at = int.from_bytes(tiff[at + 2 + 12 * size : at + 6 + 12 * size], "little")
        pages += 1
    return pages


def _unpacked(packed: bytes) -> int:
    length = at = 0
    while at < len(packed):
        if packed[at] < 128:
            length += packed[at] + 1
            at += packed[at] + 2
        else:
            length += 257 - packed[at]
            at += 2
    return length
