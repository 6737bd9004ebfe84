"""What becomes of a document, whatever its link does."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

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
from chassis.effects import Done, Effect, Failed, RetryLater
from chassis.objects import Objects, open_objects
from services.fax.fetching import DocumentFetcher
from services.fax.use_cases import FETCH, FaxUseCases

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
def documents(tmp_path: Path) -> Objects:
    """A store in a folder of the test's own."""
    return open_objects(str(tmp_path), "documents")


def fetcher(
    documents: Objects, table: Mapping[str, bytes | Exception], carrier: Carrier | None = None
) -> DocumentFetcher:
    """Return a fetcher whose use cases are not needed: nothing is settled here."""
    unused = cast("FaxUseCases", None)
    return DocumentFetcher(unused, documents, carrier or Carrier(), links(table), Clock())


def fetch_of(link: str) -> Effect:
    """Return the effect that fetches a link."""
    return Effect(effect_id="fax-document-1", kind=FETCH, body=link.encode(), entity_key="fax-1")


async def test_a_live_link_is_kept(documents: Objects) -> None:
    """The bytes behind the link are in the store under the outcome's reference."""
    outcome = await fetcher(documents, {OLD: PDF}).perform(fetch_of(OLD))
    assert isinstance(outcome, Done)
    assert b"".join([chunk async for chunk in documents.read(outcome.reference)]) == PDF


@pytest.mark.parametrize("link", [OLD, ""])
async def test_a_dead_or_missing_link_is_refreshed(documents: Objects, link: str) -> None:
    """The carrier is asked for a fresh link, and what lies behind that is kept."""
    carrier = Carrier()
    outcome = await fetcher(documents, {NEW: PDF}, carrier).perform(fetch_of(link))
    assert isinstance(outcome, Done)
    assert carrier.asked == ["POST /faxes/fax-1/actions/refresh", "GET /faxes/fax-1"]


async def test_a_fax_whose_fresh_link_is_dead_too_is_lost(documents: Objects) -> None:
    """When the carrier has answered and there is still nothing, nobody tries for ever."""
    outcome = await fetcher(documents, {}).perform(fetch_of(OLD))
    assert outcome == Failed("LINK_EXPIRED")


async def test_a_carrier_that_is_away_is_asked_again(documents: Objects) -> None:
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
    documents: Objects, fault: Exception, expected: Any
) -> None:
    """What can never work fails with its reason; what may work later is tried again."""
    assert await fetcher(documents, {OLD: fault}).perform(fetch_of(OLD)) == expected
