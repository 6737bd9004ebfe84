"""What becomes of a document, whatever its link does."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from carrier.commands import Request
from carrier.magic import MediaKind
from carrier.media import (
    Fetched,
    MediaGone,
    MediaRefusal,
    MediaRefused,
    MediaTooLarge,
    MediaUnavailable,
    WhyUnavailable,
)
from carrier.outcomes import Accepted, NotSent, Outcome, WhyNotSent
from chassis.archive import Archive
from chassis.effects import Done, Effect, Failed, RetryLater
from chassis.metrics import Metrics
from chassis.objects import open_objects
from services.fax.fetching import DocumentFetcher
from services.fax.keeping.arrivals import Arrivals
from services.fax.use_cases import FETCH, FaxUseCases
from tests.support.ledger import Ledger, ledger_database

PDF = b"%PDF-1.7 two pages"
OLD, NEW = "https://media.example.com/old", "https://media.example.com/new"


class Clock:
    """Stands still."""

    def now(self) -> datetime:
        """Return the one instant there is."""
        return datetime(2026, 11, 21, tzinfo=UTC)


class Carrier:
    """Gives a fresh link, or cannot be reached."""

    def __init__(self, link: str | None = NEW, *, away: bool = False) -> None:
        self._link = link
        self._away = away
        self.asked: list[str] = []

    async def perform(self, request: Request, *, deadline: float = 5.0) -> Outcome:
        """Answer a refresh and a read."""
        self.asked.append(f"{request.method} {request.path}")
        if self._away:
            return NotSent(WhyNotSent.NOT_CONNECTED)
        return Accepted(200, {"data": {"media_url": self._link}})


def links(table: Mapping[str, bytes | Exception]) -> Callable[..., Awaitable[Fetched]]:
    """Return a download that finds these things behind these links."""

    async def fetch(url: str, sink: Callable[[bytes], Awaitable[None]]) -> Fetched:
        found = table.get(url, MediaGone(404))
        if isinstance(found, Exception):
            raise found
        await sink(found)
        return Fetched(len(found), "", MediaKind.PDF, "")

    return fetch


@pytest.fixture
async def documents(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Archive]:
    """An archive in a folder of the test's own."""
    ledger = Ledger()
    async with ledger_database(sqlite_database_url) as opened:
        objects = open_objects(str(tmp_path / "objects"), "documents")
        yield Archive(opened, objects, ledger.contents)


def fetcher(
    documents: Archive, table: Mapping[str, bytes | Exception], carrier: Carrier | None = None
) -> DocumentFetcher:
    """Return a fetcher whose use cases are not needed: nothing is settled here."""
    unused, clock = cast("FaxUseCases", None), Clock()
    arrivals = Arrivals(Metrics(), clock)
    return DocumentFetcher(unused, documents, carrier or Carrier(), links(table), clock, arrivals)


def fetch_of(link: str, age: timedelta | None = None) -> Effect:
    """Return the effect that fetches a link announced so long ago; without an age, an old one."""
    body = link.encode()
    if age is not None:
        body = orjson.dumps({"url": link, "announce_time": Clock().now() - age})
    return Effect(effect_id="fax-document-1", kind=FETCH, body=body, entity_key="fax-1")


async def test_a_live_link_is_kept(documents: Archive) -> None:
    """The bytes behind the link are in the store under the outcome's reference."""
    outcome = await fetcher(documents, {OLD: PDF}).perform(fetch_of(OLD))
    assert isinstance(outcome, Done)
    assert b"".join([chunk async for chunk in documents.read(outcome.reference)]) == PDF


@pytest.mark.parametrize("link", [OLD, ""])
async def test_a_dead_or_missing_link_is_refreshed(documents: Archive, link: str) -> None:
    """The carrier is asked for a fresh link, and what lies behind that is kept."""
    carrier = Carrier()
    outcome = await fetcher(documents, {NEW: PDF}, carrier).perform(fetch_of(link))
    assert isinstance(outcome, Done)
    assert carrier.asked == ["POST /faxes/fax-1/actions/refresh", "GET /faxes/fax-1"]


async def test_a_fax_whose_fresh_link_is_dead_too_is_lost(documents: Archive) -> None:
    """When the carrier has answered and there is still nothing, nobody tries for ever."""
    outcome = await fetcher(documents, {}).perform(fetch_of(OLD))
    assert outcome == Failed("LINK_EXPIRED")


async def test_a_young_fax_is_given_time(documents: Archive) -> None:
    """Minutes after the announcement the carrier may be late itself, so nothing is lost yet."""
    young = fetch_of(OLD, timedelta(minutes=1))
    assert await fetcher(documents, {}).perform(young) == RetryLater(15.0, "LINK_EXPIRED")
    assert await fetcher(documents, {}).perform(fetch_of(OLD, timedelta(hours=1))) == Failed(
        "LINK_EXPIRED"
    )


async def test_an_old_link_is_not_tried_before_a_fresh_one(documents: Archive) -> None:
    """A link past its life is dead, or somebody else's: a fresh one is asked for first."""
    table = {OLD: b"%PDF-1.7 old", NEW: PDF}
    outcome = await fetcher(documents, table).perform(fetch_of(OLD, timedelta(minutes=6)))
    assert isinstance(outcome, Done)
    assert b"".join([chunk async for chunk in documents.read(outcome.reference)]) == PDF


async def test_an_old_link_is_better_than_none(documents: Archive) -> None:
    """When the carrier gives no fresh link, the old one may live longer than promised."""
    late = fetch_of(OLD, timedelta(hours=1))
    outcome = await fetcher(documents, {OLD: PDF}, Carrier(away=True)).perform(late)
    assert isinstance(outcome, Done)


async def test_what_is_kept_belongs_to_the_fax(documents: Archive) -> None:
    """The document is the fax's, and goes when the fax lets go of it."""
    outcome = await fetcher(documents, {OLD: PDF}).perform(fetch_of(OLD))
    assert isinstance(outcome, Done)
    async with documents.database.transaction() as connection:
        assert await documents.release(connection, "fax:fax-1") == [outcome.reference]


async def test_content_that_is_being_erased_is_fetched_again(documents: Archive) -> None:
    """The same bytes cannot be kept while they go, so the fetch waits for a moment."""
    await fetcher(documents, {OLD: PDF}).perform(fetch_of(OLD))
    async with documents.database.transaction() as connection:
        await documents.release(connection, "fax:fax-1")
    outcome = await fetcher(documents, {OLD: PDF}).perform(fetch_of(OLD))
    assert outcome == RetryLater(1.0, "CONTENT_BEING_ERASED")


async def test_a_carrier_that_is_away_is_asked_again(documents: Archive) -> None:
    """A dead link and no answer say nothing about the document."""
    outcome = await fetcher(documents, {}, Carrier(away=True)).perform(fetch_of(OLD))
    assert isinstance(outcome, RetryLater)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (MediaTooLarge(1), Failed("TOO_LARGE")),
        (MediaRefused(MediaRefusal.KIND), Failed("NOT_A_FAX_DOCUMENT")),
        (MediaRefused(MediaRefusal.ADDRESS), Failed("ADDRESS")),
        (MediaUnavailable(WhyUnavailable.TOO_SLOW, 7.0), RetryLater(7.0, "TOO_SLOW")),
    ],
)
async def test_every_fault_has_its_outcome(
    documents: Archive, fault: Exception, expected: Any
) -> None:
    """What can never work fails with its reason; what may work later is tried again."""
    assert await fetcher(documents, {OLD: fault}).perform(fetch_of(OLD)) == expected
