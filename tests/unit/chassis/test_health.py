import asyncio

from chassis.health import Health


async def test_without_probes_it_is_ready() -> None:
    """Nothing to ask means nothing is missing."""
    assert await Health().ready()


async def test_each_probe_is_named_in_the_answer() -> None:
    """Plain and asynchronous probes are asked, and one no makes the whole not ready."""
    health = Health()

    async def bus() -> bool:
        return False

    health.probe("database", lambda: True)
    health.probe("bus", bus)
    assert await health.check() == {"database": True, "bus": False}
    assert not await health.ready()


async def test_a_probe_that_fails_says_no() -> None:
    """An exception in a probe is a no, not a crash."""
    health = Health()

    def broken() -> bool:
        raise RuntimeError("canary")

    health.probe("broken", broken)
    assert await health.check() == {"broken": False}


async def test_a_probe_that_hangs_says_no() -> None:
    """A probe without an answer counts as no, and the others are still heard."""
    health = Health()
    health.probe("hanging", asyncio.Event().wait)
    health.probe("fine", lambda: True)
    assert await health.check() == {"hanging": False, "fine": True}


async def test_a_second_probe_of_a_name_replaces_the_first() -> None:
    """A reconnected dependency may bring its own probe."""
    health = Health()
    health.probe("bus", lambda: False)
    health.probe("bus", lambda: True)
    assert await health.ready()
