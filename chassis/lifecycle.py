"""Starting, supervising and stopping a process.

Everything long-lived is an asynchronous context manager. `run` enters the outermost one and waits
for a signal; leaving it unwinds everything in reverse order. A loop that runs beside its users is
put into `background`, which takes its host down when the loop ends by itself: better a process
that is restarted than one that looks healthy and does nothing.

    @asynccontextmanager
    async def consuming(...) -> AsyncIterator[None]:
        loop = Loop(...)
        async with background(loop.run(), name="consumer", stop=loop.stop):
            yield
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from chassis import logs
from chassis.settings import SettingsError

_log = logs.get_logger(__name__)
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class BackgroundEnded(Exception):  # noqa: N818 - it may have ended without an error
    """A supervised loop ended although nobody asked it to; its error, if any, is the cause."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} ended by itself")
        self.name = name


@asynccontextmanager
async def background(
    work: Coroutine[Any, Any, object],
    *,
    name: str,
    stop: Callable[[], None] | None = None,
    grace: float = 10.0,
) -> AsyncIterator[None]:
    """Run `work` beside the block; raise BackgroundEnded out of the block if it ends by itself.

    On leaving, `stop` asks the work to finish what it has in hand within `grace` seconds; without
    `stop`, and past that time, it is cancelled. An error while it stops is raised.
    """
    host = asyncio.current_task()
    assert host is not None  # noqa: S101 - a coroutine always runs in a task
    task = asyncio.create_task(work, name=name)
    watch = _Watch(host)
    task.add_done_callback(watch.ended)
    try:
        try:
            yield
        finally:
            await watch.settle()
    except asyncio.CancelledError:
        if not (watch.died and host.uncancel() == 0):
            raise
        raise BackgroundEnded(name) from _error(task)
    finally:
        watch.left = True
        await _finish(task, stop, grace)
    if (error := _error(task)) is not None:
        raise error


class _Watch:
    """Cancels the host when the task ends before the block is left."""

    def __init__(self, host: asyncio.Task[Any]) -> None:
        self._host = host
        self.left = False
        self.died = False

    def ended(self, _task: asyncio.Task[Any]) -> None:
        if not self.left:
            self.died = True
            self._host.cancel()

    async def settle(self) -> None:
        """Receive the cancellation here if it is on its way when the block ends."""
        if self.died:
            await asyncio.sleep(0)


async def _finish(task: asyncio.Task[Any], stop: Callable[[], None] | None, grace: float) -> None:
    if stop is not None and not task.done():
        stop()
        await asyncio.wait([task], timeout=grace)
    if not task.done():
        task.cancel()
        await asyncio.wait([task])


def _error(task: asyncio.Task[Any]) -> BaseException | None:
    return None if not task.done() or task.cancelled() else task.exception()


def run(running: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
    """Enter `running()` and stay in it until SIGTERM or SIGINT; then leave the process.

    Exit status 0 after a signal, 1 when something failed or ended by itself, 2 when the settings
    cannot be used. A second signal no longer waits for good order.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        status = runner.run(_supervise(running))
    sys.exit(status)


async def _supervise(running: Callable[[], AbstractAsyncContextManager[Any]]) -> int:
    signals = _Signals()
    try:
        with signals:
            async with running():
                _log.info("process.started")
                await signals.wait()
    except asyncio.CancelledError:
        if not signals.received:
            raise
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except Exception as error:
        _log.critical("process.failed", exc_info=True, detail=_detail(error, signals.started))
        return 1
    _log.info("process.stopped", signal=signals.received)
    return 0


def _detail(error: Exception, started: bool) -> str | None:
    """Return the text that may show: our own, or any while a process has seen nobody's data."""
    return str(error) if isinstance(error, BackgroundEnded) or not started else None


class _Signals:
    """Turns the first signal into an event, or into a cancellation while things still start."""

    def __init__(self) -> None:
        self.received = ""
        self._event = asyncio.Event()
        self.started = False
        self._host = asyncio.current_task()
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> None:
        for number in _SIGNALS:
            self._loop.add_signal_handler(number, self._receive, number)

    def __exit__(self, *_: object) -> None:
        for number in _SIGNALS:
            self._loop.remove_signal_handler(number)

    async def wait(self) -> None:
        self.started = True
        await self._event.wait()

    def _receive(self, number: signal.Signals) -> None:
        self.received = number.name
        _log.info("process.stopping", signal=number.name)
        self.__exit__()
        self._event.set()
        if self._host is not None and not self.started:
            self._host.cancel()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory, or None for asyncio's own loop where uvloop is not installed."""
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop
    return None
