"""The spool on a real file."""

import asyncio
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.errors import Unavailable
from chassis.messages import Outgoing
from services.gateway.spool import Spool, SpoolError, opened

MEBIBYTE = 1024 * 1024


def message(number: int, size: int = 100) -> Outgoing:
    """Make a message that tells its number."""
    return Outgoing("events.v1.telnyx.x", b"%d:" % number + b"x" * size, message_id=f"id-{number}")


async def contents(spool: Spool) -> list[Outgoing]:
    """Return everything in the spool, in order."""
    return [each.message for each in await spool.oldest(100_000)]


async def fill(spool: Spool) -> tuple[int, Unavailable]:
    """Append until the spool refuses; return how many it took and the refusal."""
    for number in range(10_000):
        try:
            await spool.append(message(number, size=4000))
        except Unavailable as refusal:
            return number, refusal
    raise AssertionError("the spool has no bound")


async def test_messages_come_out_as_they_went_in(tmp_path: Path) -> None:
    """Subject, payload, id and order survive closing and opening the spool."""
    async with opened(tmp_path / "spool.db", max_bytes=MEBIBYTE) as spool:
        for number in range(20):
            await spool.append(message(number))
    async with opened(tmp_path / "spool.db", max_bytes=MEBIBYTE) as spool:
        assert spool.count == 20
        assert await contents(spool) == [message(number) for number in range(20)]


async def test_an_id_is_kept_once(tmp_path: Path) -> None:
    """A message that is there already changes nothing, however many times it comes."""
    async with opened(tmp_path / "spool.db", max_bytes=MEBIBYTE) as spool:
        await asyncio.gather(*(spool.append(message(1)) for _ in range(50)))
        await spool.append(message(1))
        assert spool.count == 1


async def test_removed_messages_are_gone_for_good(tmp_path: Path) -> None:
    """What was removed does not come back, and the rest keeps its order."""
    async with opened(tmp_path / "spool.db", max_bytes=MEBIBYTE) as spool:
        for number in range(5):
            await spool.append(message(number))
        oldest = await spool.oldest(3)
        await spool.remove([oldest[0].position, oldest[2].position])
        assert await contents(spool) == [message(1), message(3), message(4)]
    async with opened(tmp_path / "spool.db", max_bytes=MEBIBYTE) as spool:
        assert spool.count == 3


async def test_filled_waits_for_the_first_message(tmp_path: Path) -> None:
    """Whoever waits for messages wakes with the first one and sleeps again after the last."""
    async with opened(tmp_path / "spool.db", max_bytes=MEBIBYTE) as spool:
        waiter = asyncio.create_task(spool.filled())
        await asyncio.sleep(0)
        assert not waiter.done()
        await spool.append(message(1))
        await waiter
        await spool.remove([each.position for each in await spool.oldest(10)])
        again = asyncio.create_task(spool.filled())
        await asyncio.sleep(0)
        assert not again.done()
        again.cancel()


async def test_a_full_spool_refuses_and_takes_again_after_removal(tmp_path: Path) -> None:
    """The bound holds, a refusal loses nothing that was taken, and room can be had again."""
    async with opened(tmp_path / "spool.db", max_bytes=MEBIBYTE // 4) as spool:
        taken, refusal = await fill(spool)
        assert refusal.reason == "SPOOL_UNAVAILABLE"
        assert refusal.retry_after
        assert taken > 10
        assert spool.room < 0.1
        assert await contents(spool) == [message(number, size=4000) for number in range(taken)]
        await spool.remove([each.position for each in await spool.oldest(taken // 2)])
        assert spool.room > 0.3
        await spool.append(message(taken, size=4000))
    assert (tmp_path / "spool.db").stat().st_size <= MEBIBYTE // 4


async def test_nobody_else_can_read_the_file(tmp_path: Path) -> None:
    """The spool holds what people wrote, so its file is its owner's alone."""
    async with opened(tmp_path / "inner" / "spool.db", max_bytes=MEBIBYTE):
        assert (tmp_path / "inner").stat().st_mode & 0o077 == 0
        assert (tmp_path / "inner" / "spool.db").stat().st_mode & 0o077 == 0


async def test_removed_contents_leave_no_trace_in_the_file(tmp_path: Path) -> None:
    """A text that went on to the stream cannot be found in the spool's file afterwards."""
    path = tmp_path / "spool.db"
    secret = b"meet me at the usual place"
    async with opened(path, max_bytes=MEBIBYTE) as spool:
        await spool.append(Outgoing("s", secret * 100, message_id="a"))
        await spool.remove([each.position for each in await spool.oldest(1)])
    assert secret not in path.read_bytes()


async def test_a_second_owner_is_refused(tmp_path: Path) -> None:
    """Two gateways cannot share one spool: the second fails to open it and says which file."""
    path = tmp_path / "spool.db"
    async with opened(path, max_bytes=MEBIBYTE) as spool:
        with pytest.raises(SpoolError, match=r"spool\.db"):
            await Spool(path, max_bytes=MEBIBYTE).open()
        await spool.append(message(1))


async def test_a_file_that_is_no_spool_is_refused(tmp_path: Path) -> None:
    """A foreign file is named and left as it is."""
    path = tmp_path / "spool.db"
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(SpoolError, match=r"spool\.db"):
        await Spool(path, max_bytes=MEBIBYTE).open()
    assert path.read_bytes() == b"this is not a database" * 100


async def _appended(folder: Path, sizes: list[int]) -> list[int]:
    """Append one message of each size and return the log's length after each commit.

    Leaves in `folder` what a crash would leave: the files as they are while the spool is open.
    """
    live = folder / "live"
    lengths = []
    async with opened(live / "spool.db", max_bytes=8 * MEBIBYTE) as spool:
        for number, size in enumerate(sizes):
            await spool.append(message(number, size))
            lengths.append((live / "spool.db-wal").stat().st_size)
        shutil.copytree(live, folder / "crashed")
    return lengths


@given(
    sizes=st.lists(st.integers(0, 9000), min_size=1, max_size=8),
    tear=st.floats(0, 1),
    flip=st.none() | st.integers(1, 255),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_torn_log_keeps_everything_before_the_tear(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], tear: float, flip: int | None
) -> None:
    """Cut or garbled at any byte, the log yields an exact prefix: all commits before that byte."""
    folder = tmp_path_factory.mktemp("torn")

    async def check() -> None:
        lengths = await _appended(folder, sizes)
        log = folder / "crashed" / "spool.db-wal"
        written = bytearray(log.read_bytes())
        at = int(tear * (len(written) - 1))
        if flip is None:
            log.write_bytes(written[:at])
        else:
            written[at] ^= flip
            log.write_bytes(written)
        whole = sum(length <= at for length in lengths)
        async with opened(folder / "crashed" / "spool.db", max_bytes=8 * MEBIBYTE) as spool:
            found = await contents(spool)
            assert found == [message(n, size) for n, size in enumerate(sizes)][: len(found)]
            assert len(found) >= whole
            await spool.append(message(1000))  # and it goes on working
            assert (await contents(spool))[-1] == message(1000)

    asyncio.run(check())
    shutil.rmtree(folder)
