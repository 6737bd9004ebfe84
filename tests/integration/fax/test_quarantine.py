"""Hostile faxes through the whole service: each set aside with a reason, and nothing crashed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from switchhook.fax.v1 import document_pb2, document_service_pb2, fax_event_pb2, fax_pb2

from chassis.sandbox import Limits
from services.fax.documents import wiring
from services.fax.documents.children import LIMITS
from tests.support import hostile_pdfs as pdfs
from tests.support import hostile_pictures as pictures
from tests.support.document_carrier import DocumentWorld, document_world
from tests.support.eventually import eventually
from tests.support.nats import NatsServer

QUARANTINED, LOST = fax_pb2.DOCUMENT_STATE_QUARANTINED, fax_pb2.DOCUMENT_STATE_LOST

KEPT = {
    "html": (b"<html>SECRET-WORD</html>", "NOT_A_DOCUMENT"),
    "encrypted": (pdfs.encrypted("secret", "secret"), "ENCRYPTED"),
    "351-pages": (pdfs.many_pages(351), "TOO_MANY_PAGES"),
    "billion-pixels": (
        pictures.tiff_of([pictures.page(40_000, 40_000)], bytes(8)),
        "TOO_MANY_PIXELS",
    ),
    "recursive": (pdfs.pdf({1: "<< /Type /Catalog /Pages 1 0 R >>"}), "DAMAGED"),
    "endless-list": (pictures.tiff_of([pictures.page(8, 8)], bytes(8), loop_to=0), "DAMAGED"),
    "cut-off": (pictures.good_tiff(3)[:900], "DAMAGED"),
    "swelling": (
        pdfs.one_page({4: pdfs.stream(pdfs.bomb(600), "/Filter /FlateDecode")}),
        "",
    ),
}
"""What arrives whole is kept as it arrived; the last one may end in several ways."""

GONE = {
    "nothing": (b"", "EMPTY"),
    "51-megabytes": (bytes(51 * 1024 * 1024), "TOO_LARGE"),
    "endless": (b"", "TOO_LARGE"),
    "inside": (b"", "SCHEME"),
}
"""What never arrives whole."""


@pytest.fixture
async def world(
    nats_server: NatsServer,
    sqlite_database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[DocumentWorld]:
    """A service whose carrier has nothing but hostile documents, and one good one."""
    quick = Limits(cpu_seconds=2, output_bytes=LIMITS.output_bytes)
    monkeypatch.setattr(wiring, "LIMITS", quick)
    served = {name: content for name, (content, _) in {**KEPT, **GONE}.items()}
    served |= {"good": pdfs.many_pages(2), "burning": pdfs.laughs(10, 10)}
    async with document_world(
        nats_server.url, sqlite_database_url, str(tmp_path / "documents"), served
    ) as running:
        yield running


async def test_every_hostile_fax_is_set_aside_with_its_reason(world: DocumentWorld) -> None:
    """State, reason, alert and metric tell of each; what came whole is kept to the last byte."""
    for name in (*KEPT, *GONE):
        await world.send_in(name)
    for name, (content, reason) in KEPT.items():
        fax = await world.decided(name)
        assert (name, fax.document.state) == (name, QUARANTINED)
        assert fax.document.reason == (reason or fax.document.reason)
        assert not fax.HasField("counted_page_count")
        assert await _original(world, name) == content
    for name, (_, reason) in GONE.items():
        fax = await world.decided(name)
        assert (name, fax.document.state, fax.document.reason) == (name, LOST, reason)

    async def alerts() -> list[fax_event_pb2.FaxQuarantined] | None:
        told = await world.announced("quarantined", fax_event_pb2.FaxQuarantined)
        return told if len(told) == len(KEPT) + len(GONE) else None  # type: ignore[return-value]

    found = await eventually(alerts)
    assert found is not None
    assert {each.fax_id for each in found} == {*KEPT, *GONE}
    assert all(each.document.reason for each in found)
    assert b"SECRET" not in b"".join(each.SerializeToString() for each in found)
    metrics = await world.metrics()
    assert 'switchhook_fax_quarantined_total{reason="DAMAGED"} 3.0' in metrics
    assert 'switchhook_fax_quarantined_total{reason="TOO_LARGE"} 2.0' in metrics
    assert await world.announced("stored", fax_event_pb2.FaxStored) == []


async def test_the_service_answers_while_a_document_burns_its_reader(world: DocumentWorld) -> None:
    """The child dies; meanwhile and afterwards good faxes are stored, shown and told."""
    await world.send_in("good", pages=2)
    assert (await world.decided("good")).document.state == fax_pb2.DOCUMENT_STATE_STORED
    await world.send_in("burning")

    async def fetched() -> bool:
        try:
            return bool((await world.fax("burning")).document.sha256)
        except grpc.aio.AioRpcError:
            return False

    await eventually(fetched)
    assert (await world.fax("burning")).document.state == fax_pb2.DOCUMENT_STATE_PENDING
    request = document_service_pb2.GetThumbnailsRequest(fax_id="good", last_page=2)
    pages = [each.page async for each in world.documents.GetThumbnails(request)]
    assert pages == [1, 2]
    burnt = await world.decided("burning")
    assert burnt.document.state == QUARANTINED
    assert burnt.document.reason in {"TIMED_OUT", "CRASHED", "OUT_OF_MEMORY"}
    assert (await world.fax("good")).document.state == fax_pb2.DOCUMENT_STATE_STORED


async def test_a_quarantined_document_is_told_of_and_not_shown(world: DocumentWorld) -> None:
    """Its inspection names the problem; its pages are refused; another look changes nothing."""
    await world.send_in("encrypted")
    await world.decided("encrypted")
    asked = document_service_pb2.GetInspectionRequest(fax_id="encrypted")
    found = (await world.documents.GetInspection(asked)).inspection
    assert found.problem == document_pb2.DOCUMENT_PROBLEM_ENCRYPTED
    assert found.problem_detail
    request = document_service_pb2.GetDocumentPdfRequest(fax_id="encrypted")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        [each async for each in world.documents.GetDocumentPdf(request)]
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    again = document_service_pb2.InspectDocumentRequest(
        fax_id="encrypted", request_id="5e1e5a6c-4d5c-4c52-9f0a-5f7cf1f0a001"
    )
    await world.documents.InspectDocument(again)

    async def looked_again() -> bool:
        newer = (await world.documents.GetInspection(asked)).inspection
        return newer.inspect_time.ToDatetime() > found.inspect_time.ToDatetime()

    await eventually(looked_again)
    assert (await world.fax("encrypted")).document.state == QUARANTINED
    alerts = await world.announced("quarantined", fax_event_pb2.FaxQuarantined)
    assert len(alerts) == 1


async def _original(world: DocumentWorld, fax_id: str) -> bytes:
    request = document_service_pb2.GetOriginalRequest(fax_id=fax_id)
    pieces = [piece async for piece in world.documents.GetOriginal(request)]
    assert pieces[0].inspection.problem
    return b"".join(piece.chunk for piece in pieces[1:])
