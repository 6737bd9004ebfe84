"""Content leaves only when it is on record that it does."""

from typing import Any, cast

import pytest
from switchhook.fax.v1 import fax_service_pb2 as pb

from chassis.errors import NotYet, Unavailable
from services.fax import tables, translate
from services.fax.keeping.audit import Act, Reading
from services.fax.keeping.finding import Finding
from services.fax.keeping.texts import FaxTexts
from services.fax.servicer import FaxServicer
from services.fax.use_cases import FaxUseCases
from tests.support.keeping import Cupboard, received


class Caller:
    """A call of Ann's."""

    def invocation_metadata(self) -> Any:
        """Return what the caller sent along."""
        return (("x-switchhook-actor", "ann"),)

    def peer(self) -> str:
        """Return where the call came from."""
        return "ipv4:127.0.0.1:4711"

    def peer_identities(self) -> Any:
        """Return no certificate's name."""
        return None


class Broken:
    """A log that cannot be written."""

    async def read(self, *call: Any, **about: Any) -> None:
        """Fail."""
        raise Unavailable("DATABASE_UNAVAILABLE", "the database went away")


ANN = cast("Any", Caller())


def servicer(kept: Cupboard, audit: Reading, *, records: bool = False) -> FaxServicer:
    """Return the service that reads faxes, with a log of its own."""
    faxes = FaxUseCases(kept.store, tables.outbox, translate.announcement)
    finding, watched = Finding(audit, audit_records=records), cast("Any", None)
    return FaxServicer(kept.opened, faxes, kept.store, kept.archive, finding, watched)


async def test_what_cannot_be_recorded_is_not_handed_out(kept: Cupboard) -> None:
    """Not even the first message leaves, and nothing is in the log."""
    await kept.keep(received("1"))
    pieces = servicer(kept, Broken()).GetFaxDocument(pb.GetFaxDocumentRequest(fax_id="1"), ANN)
    with pytest.raises(Unavailable):
        await anext(pieces)
    assert await kept.entries() == []


async def test_records_are_audited_when_that_is_asked_for(kept: Cupboard) -> None:
    """Reads of numbers and times are entries only with the setting."""
    await kept.keep(received("1"))
    for records in (False, True):
        desk = servicer(kept, kept.audit, records=records)
        await desk.GetFax(pb.GetFaxRequest(fax_id="1"), ANN)
        await desk.ListFaxes(pb.ListFaxesRequest(), ANN)
    assert [(each.act, each.fax_id, each.detail, each.actor) for each in await kept.entries()] == [
        (Act.RECORD_READ, "1", "", "ann"),
        (Act.RECORDS_LISTED, "", "1 on this page", "ann"),
    ]


async def test_a_search_of_texts_is_always_on_record(kept: Cupboard) -> None:
    """That somebody searched and how much was found is kept, the words are not."""
    await kept.keep(received("1"))
    desk, request = servicer(kept, kept.audit), pb.ListFaxesRequest(text="Diagnosis")
    with pytest.raises(NotYet):
        await desk.ListFaxes(request, ANN)
    async with kept.opened.transaction() as connection:
        await FaxTexts().put(connection, "1", ["the diagnosis is secret"])
    assert [fax.fax_id for fax in (await desk.ListFaxes(request, ANN)).faxes] == ["1"]
    assert not (await desk.ListFaxes(pb.ListFaxesRequest(text="nothing"), ANN)).faxes
    assert [(each.act, each.detail) for each in await kept.entries()] == [
        (Act.TEXT_SEARCHED, "1 on this page"),
        (Act.TEXT_SEARCHED, "0 on this page"),
    ]
