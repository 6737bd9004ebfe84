"""The inbox and the answers to repeated requests, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.errors import AlreadyDone, Contended
from tests.support.ledger import Ledger, ledger_database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Database]:
    """Open a database with the ledger's tables."""
    async with ledger_database(database_url) as database:
        yield database


async def test_new_ids_are_told_apart(opened: Database) -> None:
    """Ids are new once, repetitions within one question count once, and order does not matter."""
    inbox = Ledger().inbox
    async with opened.transaction() as connection:
        assert await inbox.unseen(connection, ["b", "a", "b"]) == {"a", "b"}
    async with opened.transaction() as connection:
        assert await inbox.unseen(connection, ["c", "a"]) == {"c"}
        assert await inbox.unseen(connection, []) == set()


async def test_record_falls_with_its_transaction(opened: Database) -> None:
    """An id recorded in a transaction that failed is new again."""
    inbox = Ledger().inbox
    with pytest.raises(ZeroDivisionError):
        await _record_and_fail(opened, "a")
    async with opened.transaction() as connection:
        assert await inbox.unseen(connection, ["a"]) == {"a"}


async def _record_and_fail(opened: Database, event_id: str) -> None:
    async with opened.transaction() as connection:
        await Ledger().inbox.unseen(connection, [event_id])
        raise ZeroDivisionError


async def test_forgotten_id_is_new_again(opened: Database) -> None:
    """An id that was taken out is new, and the others are not."""
    inbox = Ledger().inbox
    async with opened.transaction() as connection:
        await inbox.unseen(connection, ["a", "b"])
        await inbox.forget(connection, ["a"])
        assert await inbox.unseen(connection, ["a", "b"]) == {"a"}


async def test_same_event_has_one_handler(opened: Database) -> None:
    """Of many who ask for the same ids at the same time, one gets each."""
    inbox = Ledger().inbox
    ids = [f"event-{number}" for number in range(8)]

    async def take(start: int) -> set[str]:
        async with opened.transaction() as connection:
            return await inbox.unseen(connection, ids[start:] + ids[:start])

    taken = await asyncio.gather(*(take(start) for start in range(6)))
    assert sorted(event_id for part in taken for event_id in part) == ids


async def test_attempts_are_counted_per_event(opened: Database) -> None:
    """Attempts count up, survive, and start again once they are cleared."""
    inbox = Ledger().inbox
    async with opened.transaction() as connection:
        assert [await inbox.note_attempt(connection, "a") for _ in range(3)] == [1, 2, 3]
        assert await inbox.note_attempt(connection, "b") == 1
    async with opened.transaction() as connection:
        await inbox.clear_attempts(connection, ["a"])
        assert await inbox.note_attempt(connection, "a") == 1
        assert await inbox.note_attempt(connection, "b") == 2


async def test_old_ids_are_pruned(opened: Database) -> None:
    """Only what is older than the horizon goes."""
    clock = FixedClock(NOON)
    inbox = Ledger(clock).inbox
    async with opened.transaction() as connection:
        await inbox.unseen(connection, ["old"])
        await inbox.note_attempt(connection, "old")
        clock.advance(timedelta(days=2))
        await inbox.unseen(connection, ["young"])
        assert await inbox.prune(connection, NOON + timedelta(days=1)) == 1
        assert await inbox.unseen(connection, ["old", "young"]) == {"old"}
        assert await inbox.note_attempt(connection, "old") == 1


async def test_repeated_request_gets_its_first_answer(opened: Database) -> None:
    """The same request gets the recorded answer; the id alone, in another method, does not."""
    requests = Ledger().requests
    async with opened.transaction() as connection:
        assert await requests.replay(connection, "Send", "id", b"print") is None
        await requests.record(connection, "Send", "id", b"print", b"answer")
    async with opened.reading() as connection:
        assert await requests.replay(connection, "Send", "id", b"print") == b"answer"
        assert await requests.replay(connection, "Cancel", "id", b"print") is None


async def test_reused_request_id_is_refused(opened: Database) -> None:
    """Another request under a used id is told so."""
    requests = Ledger().requests
    async with opened.transaction() as connection:
        await requests.record(connection, "Send", "id", b"print", b"answer")
        with pytest.raises(AlreadyDone) as caught:
            await requests.replay(connection, "Send", "id", b"other")
    assert caught.value.reason == "IDEMPOTENCY_MISMATCH"


async def test_concurrent_request_is_contended(opened: Database) -> None:
    """Of two that record the same request, the second is told to try again."""
    requests = Ledger().requests
    async with opened.transaction() as connection:
        await requests.record(connection, "Send", "id", b"print", b"answer")
    with pytest.raises(Contended):
        async with opened.transaction() as connection:
            await requests.record(connection, "Send", "id", b"print", b"answer")


async def test_answers_are_pruned_by_the_way(opened: Database) -> None:
    """Recording requests lets go of answers that nobody can still ask for."""
    clock = FixedClock(NOON)
    requests = Ledger(clock).requests
    async with opened.transaction() as connection:
        await requests.record(connection, "Send", "old", b"", b"")
        clock.advance(timedelta(days=8))
        for number in range(500):
            await requests.record(connection, "Send", str(number), b"", b"")
        assert await requests.replay(connection, "Send", "old", b"") is None
        assert await requests.replay(connection, "Send", "0", b"") == b""


async def test_old_answers_are_pruned(opened: Database) -> None:
    """Answers older than the horizon go, and their requests are new again."""
    clock = FixedClock(NOON)
    requests = Ledger(clock).requests
    async with opened.transaction() as connection:
        await requests.record(connection, "Send", "id", b"print", b"answer")
        assert await requests.prune(connection, NOON) == 0
        assert await requests.prune(connection, NOON + timedelta(seconds=1)) == 1
        assert await requests.replay(connection, "Send", "id", b"print") is None


async def test_a_request_that_comes_twice_is_carried_out_once(opened: Database) -> None:
    """The second gets the first one's answer; another request under its id is refused."""
    requests, done = Ledger().requests, list[str]()

    async def act() -> bytes:
        done.append("done")
        return b"answer"

    for _ in range(2):
        async with opened.transaction() as connection:
            assert await requests.once(connection, "Send", "id", b"asked", act) == b"answer"
    assert done == ["done"]
    async with opened.transaction() as connection:
        with pytest.raises(AlreadyDone):
            await requests.once(connection, "Send", "id", b"something else", act)
