"""Child processes that never outlive the test run, not even when it is killed with -9."""

import ctypes
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


_LIBC = _libc()


def die_with_parent() -> Callable[[], None] | None:
    """Return a `preexec_fn` that has the kernel kill the child with its parent (Linux).

    The signal follows the thread that starts the child: call Popen from the main thread.
    """
    if _LIBC is None:
        return None
    libc = _LIBC

    def before_exec() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return before_exec
